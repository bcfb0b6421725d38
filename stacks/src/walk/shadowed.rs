//! Guards that shadow what they guard, as in `let state = state.lock().await;`.
//!
//! rustc 1.95 describes each variable of a state machine by its name. A variable with the name of another one has the type and
//! the offset of the other one there, so nothing is known of the guard itself. But three things are known:
//!
//! - A state that awaits the lock has one member of this name less than the present state.
//! - The guard is in the memory of the present state that no member describes.
//! - A guard of tokio contains a pointer into the lock, which the other variable leads to.
//!
//! The memory may be that of a guard that was dropped, so the source has to say whether the guard is there.

use super::uses::Context;
use super::{AWAITEE, Place, Walk, lines, name_of};
use crate::dwarf::{Member, Type, TypeRef};
use crate::names;
use crate::uses::{Relation, Resource};

/// Largest number of words of a state in which pointers are searched.
const MAX_WORDS: u64 = 128;
const WORD: u64 = 8;
/// Size of the counts before the value of an `Arc`.
const COUNTS: u64 = 16;

/// A lock that a state awaits.
struct Awaited<'t> {
    lock: Resource,
    /// Others may hold the lock together with the one that gets it.
    is_shared: bool,
    state: &'t Member,
}

/// A pointer into a lock.
struct Pointer {
    at: u64,
    /// Address of the semaphore in the lock.
    semaphore: u64,
}

/// The present state of a state machine.
#[derive(Clone, Copy)]
pub(super) struct Present<'t> {
    pub(super) machine: TypeRef,
    pub(super) of_type: &'t Type,
    /// Address and type of the variables.
    pub(super) at: u64,
    pub(super) payload: &'t Type,
}

impl Walk<'_> {
    /// Notes the guards that have the name of another variable of a state.
    pub(super) fn note_shadowing_guards(&mut self, present: Present<'_>, context: &Context) {
        let mut names: Vec<&str> = Vec::new();
        for member in present.payload.members() {
            if names.contains(&&*member.name) {
                continue;
            }
            names.push(&member.name);
            if count(present.payload, &member.name) > 1 {
                self.note_shadowing_guard(present, member, context);
            }
        }
    }

    fn note_shadowing_guard(
        &mut self,
        present: Present<'_>,
        member: &Member,
        context: &Context,
    ) -> Option<()> {
        let Awaited {
            lock,
            is_shared,
            state,
        } = self.awaited_before(present, &member.name)?;
        let Pointer { at, semaphore } = self.pointer_into_lock(present, member)?;
        let relation = match is_shared {
            true => Relation::HoldsShared,
            false => Relation::HoldsExclusively,
        };
        self.put(relation, lock, at, semaphore, None, context);
        let variants = present.of_type.variants()?;
        let since = lines::location(self.info, present.machine, present.of_type, variants, state);
        let noted = self.uses.last_mut()?;
        noted.variable = Some(name_of(member).to_owned());
        noted.since = since;
        Some(())
    }

    /// Returns the only lock that is awaited in a state with fewer variables of a name.
    fn awaited_before<'t>(&mut self, present: Present<'t>, name: &str) -> Option<Awaited<'t>> {
        let now = count(present.payload, name);
        let mut found = None;
        for state in present.of_type.payloads() {
            let payload = self.get(state.of_type)?;
            let before = count(&payload, name);
            let awaited = payload.member(AWAITEE);
            let awaited = awaited.filter(|_| before != 0 && before < now);
            let awaited = awaited.and_then(|awaited| self.lock_of_future(awaited.of_type));
            let Some((lock, future)) = awaited else {
                continue;
            };
            let is_shared = match lock {
                Resource::Mutex => false,
                Resource::RwLock => future.scope.iter().any(|name| name.starts_with("read")),
                Resource::Semaphore => true,
                _ => continue,
            };
            let awaited = Awaited {
                lock,
                is_shared,
                state,
            };
            if found.replace(awaited).is_some() {
                return None;
            }
        }
        found
    }

    /// Searches the memory of a state that no member describes for a pointer into the lock behind a variable.
    fn pointer_into_lock(&mut self, present: Present<'_>, variable: &Member) -> Option<Pointer> {
        let Present { at, payload, .. } = present;
        let variable = Place {
            address: at.checked_add(variable.offset)?,
            of_type: variable.of_type,
        };
        let (lock, of_type) = self.behind(variable)?;
        let way = match &*names::path(&of_type) {
            "tokio::sync::mutex::Mutex" | "tokio::sync::rwlock::RwLock" => ["s"],
            "tokio::sync::semaphore::Semaphore" => ["ll_sem"],
            _ => return None,
        };
        let semaphore = self.resource_at(lock, &way)?.address;
        // An owned guard has an `Arc`, whose pointer is to the counts.
        let of_lock = lock.address.checked_sub(COUNTS)?..lock.address.checked_add(of_type.size?)?;
        let mut described = Vec::new();
        for member in payload.members() {
            let size = self.get(member.of_type)?.size?;
            described.push(member.offset..member.offset.checked_add(size)?);
        }
        let words = (0..(payload.size? / WORD).min(MAX_WORDS)).map(|word| word * WORD);
        let is_described = |word: &u64| {
            described
                .iter()
                .any(|it| it.start < word + WORD && *word < it.end)
        };
        for word in words.filter(|word| !is_described(word)) {
            let at = at.checked_add(word)?;
            if self
                .pages
                .pointer(at)
                .is_some_and(|it| of_lock.contains(&it))
            {
                return Some(Pointer { at, semaphore });
            }
        }
        None
    }
}

/// Returns the number of members with a name.
fn count(payload: &Type, name: &str) -> usize {
    let members = payload.members().iter();
    members.filter(|member| &*member.name == name).count()
}
