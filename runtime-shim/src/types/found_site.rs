//! Sites that are found while the program runs.
//!
//! | site | role | place |
//! | --- | --- | --- |
//! | a call of which the source does not show the task | the type of the task | that of the call |
//! | a call in a function with `#[track_caller]` | as above, or that of the call | that of the caller |
//! | a [`scope`](crate::scope) | the type of the future, or the role that the program sets | that of the scope |
//!
//! Each is made once and stays for ever. Their number is bounded: beyond [`MAX_FOUND`] no site is made. A search takes no
//! lock, because spawns search.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};

use super::kind::Kind;
use super::site::Site;
use super::type_role::role_of_type;

/// Places of the table.
const ENTRIES: usize = 2048;
/// Maximum number of sites. The table is never full, so a search ends.
const MAX_FOUND: usize = ENTRIES * 3 / 4;

/// The key of a site. Two equal texts may be at different addresses, which are then two keys of one site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The site in the source that the found one refines. `None` for a scope.
    pub(crate) base: Option<&'static Site>,
    /// The name of the type of the task, or a role. Empty if it does not matter.
    pub(crate) name: &'static str,
    /// `true` if the name is a role.
    pub(crate) is_role: bool,
    /// The place, if it is not that of the site.
    pub(crate) place: Option<&'static Location<'static>>,
    /// The kind of the task.
    pub(crate) kind: Kind,
}

/// A found site and its key. It is never changed, and stays for ever.
#[derive(Debug)]
pub(crate) struct Entry {
    key: Key,
    site: &'static Site,
}

static TABLE: [AtomicPtr<Entry>; ENTRIES] = [const { AtomicPtr::new(ptr::null_mut()) }; ENTRIES];
static FOUND: AtomicUsize = AtomicUsize::new(0);

/// How often a site replaces the entry that it keeps. Then it keeps the last one, because threads that spawn tasks of several
/// types at one site would else write the same memory all the time.
const MAX_REPLACED: u8 = 64;

/// The entry that was found last for a site, at which most spawns see tasks of one type. It spares them the search.
#[derive(Debug)]
pub(crate) struct LastFound {
    entry: AtomicPtr<Entry>,
    replaced: AtomicU8,
}

impl LastFound {
    pub(crate) const fn nothing() -> Self {
        LastFound {
            entry: AtomicPtr::new(ptr::null_mut()),
            replaced: AtomicU8::new(0),
        }
    }

    /// Returns the site of the key, whose base has this.
    #[inline]
    fn get(&self, key: &Key) -> Option<&'static Site> {
        let last = entry(&self.entry)?;
        last.key.is_same_at_base(key).then_some(last.site)
    }

    fn set(&self, found: &'static Entry) {
        let replaced = self.replaced.load(Ordering::Relaxed);
        if replaced < MAX_REPLACED {
            // Threads that do this at the same time count once, which is harmless.
            self.replaced.store(replaced + 1, Ordering::Relaxed);
            let found = ptr::from_ref(found).cast_mut();
            self.entry.store(found, Ordering::Release);
        }
    }
}

/// Returns the site of this key, or `None` if there are too many, or if nothing is to be said.
#[inline]
pub(crate) fn find(key: Key) -> Option<&'static Site> {
    let last = key.base.and_then(|base| base.counts.last_found.get(&key));
    last.or_else(|| search(key))
}

#[inline(never)]
fn search(key: Key) -> Option<&'static Site> {
    let start = key.hash();
    for probe in 0..ENTRIES {
        let place = &TABLE[(start + probe) % ENTRIES];
        let found = match entry(place) {
            Some(entry) if entry.key.is_same(&key) => entry,
            Some(_) => continue,
            None => insert(key, start + probe)?,
        };
        if let Some(base) = key.base {
            base.counts.last_found.set(found);
        }
        return Some(found.site);
    }
    None
}

#[inline]
fn entry(place: &AtomicPtr<Entry>) -> Option<&'static Entry> {
    // SAFETY: an entry is leaked before its address is published by a `Release` operation, and never changed.
    unsafe { place.load(Ordering::Acquire).as_ref() }
}

#[cold]
fn insert(key: Key, mut at: usize) -> Option<&'static Entry> {
    if FOUND.fetch_add(1, Ordering::Relaxed) >= MAX_FOUND {
        FOUND.fetch_sub(1, Ordering::Relaxed);
        return None;
    }
    let known = TABLE.iter().filter_map(entry);
    let mut alike = known.filter(|entry| entry.key.is_alike(&key));
    let site = alike.next().map_or_else(|| key.make(), |entry| entry.site);
    let new = Box::into_raw(Box::new(Entry { key, site }));
    loop {
        let place = &TABLE[at % ENTRIES];
        let free = ptr::null_mut();
        match place.compare_exchange(free, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: as in `entry`. The entry is published now.
            Ok(_) => return Some(unsafe { &*new }),
            Err(taken) => {
                // SAFETY: as in `entry`. The place is taken, so the address is one of an entry.
                let taken = unsafe { &*taken };
                if taken.key.is_alike(&key) {
                    // SAFETY: made by `Box::into_raw` above, and not published.
                    drop(unsafe { Box::from_raw(new) });
                    FOUND.fetch_sub(1, Ordering::Relaxed);
                    return Some(taken);
                }
                // There is a free place, because `FOUND` bounds the entries.
                at += 1;
            }
        }
    }
}

impl Key {
    fn hash(&self) -> usize {
        let base = self.base.map_or(0, |site| ptr::from_ref(site).addr());
        let place = self.place.map_or(0, |place| ptr::from_ref(place).addr());
        let mixed = base ^ self.name.as_ptr().addr().rotate_left(21) ^ place.rotate_left(42);
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> (usize::BITS - 16)
    }

    #[inline]
    fn is_same(&self, other: &Key) -> bool {
        self.has_base_of(other) && self.is_same_at_base(other)
    }

    /// As [`Key::is_same`], of two keys that have the same base.
    #[inline]
    fn is_same_at_base(&self, other: &Key) -> bool {
        let same_place = match (self.place, other.place) {
            (Some(one), Some(other)) => ptr::eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same_place
            && ptr::eq(self.name, other.name)
            && (self.is_role, self.kind) == (other.is_role, other.kind)
    }

    fn is_alike(&self, other: &Key) -> bool {
        self.has_base_of(other)
            && (self.name, self.place) == (other.name, other.place)
            && (self.is_role, self.kind) == (other.is_role, other.kind)
    }

    #[inline]
    fn has_base_of(&self, other: &Key) -> bool {
        match (self.base, other.base) {
            (Some(one), Some(other)) => ptr::eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    fn make(&self) -> &'static Site {
        let role = match self.is_role {
            true => Some(self.name.to_owned()),
            false => role_of_type(self.name, self.kind),
        };
        let role = role.map(|role| &*Box::leak(role.into_boxed_str()));
        let (file, line, column) = match (self.place, self.base) {
            (Some(place), _) => (place.file(), place.line(), place.column()),
            (None, Some(base)) => (base.file, base.line, base.column),
            (None, None) => ("", 0, 0),
        };
        let site = match self.base {
            Some(base) => Site {
                kind: base.kind,
                fallible: base.fallible,
                ..Site::copied(
                    [
                        file,
                        base.module,
                        base.function,
                        base.callee,
                        role.unwrap_or(base.role),
                    ],
                    [line, column],
                    base.kind,
                    base.certain,
                )
            },
            None => {
                let texts = [file, "", "", "birthmark::scope", role.unwrap_or("scope")];
                Site::copied(texts, [line, column], self.kind, true)
            }
        };
        let site = Box::leak(Box::new(site));
        if let Some(base) = self.base {
            site.counts.count_at(base);
        }
        site
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &'static str, place: Option<&'static Location<'static>>) -> Key {
        static BASE: Site = Site {
            file: "src/rt.rs",
            line: 3,
            ..Site::synthetic("spawn::{task}", Kind::Unknown)
        };
        Key {
            base: Some(&BASE),
            name,
            is_role: false,
            place,
            kind: Kind::Future,
        }
    }

    #[test]
    fn site_of_a_type_is_made_once_and_has_its_role() {
        let site = find(key("app::publish::{{closure}}", None)).expect("there is room");
        assert_eq!(
            (site.role(), site.file(), site.line()),
            ("publish", "src/rt.rs", 3)
        );
        let copy: &'static str = Box::leak("app::publish::{{closure}}".to_owned().into_boxed_str());
        let again = find(key(copy, None)).expect("there is room");
        assert!(ptr::eq(site, again), "equal texts at two addresses");
        let other = find(key("app::fetch::{{closure}}", None)).expect("there is room");
        assert!(!ptr::eq(site, other));
    }

    #[test]
    fn types_of_one_site_have_their_sites_in_any_order() {
        static BASE: Site = Site::synthetic("spawn::{task}", Kind::Unknown);
        let of = |name| {
            let base = Some(&BASE);
            let site = find(Key {
                base,
                ..key(name, None)
            });
            site.expect("there is room").role()
        };
        for _ in 0..2 * u32::from(MAX_REPLACED) {
            assert_eq!(of("app::first::{{closure}}"), "first");
            assert_eq!(of("app::second::{{closure}}"), "second");
        }
    }

    #[test]
    fn type_that_says_nothing_keeps_the_role_of_the_source() {
        let site = find(key("fn()", None)).expect("there is room");
        assert_eq!(site.role(), "spawn::{task}");
    }

    #[test]
    fn place_of_the_caller_takes_that_of_the_source() {
        let here = Location::caller();
        let site = find(key("", Some(here))).expect("there is room");
        assert_eq!((site.file(), site.line()), (here.file(), here.line()));
    }

    #[test]
    fn threads_that_search_at_the_same_time_find_one_site() {
        let names: Vec<&'static str> = (0..50)
            .map(|number| &*Box::leak(format!("app::f{number}").into_boxed_str()))
            .collect();
        let all: Vec<Vec<&Site>> = std::thread::scope(|scope| {
            let find_all = || {
                names
                    .iter()
                    .filter_map(|&name| find(key(name, None)))
                    .collect()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(find_all)).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|sites| sites.expect("no panic")).collect()
        });
        for sites in &all {
            assert_eq!(sites.len(), names.len());
            let roles = sites.iter().map(|site| site.role());
            assert!(roles.eq(names.iter().map(|name| &name["app::".len()..])));
        }
    }
}
