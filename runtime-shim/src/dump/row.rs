//! A task in a dump, and what is known of it besides.

use std::sync::Arc;

use super::nodes::Nodes;
use super::sites::SiteRef;
use super::stacks::StackRef;
use super::threads::Threads;
use crate::clock;
use crate::kind::Kind;
use crate::registry::read::Record;
use crate::registry::slot::flag;
use crate::site::Site;
use crate::task::{Name, NameOrigin, State, Task, TaskId};

/// A task in a dump. Small, because there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) status: u64,
    pub(super) site: SiteRef,
    /// The ticks of birth.
    pub(super) born: u32,
    pub(super) polls: u32,
    /// Where [`Nodes`] has more of it, or else the node it was born under.
    link: u32,
    /// Where it stands.
    pub(super) stack: StackRef,
    flags: u16,
    pub(super) has_extra: bool,
}

const _: () = assert!(size_of::<Row>() <= 40);

impl Row {
    /// Where [`Nodes`] has more of it, if it has.
    pub(super) fn extra(&self) -> Option<u32> {
        self.has_extra.then_some(self.link)
    }

    pub(super) fn set_extra(&mut self, extra: u32) {
        (self.link, self.has_extra) = (extra, true);
    }

    /// The node it was born under. Of tasks that have more, [`Nodes::parent`] knows it.
    pub(super) fn parent_unless_extra(&self) -> u32 {
        debug_assert!(!self.has_extra);
        self.link
    }

    pub(super) fn is_detached(&self) -> bool {
        u64::from(self.flags) & flag::DETACHED != 0
    }

    pub(super) fn state(&self, threads: &Threads) -> State {
        let thread = threads.of(self.status).and_then(|thread| thread.os_id);
        State::of(self.status, self.flags.into(), thread)
    }

    /// The state without the thread.
    pub(super) fn bare_state(&self) -> State {
        State::of(self.status, self.flags.into(), None)
    }

    /// The tick of birth, in the upper half.
    pub(super) fn birth(&self) -> u64 {
        u64::from(self.born) << 32
    }
}

impl Nodes {
    pub(super) fn row(&mut self, record: &Record) -> Row {
        let parent = self.above(record);
        let extra = self.note_extra(record, parent);
        let stack = self.stacks.add(record);
        Row {
            id: record.id,
            status: record.status,
            site: self.sites.number(record.site()),
            born: (record.born() >> 32) as u32,
            polls: record.polls(),
            link: extra.unwrap_or(parent),
            stack,
            flags: record.flags() as u16,
            has_extra: extra.is_some(),
        }
    }

    pub(super) fn task(&self, row: &Row, now: Option<u64>) -> Task {
        Task {
            id: TaskId(row.id),
            site: self.site(row),
            role: self.role(row),
            name: self.name_of(row),
            labels: self.labels_of(row).clone(),
            kind: self.kind(row),
            state: row.state(&self.threads),
            since: now.map(|now| clock::between(row.status, now)),
            age: now.map(|now| clock::between(row.birth(), now)),
            polls: row.polls,
            detached: row.is_detached(),
            stack: self.stacks.get(row.stack),
            lineage: self.lineage(row),
            lineage_complete: self.is_complete(row),
        }
    }

    pub(super) fn site(&self, row: &Row) -> &'static Site {
        self.sites.get(row.site)
    }

    pub(super) fn kind(&self, row: &Row) -> Kind {
        Kind::of(self.site(row), row.flags.into())
    }

    pub(super) fn is_foreign(&self, row: &Row) -> bool {
        self.site(row).kind() == Kind::Foreign
    }

    /// The role, which for foreign threads is the name of the thread.
    pub(super) fn role(&self, row: &Row) -> Arc<str> {
        let thread = || {
            self.threads
                .of(row.status)
                .map(|thread| thread.name.clone())
                .filter(|name| !name.is_empty())
        };
        let named = self.is_foreign(row).then(thread).flatten();
        named.unwrap_or_else(|| self.site(row).role().into())
    }

    pub(super) fn name_of(&self, row: &Row) -> Option<Name> {
        match self.own_name(row) {
            Some(name) => name.to_name(None),
            None => self.inherited_name(row),
        }
    }

    /// The name that a task has if it has none of its own.
    pub(super) fn inherited_name(&self, row: &Row) -> Option<Name> {
        let (name, from) = self.effective(self.parent(row))?;
        name.to_name(Some(NameOrigin::Inherited { from }))
    }

    /// The text of a task's name; empty if it has none.
    pub(super) fn name_text(&self, row: &Row) -> &str {
        let inherited = || Some(self.effective(self.parent(row))?.0);
        let name = self.own_name(row).or_else(inherited);
        name.map_or("", |name| name.text)
    }
}
