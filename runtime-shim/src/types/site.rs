//! Spawn sites: what is known of a spawn at compile time.

use std::fmt;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicU8, AtomicUsize, Ordering};
use std::sync::OnceLock;

use crate::types::found_site::LastFound;
use crate::types::kind::{kind_of_result, Kind};
use crate::types::source_path::from_package;

/// One spawn call in the source.
///
/// Sites are statics that are registered before `main` runs. `sites` lists the sites of every crate
/// that is linked into the program, including functions that are never called.
// Generated code writes its fields down: a `const fn` would be interpreted for each site, which costs the compiler
// more than all else about a table.
#[derive(Debug)]
pub struct Site {
    #[doc(hidden)]
    pub file: &'static str,
    #[doc(hidden)]
    pub line: u32,
    #[doc(hidden)]
    pub column: u32,
    #[doc(hidden)]
    pub module: &'static str,
    #[doc(hidden)]
    pub function: &'static str,
    #[doc(hidden)]
    pub callee: &'static str,
    #[doc(hidden)]
    pub role: &'static str,
    #[doc(hidden)]
    pub kind: Kind,
    /// `true` if the callee returns an `io::Result`.
    #[doc(hidden)]
    pub fallible: bool,
    /// `true` if the call is known to be a spawn before a task came of it.
    #[doc(hidden)]
    pub certain: bool,
    #[doc(hidden)]
    pub counts: Counts,
}

/// Counters of one site. Completions are the common case, and each thread counts them on its own.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Counts {
    /// The number of the site, by which threads count.
    pub(crate) index: AtomicU32,
    #[doc(hidden)]
    pub completed: AtomicU64,
    #[doc(hidden)]
    pub panicked: AtomicU64,
    #[doc(hidden)]
    pub cancelled: AtomicU64,
    #[doc(hidden)]
    pub refused: AtomicU64,
    /// Spawns while birthmark was off.
    #[doc(hidden)]
    pub untracked: AtomicU64,
    /// Arguments that were of no known kind of task, and so got no record.
    #[doc(hidden)]
    pub passed_through: AtomicU64,
    /// Kind of the site's tasks as it was found, where the source does not show it.
    #[doc(hidden)]
    pub seen: AtomicU8,
    /// The list of hooks for which it was decided whether any sees tasks of this site, and in the lowest bit the decision. The
    /// number of the list is 0 if nothing was decided.
    pub(crate) watched: AtomicU32,
    /// Number of segments of the module that tell the role from those of other modules. [`qualify`] writes it.
    pub(crate) qualifier: AtomicU8,
    /// The counters of the site in the source, if this one was found while the program runs.
    shared: AtomicPtr<Counts>,
    pub(crate) last_found: LastFound,
}

/// Set in [`Counts::seen`] once the type of a result was looked at.
const LOOKED_AT: u8 = 0x80;

/// A site that has no index: one of ours, or of a library that was loaded after the start.
pub(crate) const NO_INDEX: u32 = 0;

impl Counts {
    /// Not public API. Used by generated code.
    #[doc(hidden)]
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static is to have its own"
    )]
    pub const NONE: Counts = Counts {
        index: AtomicU32::new(NO_INDEX),
        completed: AtomicU64::new(0),
        panicked: AtomicU64::new(0),
        cancelled: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        untracked: AtomicU64::new(0),
        passed_through: AtomicU64::new(0),
        seen: AtomicU8::new(Kind::Unknown as u8),
        watched: AtomicU32::new(0),
        qualifier: AtomicU8::new(0),
        shared: AtomicPtr::new(core::ptr::null_mut()),
        last_found: LastFound::nothing(),
    };

    /// Has the tasks of a found site counted at the site in the source.
    pub(crate) fn count_at(&self, base: &'static Site) {
        let index = base.counts.index.load(Ordering::Relaxed);
        self.index.store(index, Ordering::Relaxed);
        let shared = core::ptr::from_ref(base.counts()).cast_mut();
        self.shared.store(shared, Ordering::Release);
    }
}

impl Site {
    /// A place that is no call in the source.
    pub(crate) const fn synthetic(role: &'static str, kind: Kind) -> Self {
        Site {
            file: "",
            line: 0,
            column: 0,
            module: "",
            function: "",
            callee: "",
            role,
            kind,
            fallible: false,
            certain: true,
            counts: Counts::NONE,
        }
    }

    /// Returns a copy of a site in another memory. Its counts are zero.
    #[doc(hidden)]
    pub fn copied(texts: [&'static str; 5], place: [u32; 2], kind: Kind, certain: bool) -> Self {
        let [file, module, function, callee, role] = texts;
        let [line, column] = place;
        Site {
            file,
            line,
            column,
            module,
            function,
            callee,
            role,
            kind,
            fallible: false,
            certain,
            counts: Counts::NONE,
        }
    }

    /// Returns another site of the same call, which stays for ever. Its tasks are counted at this one.
    #[doc(hidden)]
    pub fn variant(&'static self) -> &'static Site {
        let texts = [
            self.file,
            self.module,
            self.function,
            self.callee,
            self.role,
        ];
        let mut site = Site::copied(texts, [self.line, self.column], self.kind, self.certain);
        site.fallible = self.fallible;
        let qualifier = self.counts.qualifier.load(Ordering::Relaxed);
        site.counts.qualifier = AtomicU8::new(qualifier);
        site.counts.count_at(self);
        Box::leak(Box::new(site))
    }

    /// Returns `true` if both are the same call in the source. One may have been found while the program runs.
    pub(crate) fn is_same_call(&self, other: &Site) -> bool {
        core::ptr::eq(self.counts(), other.counts())
    }

    /// Returns the file, as the compiler names it in panics.
    #[inline]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line, counted from 1.
    #[inline]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns the column in characters, counted from 1, as in [`std::panic::Location`].
    #[inline]
    pub fn column(&self) -> u32 {
        self.column
    }

    /// Returns the path of the module, as [`module_path!`] has it.
    #[inline]
    pub fn module_path(&self) -> &'static str {
        self.module
    }

    /// Returns the enclosing function, with its type if it has one: `Server::accept`.
    #[inline]
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// Returns the callee as written: `tokio::spawn`.
    #[inline]
    pub fn callee(&self) -> &'static str {
        self.callee
    }

    /// Returns the counters for its tasks. Sites of one call have the same ones.
    #[doc(hidden)]
    pub fn counts(&self) -> &Counts {
        // SAFETY: `count_at` stores the address of a static, or nothing.
        let shared = unsafe { self.counts.shared.load(Ordering::Acquire).as_ref() };
        shared.unwrap_or(&self.counts)
    }

    /// Returns the role of the tasks: the spawned function, or else the enclosing function with `{closure}`,
    /// `{async}` or `{task}`.
    #[inline]
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// Returns the end of the module path that a reader needs with the role: `worker` if sites in several modules have
    /// the role `start::{async}`. Otherwise the text is empty.
    #[doc(hidden)]
    pub fn qualifier(&self) -> &'static str {
        last_segments(self.module, self.counts.qualifier.load(Ordering::Relaxed))
    }

    /// Returns the kind of the tasks, as far as the source shows it.
    #[inline]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns `true` if it is a call in the source, and not the place of the main thread or an external one.
    #[doc(hidden)]
    #[inline]
    pub fn is_real(&self) -> bool {
        !matches!(self.kind, Kind::Main | Kind::External)
    }

    pub(crate) fn is_fallible(&self) -> bool {
        self.fallible
    }

    /// Returns `true` if the source shows that the call is a spawn.
    #[doc(hidden)]
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// The address, as slots keep it.
    #[inline]
    #[doc(hidden)]
    pub fn address(&'static self) -> u64 {
        std::ptr::from_ref(self).expose_provenance() as u64
    }

    /// Returns the kind that its tasks turned out to have, if the source does not show it.
    #[inline]
    pub(crate) fn seen(&self) -> Kind {
        Kind::from_flags(self.counts().seen.load(Ordering::Relaxed).into())
    }

    /// Returns `true` if the source does not show the kind of its tasks, and no result was looked at.
    #[inline]
    pub(crate) fn wants_kind(&self) -> bool {
        matches!(self.kind, Kind::Job | Kind::Unknown)
            && self.counts().seen.load(Ordering::Relaxed) & LOOKED_AT == 0
    }

    /// Notes the kind that the name of the result's type shows. A handle of tokio's may be that of a future.
    #[cold]
    pub(crate) fn note_result(&self, result: &str) {
        match kind_of_result(result) {
            Some(Kind::Blocking) if self.kind != Kind::Job => {}
            Some(kind) => self.note_kind(kind),
            None => {}
        }
        self.counts().seen.fetch_or(LOOKED_AT, Ordering::Relaxed);
    }

    /// Notes the kind that a callee gives to the tasks that it hands on.
    pub(crate) fn note_callee(&self, kind: Kind) {
        if kind.is_thread() || kind == Kind::Blocking {
            self.note_kind(kind);
        }
    }

    fn note_kind(&self, kind: Kind) {
        self.counts().seen.store(kind as u8, Ordering::Relaxed);
    }

    /// From 1 to the number of sites; or [`NO_INDEX`].
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.counts.index.load(Ordering::Relaxed) as usize
    }
}

/// `src/server.rs:31:5`, or `axum-0.8.9/src/serve/mod.rs:389:5` in a dependency
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = from_package(self.file);
        write!(f, "{file}:{}:{}", self.line, self.column)
    }
}

/// The sites of a module or a body. Not public API. Used by generated code.
///
/// A function that takes a table and an entry is the same for all tables. The compiler need not make an instance for
/// each length.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sites {
    #[doc(hidden)]
    pub sites: &'static [Site],
    /// `true` if the crate was compiled as a test.
    #[doc(hidden)]
    pub test: bool,
}

impl Sites {
    /// Returns the site of this entry. A lint would report an index expression in generated code to the user.
    #[inline]
    pub fn at(&self, entry: usize) -> &'static Site {
        &self.sites[entry]
    }
}

inventory::collect!(Sites);

/// Where the list of all sites is, for readers of this memory from outside. Empty before the first use of [`all`].
pub(crate) struct SiteList {
    pub(crate) start: AtomicPtr<&'static Site>,
    pub(crate) count: AtomicUsize,
}

pub(crate) static LIST: SiteList = SiteList {
    start: AtomicPtr::new(core::ptr::null_mut()),
    count: AtomicUsize::new(0),
};

/// All sites, by file and line. Numbers them the first time.
pub fn all() -> &'static [&'static Site] {
    static ALL: OnceLock<Vec<&'static Site>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<&Site> = inventory::iter::<Sites>()
            .flat_map(|table| table.sites)
            .collect();
        all.sort_by_key(|site| (site.file, site.line, site.column));
        for (index, site) in (NO_INDEX + 1..).zip(&all) {
            site.counts.index.store(index, Ordering::Relaxed);
        }
        qualify(&all);
        // The vector moves into the static, and its content stays where it is.
        LIST.start.store(all.as_ptr().cast_mut(), Ordering::Relaxed);
        LIST.count.store(all.len(), Ordering::Release);
        all
    })
}

/// Maximum number of segments in a qualifier.
const MAX_QUALIFIER: u8 = 2;

/// Decides which roles need their module: those that sites of different modules share. The last segment of the module
/// is enough unless two of the modules end alike.
///
/// All sites of a program decide, so that a task has the same text in each dump.
pub fn qualify(sites: &[&Site]) {
    let mut by_role: Vec<&Site> = sites
        .iter()
        .copied()
        .filter(|site| site.is_real())
        .collect();
    by_role.sort_unstable_by_key(|site| (site.role, site.module));
    for alike in by_role.chunk_by(|one, next| one.role == next.role) {
        let modules: Vec<&Site> = alike
            .chunk_by(|one, next| one.module == next.module)
            .map(|same| same[0])
            .collect();
        for site in alike.iter().filter(|_| modules.len() > 1) {
            let last = last_segments(site.module, 1);
            let ends_alike = |other: &&&Site| last_segments(other.module, 1) == last;
            let is_enough = modules.iter().filter(ends_alike).count() == 1;
            let segments = if is_enough { 1 } else { MAX_QUALIFIER };
            site.counts.qualifier.store(segments, Ordering::Relaxed);
        }
    }
}

/// Returns the last segments of a module path.
fn last_segments(module: &'static str, count: u8) -> &'static str {
    let Some(last) = count.checked_sub(1) else {
        return "";
    };
    let mut starts = module
        .rmatch_indices("::")
        .map(|(at, colons)| at + colons.len());
    &module[starts.nth(last.into()).unwrap_or(0)..]
}

/// The number of sites.
pub fn count() -> usize {
    all().len()
}

/// Returns `true` if a crate with sites was compiled as a test.
pub fn any_in_test() -> bool {
    inventory::iter::<Sites>().any(|table| table.test)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the texts of the sites, each by its module and role.
    fn texts(sites: &[(&'static str, &'static str)]) -> Vec<String> {
        let sites: Vec<Site> = sites
            .iter()
            .map(|&(module, role)| Site {
                module,
                ..Site::synthetic(role, Kind::Future)
            })
            .collect();
        qualify(&sites.iter().collect::<Vec<_>>());
        let text = |site: &Site| match site.qualifier() {
            "" => site.role.to_owned(),
            qualifier => format!("{qualifier}::{}", site.role),
        };
        sites.iter().map(text).collect()
    }

    #[test]
    fn role_of_several_modules_has_the_last_segment() {
        let sites = [
            ("shop::worker", "start::{async}"),
            ("shop::pricing", "start::{async}"),
            ("shop", "start::{async}"),
            ("shop::pricing", "stop::{async}"),
            ("shop::pricing", "stop::{async}"),
        ];
        let expected = [
            "worker::start::{async}",
            "pricing::start::{async}",
            "shop::start::{async}",
            "stop::{async}",
            "stop::{async}",
        ];
        assert_eq!(texts(&sites), expected);
    }

    #[test]
    fn modules_that_end_alike_have_two_segments() {
        let sites = [
            ("shop::orders::worker", "run"),
            ("shop::quotes::worker", "run"),
            ("shop::quotes::worker", "run"),
            ("shop::api", "run"),
            ("worker", "run"),
        ];
        let expected = [
            "orders::worker::run",
            "quotes::worker::run",
            "quotes::worker::run",
            "api::run",
            "worker::run",
        ];
        assert_eq!(texts(&sites), expected);
    }
}
