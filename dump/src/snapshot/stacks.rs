//! The stacks in a dump, each kept once: a million tasks stand in few places.

use std::collections::HashMap;
use std::sync::Arc;

use super::branches::in_source_order;
use crate::source::Node;
use crate::values::stack::{FrameTree, Stack};
use birthmark_core::__reader::record::frames::Image;

/// Which stack a row has: one more than its index, 0 for none; whether the task may have moved on; and
/// whether the frames are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StackRef(u32);

const MOVING: u32 = 1 << 31;
/// The frames are those of futures without a record.
const UNRECORDED: u32 = 1 << 30;

/// How many are remembered as they lie in the records. Where tasks stand in more places than that, it takes
/// longer to see which of these are the same.
const MAX_IMAGES: usize = 1024;

impl StackRef {
    /// It stands nowhere that is known.
    pub(crate) const NONE: StackRef = StackRef(0);

    /// The place of the stack among [`Stacks::all`], if there is one.
    pub(crate) fn index(self) -> Option<usize> {
        Some(self.key().checked_sub(1)? as usize)
    }

    /// Whether the frames are not the task's own.
    pub(crate) fn is_unrecorded(self) -> bool {
        self.0 & UNRECORDED != 0
    }

    pub(crate) fn may_be_stale(self) -> bool {
        self.0 & MOVING != 0
    }

    /// The stack alone, as a key.
    pub(crate) fn key(self) -> u32 {
        self.0 & !(MOVING | UNRECORDED)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stacks {
    /// None of them is empty.
    trees: Vec<Arc<FrameTree>>,
}

impl Stacks {
    /// Each different stack.
    pub(crate) fn all(&self) -> &[Arc<FrameTree>] {
        &self.trees
    }

    pub(crate) fn get(&self, stack: StackRef) -> Stack {
        let tree = stack.index().and_then(|index| self.trees.get(index));
        Stack {
            frames: tree.cloned().unwrap_or_default(),
            moving: stack.may_be_stale(),
            unrecorded: stack.is_unrecorded(),
        }
    }
}

/// The stacks that are recognised when they come again, while a snapshot is taken.
#[derive(Debug, Default)]
pub(crate) struct KnownStacks {
    by_tree: HashMap<Arc<FrameTree>, StackRef>,
    /// As they lie in the records, which is compared faster.
    by_image: HashMap<Image, StackRef>,
    last: Option<(Image, StackRef)>,
}

impl KnownStacks {
    /// Reads where a task stands.
    pub(crate) fn add(&mut self, stacks: &mut Stacks, record: &impl Node) -> StackRef {
        let image = record.frames();
        if image.is_empty() {
            return StackRef::NONE;
        }
        let stack = match &self.last {
            Some((last, stack)) if *last == image => *stack,
            _ => self.find(stacks, image),
        };
        if stack.index().is_none() {
            return stack;
        }
        let moving = if image.is_settled() { 0 } else { MOVING };
        // A thread that a pool keeps awaits nothing: it polls what others await.
        let unrecorded = if record.is_pool_thread() {
            UNRECORDED
        } else {
            0
        };
        StackRef(stack.0 | moving | unrecorded)
    }

    fn find(&mut self, stacks: &mut Stacks, image: Image) -> StackRef {
        let stack = match self.by_image.get(&image) {
            Some(&stack) => stack,
            None => self.keep(stacks, image),
        };
        self.last = Some((image, stack));
        stack
    }

    fn keep(&mut self, stacks: &mut Stacks, image: Image) -> StackRef {
        let mut tree = FrameTree::new(&image);
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
        if self.by_image.len() == MAX_IMAGES {
            self.by_image.clear();
        }
        self.by_image.insert(image, stack);
        stack
    }
}
