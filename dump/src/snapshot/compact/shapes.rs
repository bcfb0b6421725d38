//! Shapes: combinations of site, stack, state and flags, each kept once. A row has the number of its shape.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ptr;

use super::hash::IdHash;
use crate::snapshot::stacks::StackRef;
use crate::source::Node;
use crate::State;
use birthmark_core::__reader::record::words::{flag, CompactStatus, Status};
use birthmark_core::Kind;
use birthmark_core::Site;

/// The number of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeRef(u32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskShape {
    pub(crate) site: &'static Site,
    /// The stack.
    pub(crate) stack: StackRef,
    /// The state. For a running task, also its thread, because few tasks run.
    pub(crate) status: CompactStatus,
    flags: u16,
}

const _: () = assert!(size_of::<TaskShape>() <= 24);

impl TaskShape {
    /// Returns the shape of a task with this state.
    #[inline(always)]
    pub(crate) fn new(site: &'static Site, stack: StackRef, status: Status, flags: u64) -> Self {
        TaskShape {
            site,
            stack,
            status: status.compact(),
            flags: flags as u16,
        }
    }

    /// Returns the shape of a task that has ended.
    pub(crate) fn of_ended(record: &impl Node) -> Self {
        TaskShape::new(
            record.site(),
            StackRef::NONE,
            record.status(),
            record.flags(),
        )
    }

    /// Returns `true` if the task waits for a poll, and no waker of it is left.
    pub(crate) fn has_no_waker(&self) -> bool {
        u64::from(self.flags) & flag::NO_WAKER != 0
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.site, self.flags.into())
    }

    /// Returns the polls of a task with this count in its record. Of a thread, the record counts the call of its closure.
    pub(crate) fn polls(&self, counted: u32) -> u32 {
        match self.kind() {
            Kind::Thread | Kind::ScopedThread => counted.saturating_sub(1),
            _ => counted,
        }
    }

    pub(crate) fn is_external(&self) -> bool {
        self.site.kind() == Kind::External
    }

    pub(crate) fn is_root(&self) -> bool {
        u64::from(self.flags) & flag::ROOT != 0
    }

    /// Returns `true` if a pool keeps the task.
    pub(crate) fn is_pooled(&self) -> bool {
        u64::from(self.flags) & flag::POOLED != 0
    }

    /// Returns `true` if the task is an OS thread without known work of its own. A pool keeps it, or its spawn was not
    /// seen. An external thread with frames polls futures.
    pub(crate) fn is_carrier(&self) -> bool {
        self.is_pooled() && self.kind().is_thread()
            || self.is_external() && self.stack == StackRef::NONE
    }

    pub(crate) fn state(&self, thread: Option<u64>) -> State {
        State::of(self.status, self.flags.into(), thread)
    }
}

impl PartialEq for TaskShape {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.site, other.site)
            && (self.stack, self.status, self.flags) == (other.stack, other.status, other.flags)
    }
}

impl Eq for TaskShape {}

impl Hash for TaskShape {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.site.address().hash(hasher);
        let flags = u64::from(self.flags) << 32;
        (self.stack, flags | u64::from(self.status.as_u32())).hash(hasher);
    }
}

#[derive(Debug, Default)]
pub(crate) struct TaskShapes {
    all: Vec<TaskShape>,
}

impl TaskShapes {
    pub(crate) fn get(&self, ShapeRef(number): ShapeRef) -> &TaskShape {
        &self.all[number as usize]
    }

    /// Returns all shapes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &TaskShape> {
        self.all.iter()
    }
}

/// The numbers of shapes, while a snapshot is taken.
#[derive(Debug, Default)]
pub(crate) struct KnownShapes {
    known: HashMap<TaskShape, ShapeRef, IdHash>,
    last: Option<(TaskShape, ShapeRef)>,
}

impl KnownShapes {
    /// Returns the number of a shape, and adds the shape if it is new.
    #[inline]
    pub(crate) fn number(&mut self, shapes: &mut TaskShapes, shape: TaskShape) -> ShapeRef {
        match self.last {
            Some((last, number)) if last == shape => number,
            _ => self.find(shapes, shape),
        }
    }

    fn find(&mut self, shapes: &mut TaskShapes, shape: TaskShape) -> ShapeRef {
        let number = *self.known.entry(shape).or_insert_with(|| {
            shapes.all.push(shape);
            ShapeRef(shapes.all.len() as u32 - 1)
        });
        self.last = Some((shape, number));
        number
    }
}
