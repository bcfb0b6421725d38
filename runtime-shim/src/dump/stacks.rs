//! The stacks in a dump, each kept once: a million tasks stand in few places.

use std::collections::HashMap;
use std::sync::Arc;

use crate::frame::stack::{Stack, Tree};
use crate::registry::frames::Image;
use crate::registry::read::Record;

/// Which stack a row has: one more than its index, 0 for none; and whether the task moved on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct StackRef(u32);

const MOVING: u32 = 1 << 31;

#[derive(Debug, Default)]
pub(super) struct Stacks {
    trees: Vec<Arc<Tree>>,
    by_tree: HashMap<Arc<Tree>, u32>,
    /// As they lie in the records, which is compared faster.
    by_image: HashMap<Image, u32>,
    last: Option<(Image, u32)>,
}

impl Stacks {
    /// Reads where a task stands.
    pub(super) fn add(&mut self, record: &Record) -> StackRef {
        let image = Image::read(record);
        if image.is_empty() {
            return StackRef(0);
        }
        let index = match &self.last {
            Some((last, index)) if *last == image => *index,
            _ => self.find(image),
        };
        let moving = if image.is_settled() { 0 } else { MOVING };
        StackRef((index + 1) | moving)
    }

    fn find(&mut self, image: Image) -> u32 {
        let index = match self.by_image.get(&image) {
            Some(&index) => index,
            None => self.keep(image),
        };
        self.last = Some((image, index));
        index
    }

    fn keep(&mut self, image: Image) -> u32 {
        let tree = Arc::new(Tree::new(&image));
        let next = self.trees.len() as u32;
        let index = *self.by_tree.entry(tree).or_insert_with_key(|tree| {
            self.trees.push(tree.clone());
            next
        });
        self.by_image.insert(image, index);
        index
    }

    pub(super) fn get(&self, stack: StackRef) -> Stack {
        let tree = (stack.0 & !MOVING)
            .checked_sub(1)
            .and_then(|index| self.trees.get(index as usize));
        Stack {
            frames: tree.cloned().unwrap_or_default(),
            moving: stack.0 & MOVING != 0,
        }
    }
}
