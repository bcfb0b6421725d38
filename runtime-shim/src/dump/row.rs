//! A task in a dump, and what is known of it besides.

use std::sync::Arc;

use super::classes::{Class, ClassRef};
use super::names::{NameRef, Named};
use super::nodes::Snapshot;
use super::stacks::StackRef;
use super::threads::Thread;
use crate::context::name::{Name, NameOrigin};
use crate::dump::{State, Task};
use crate::platform::clock;
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::TaskId;

/// A task in a dump. Small, because there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: u64,
    /// The ticks of birth, and of the last change.
    pub(super) born: u32,
    pub(super) since: u32,
    pub(super) polls: u32,
    pub(super) class: ClassRef,
    /// The node it was born under.
    pub(super) parent: u32,
    /// The name that was given to it.
    pub(super) own_name: NameRef,
}

const _: () = assert!(size_of::<Row>() <= 32);

impl Row {
    /// The tick of birth, in the upper half.
    pub(super) fn birth(&self) -> u64 {
        u64::from(self.born) << 32
    }

    /// The tick of the last change, in the upper half.
    pub(super) fn change(&self) -> u64 {
        u64::from(self.since) << 32
    }

    pub(super) fn has_own_name(&self) -> bool {
        self.own_name != NameRef::NONE
    }
}

impl Snapshot {
    pub(super) fn task(&self, row: &Row, now: Option<u64>) -> Task {
        Task {
            id: TaskId(row.id),
            site: self.site(row),
            role: self.role(row),
            name: self.name_of(row),
            labels: self.labels_of(row).clone(),
            kind: self.kind(row),
            state: self.state(row),
            since: now.and_then(|now| clock::since(row.change(), now)),
            age: now.and_then(|now| clock::since(row.birth(), now)),
            polls: row.polls,
            detached: self.class(row).is_detached(),
            pooled: self.class(row).is_pooled(),
            runs_no_task: self.runs_no_task(row),
            stack: self.stacks.get(self.stack(row)),
            lineage: self.lineage(row),
            lineage_complete: self.is_complete(row),
        }
    }

    pub(super) fn class(&self, row: &Row) -> &Class {
        self.classes.get(row.class)
    }

    pub(super) fn site(&self, row: &Row) -> &'static Site {
        self.class(row).site
    }

    pub(super) fn kind(&self, row: &Row) -> Kind {
        self.class(row).kind()
    }

    pub(super) fn is_foreign(&self, row: &Row) -> bool {
        self.class(row).is_foreign()
    }

    /// Where it stands.
    pub(super) fn stack(&self, row: &Row) -> StackRef {
        self.class(row).stack
    }

    /// The thread that runs it.
    pub(super) fn thread(&self, row: &Row) -> Option<&Thread> {
        self.threads.of(self.class(row).status.into())
    }

    pub(super) fn state(&self, row: &Row) -> State {
        let thread = self.thread(row).and_then(|thread| thread.os_id);
        self.class(row).state(thread)
    }

    /// Whether a task is the thread of a pool, and runs no task that has a record. It may be idle, or do something
    /// without a record.
    pub(super) fn runs_no_task(&self, row: &Row) -> bool {
        self.class(row).is_pool_thread()
            && self.thread(row).is_some_and(|thread| thread.runs_nothing)
    }

    /// The state without the thread.
    pub(super) fn bare_state(&self, row: &Row) -> State {
        self.class(row).state(None)
    }

    /// The role, which for foreign threads is the name of the thread.
    pub(super) fn role(&self, row: &Row) -> Arc<str> {
        let thread = || {
            self.thread(row)
                .map(|thread| thread.name.clone())
                .filter(|name| !name.is_empty())
        };
        let named = self.is_foreign(row).then(thread).flatten();
        named.unwrap_or_else(|| self.site(row).role().into())
    }

    /// How many ancestors were left out between a task and the node it was born under.
    pub(super) fn cut(&self, row: &Row) -> u32 {
        self.cut_above(row.id)
    }

    /// The name that was given to the task itself.
    fn own_name(&self, row: &Row) -> Option<Named<'_>> {
        self.names.get(row.own_name)
    }

    pub(super) fn name_of(&self, row: &Row) -> Option<Name> {
        match self.own_name(row) {
            Some(name) => name.to_name(None),
            None => self.inherited_name(row),
        }
    }

    /// The name that a task has if it has none of its own.
    pub(super) fn inherited_name(&self, row: &Row) -> Option<Name> {
        let (name, from) = self.effective(row.parent)?;
        name.to_name(Some(NameOrigin::Inherited { from }))
    }

    /// The text of a task's name; empty if it has none.
    pub(super) fn name_text(&self, row: &Row) -> &str {
        let inherited = || Some(self.effective(row.parent)?.0);
        let name = self.own_name(row).or_else(inherited);
        name.map_or("", |name| name.text)
    }
}
