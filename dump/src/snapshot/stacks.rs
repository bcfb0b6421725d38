//! The stacks in a dump, each kept once. A million tasks have few different stacks.

use std::collections::HashMap;
use std::sync::Arc;

use super::branches::in_source_order;
use crate::source::Node;
use crate::values::stack::{FrameTree, Stack};
use birthmark_core::__reader::record::frames::FrameSnapshot;

/// The stack of a row: its index and 1, or 0 for none. Two flags follow: the stack may be stale, and the frames belong
/// to futures without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StackRef(u32);

const STALE: u32 = 1 << 31;
/// The frames are those of futures without a record.
const UNRECORDED: u32 = 1 << 30;

/// Maximum number of stacks that are recognised by their frames in a record. Beyond it, equal stacks are found more
/// slowly.
const MAX_BY_FRAMES: usize = 1024;

impl StackRef {
    /// No frames.
    pub(crate) const NONE: StackRef = StackRef(0);

    /// Returns the index in [`Stacks::all`], if there is a stack.
    pub(crate) fn index(self) -> Option<usize> {
        Some(self.key().checked_sub(1)? as usize)
    }

    /// Returns `true` if the frames belong to futures without a record.
    pub(crate) fn is_unrecorded(self) -> bool {
        self.0 & UNRECORDED != 0
    }

    pub(crate) fn may_be_stale(self) -> bool {
        self.0 & STALE != 0
    }

    /// Returns the stack of a task, marked if the task is the thread of a pool. Such a thread awaits nothing. It polls
    /// futures of others.
    #[inline]
    fn in_thread(self, task: &impl Node) -> Self {
        match self != StackRef::NONE && task.is_pool_thread() {
            true => StackRef(self.0 | UNRECORDED),
            false => self,
        }
    }

    /// Returns the stack without flags, as a key.
    pub(crate) fn key(self) -> u32 {
        self.0 & !(STALE | UNRECORDED)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stacks {
    /// No tree is empty.
    trees: Vec<Arc<FrameTree>>,
}

impl Stacks {
    /// Returns each different stack.
    pub(crate) fn all(&self) -> &[Arc<FrameTree>] {
        &self.trees
    }

    pub(crate) fn get(&self, stack: StackRef) -> Stack {
        let tree = stack.index().and_then(|index| self.trees.get(index));
        Stack {
            frames: tree.cloned().unwrap_or_default(),
            stale: stack.may_be_stale(),
            unrecorded: stack.is_unrecorded(),
        }
    }
}

/// Finds equal stacks while a snapshot is taken.
#[derive(Debug)]
pub(crate) struct KnownStacks {
    by_tree: HashMap<Arc<FrameTree>, StackRef>,
    /// By the frames in the record, which is compared faster.
    by_frames: HashMap<FrameSnapshot, StackRef>,
    /// The frames that were found last, and their stack.
    last: (FrameSnapshot, StackRef),
}

impl Default for KnownStacks {
    fn default() -> Self {
        KnownStacks {
            by_tree: HashMap::new(),
            by_frames: HashMap::new(),
            last: (FrameSnapshot::EMPTY, StackRef::NONE),
        }
    }
}

impl KnownStacks {
    /// Reads the stack of a task.
    #[inline(always)]
    pub(crate) fn add(&mut self, stacks: &mut Stacks, record: &impl Node) -> StackRef {
        let (last, stack) = &self.last;
        if record.has_frames(last) {
            stack.in_thread(record)
        } else if record.has_frames(&FrameSnapshot::EMPTY) {
            StackRef::NONE
        } else {
            self.read(stacks, record)
        }
    }

    /// Reads a stack that is not that of the task before.
    #[inline(never)]
    fn read(&mut self, stacks: &mut Stacks, record: &impl Node) -> StackRef {
        let frames = record.frames();
        let stack = self.find(stacks, &frames);
        let stale = match frames.is_settled() || stack == StackRef::NONE {
            true => 0,
            false => STALE,
        };
        StackRef(stack.0 | stale).in_thread(record)
    }

    fn find(&mut self, stacks: &mut Stacks, frames: &FrameSnapshot) -> StackRef {
        let (last, stack) = &self.last;
        if frames.is_empty() {
            return StackRef::NONE;
        }
        if last == frames {
            return *stack;
        }
        let stack = match self.by_frames.get(frames) {
            Some(&stack) => stack,
            None => self.keep(stacks, *frames),
        };
        self.last = (*frames, stack);
        stack
    }

    fn keep(&mut self, stacks: &mut Stacks, frames: FrameSnapshot) -> StackRef {
        let mut tree = FrameTree::new(&frames);
        tree.frames = in_source_order(tree.frames);
        let stack = if tree.is_empty() {
            StackRef::NONE
        } else {
            let next = StackRef(stacks.trees.len() as u32 + 1);
            *self
                .by_tree
                .entry(Arc::new(tree))
                .or_insert_with_key(|tree| {
                    stacks.trees.push(tree.clone());
                    next
                })
        };
        if self.by_frames.len() == MAX_BY_FRAMES {
            self.by_frames.clear();
        }
        self.by_frames.insert(frames, stack);
        stack
    }
}
