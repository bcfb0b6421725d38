//! Rows, and the shared values that they refer to.

use std::sync::Arc;

use super::compact::names::{NameRef, Named};
use super::compact::shapes::{ShapeRef, TaskShape};
use super::compact::wakers::WakerRef;
use super::nodes::Snapshot;
use super::stacks::StackRef;
use super::threads::Thread;
use crate::{State, Task};
use birthmark_core::__reader::clock;
use birthmark_core::__reader::name::{Name, NameOrigin};
use birthmark_core::Kind;
use birthmark_core::Site;
use birthmark_core::TaskId;

/// A task in a dump. Small, because there may be millions, so the id is not aligned to its size.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(crate) struct Row {
    pub(crate) id: u64,
    /// The ticks of the spawn, and of the last change of the state.
    pub(crate) spawned: u32,
    pub(crate) since: u32,
    /// The count in the record; see [`Snapshot::polls`].
    pub(crate) polls: u32,
    pub(crate) shape: ShapeRef,
    /// The node under which the task was spawned.
    pub(crate) parent: u32,
    /// The name that was set on the task itself.
    pub(crate) own_name: NameRef,
    /// The origin of the last wake.
    pub(crate) woken_by: WakerRef,
}

const _: () = assert!(size_of::<Row>() <= 36);

impl Row {
    /// Returns the tick of the spawn, in the upper half.
    pub(crate) fn spawn_tick(&self) -> u64 {
        u64::from(self.spawned) << 32
    }

    /// Returns the tick of the last change, in the upper half.
    pub(crate) fn change_tick(&self) -> u64 {
        u64::from(self.since) << 32
    }

    pub(crate) fn has_own_name(&self) -> bool {
        self.own_name != NameRef::NONE
    }
}

impl Snapshot {
    pub(crate) fn task(&self, row: &Row, now: Option<u64>) -> Task {
        Task {
            id: TaskId::from(row.id),
            site: self.site(row),
            role: self.role(row),
            name: self.name_of(row),
            labels: self.labels_of(row).clone(),
            task_locals: self.task_locals_of(row).clone(),
            span: self.spans.get(row.id).cloned(),
            kind: self.kind(row),
            state: self.state(row),
            since: now.and_then(|now| clock::since(row.change_tick(), now)),
            age: now.and_then(|now| clock::since(row.spawn_tick(), now)),
            polls: self.polls(row),
            woken_by: self.woken_by(row),
            has_no_waker: self.shape(row).has_no_waker(),
            root: self.shape(row).is_root(),
            pooled: self.shape(row).is_pooled(),
            runs_no_task: self.runs_no_task(row),
            stack: self.stacks.get(self.stack(row)),
            awaits: None,
            lineage: self.lineage(row),
        }
    }

    pub(crate) fn shape(&self, row: &Row) -> &TaskShape {
        self.shapes.get(row.shape)
    }

    pub(crate) fn site(&self, row: &Row) -> &'static Site {
        self.shape(row).site
    }

    pub(crate) fn kind(&self, row: &Row) -> Kind {
        self.shape(row).kind()
    }

    /// Returns the polls of a task. The kind that this depends on is read here, because a snapshot has no time for it.
    pub(crate) fn polls(&self, row: &Row) -> u32 {
        self.shape(row).polls(row.polls)
    }

    pub(crate) fn is_external(&self, row: &Row) -> bool {
        self.shape(row).is_external()
    }

    /// Returns the number of the stack.
    pub(crate) fn stack(&self, row: &Row) -> StackRef {
        self.shape(row).stack
    }

    /// Returns the thread that runs the task.
    pub(crate) fn thread(&self, row: &Row) -> Option<&Thread> {
        self.threads.of(self.shape(row).status)
    }

    pub(crate) fn state(&self, row: &Row) -> State {
        let id = self.thread(row).and_then(|thread| thread.os_id);
        match self.bare_state(row) {
            State::Running { .. } => State::Running { thread: id },
            State::Blocked { .. } => State::Blocked { thread: id },
            state => state,
        }
    }

    /// Returns `true` if a task is a thread that runs no recorded task, as [`Task::runs_no_task`] does.
    pub(crate) fn runs_no_task(&self, row: &Row) -> bool {
        self.shape(row).is_carrier() && self.thread(row).is_some_and(|thread| thread.runs_nothing)
    }

    /// Returns the state without the thread.
    #[inline]
    pub(crate) fn bare_state(&self, row: &Row) -> State {
        match self.shape(row).state(None) {
            State::Running { .. } => self.state_on_thread(row),
            state => state,
        }
    }

    /// Returns the state of a task that a thread runs.
    fn state_on_thread(&self, row: &Row) -> State {
        let sleeps = self.thread(row).and_then(|thread| thread.sleeps_in(row.id));
        match (self.runs_no_task(row), sleeps) {
            (true, Some(false)) | (false, Some(false) | None) => State::Running { thread: None },
            (true, _) => State::Idle,
            (false, Some(true)) => State::Blocked { thread: None },
        }
    }

    /// Returns the role, which is the thread's name for an external thread.
    pub(crate) fn role(&self, row: &Row) -> Arc<str> {
        let thread = || {
            self.thread(row)
                .map(|thread| thread.name.clone())
                .filter(|name| !name.is_empty())
        };
        let named = self.is_external(row).then(thread).flatten();
        named.unwrap_or_else(|| self.site(row).role().into())
    }

    /// Returns the number of ancestors left out between a task and its parent node.
    pub(crate) fn elided(&self, row: &Row) -> u32 {
        self.elided_above(row.id)
    }

    /// Returns the name that was set on the task itself.
    fn own_name(&self, row: &Row) -> Option<Named<'_>> {
        self.names.get(row.own_name)
    }

    pub(crate) fn name_of(&self, row: &Row) -> Option<Name> {
        match self.own_name(row) {
            Some(name) => name.to_name(None),
            None => self.inherited_name(row),
        }
    }

    /// Returns the name that a task inherits.
    pub(crate) fn inherited_name(&self, row: &Row) -> Option<Name> {
        let (name, from) = self.effective(row.parent)?;
        name.to_name(Some(NameOrigin::Inherited { from }))
    }

    /// Returns the text of a task's name, or an empty text.
    pub(crate) fn name_text(&self, row: &Row) -> &str {
        let inherited = || Some(self.effective(row.parent)?.0);
        let name = self.own_name(row).or_else(inherited);
        name.map_or("", |name| name.text)
    }
}
