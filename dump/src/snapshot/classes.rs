//! What many tasks of a dump have in common, each combination of it kept once. A task has the number of one.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ptr;

use super::hash::IdHash;
use super::stacks::StackRef;
use crate::source::Node;
use crate::State;
use birthmark_core::__reader::record::slot::{flag, state};
use birthmark_core::Kind;
use birthmark_core::Site;

/// The number of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClassRef(u32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    pub(crate) site: &'static Site,
    /// Where they stand.
    pub(crate) stack: StackRef,
    /// The state, and the thread of a task that runs: few do.
    pub(crate) status: u32,
    flags: u16,
}

const STATUS: u64 = state::MASK | state::THREAD_MASK << state::THREAD_SHIFT;
const _: () = assert!(size_of::<Class>() <= 24 && STATUS <= u32::MAX as u64);

impl Class {
    pub(crate) fn of(record: &impl Node, stack: StackRef) -> Self {
        let kept = match record.state() {
            state::RUNNING => STATUS,
            _ => state::MASK,
        };
        Class {
            site: record.site(),
            stack,
            status: (record.status() & kept) as u32,
            flags: record.flags() as u16,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.site, self.flags.into())
    }

    pub(crate) fn is_external(&self) -> bool {
        self.site.kind() == Kind::External
    }

    pub(crate) fn is_root(&self) -> bool {
        u64::from(self.flags) & flag::ROOT != 0
    }

    /// Whether a pool keeps it.
    pub(crate) fn is_pooled(&self) -> bool {
        u64::from(self.flags) & flag::POOLED != 0
    }

    /// Whether it is an OS thread that a pool keeps.
    pub(crate) fn is_pool_thread(&self) -> bool {
        self.is_pooled() && self.kind().is_thread()
    }

    pub(crate) fn state(&self, thread: Option<u64>) -> State {
        State::of(self.status.into(), self.flags.into(), thread)
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.site, other.site)
            && (self.stack, self.status, self.flags) == (other.stack, other.status, other.flags)
    }
}

impl Eq for Class {}

impl Hash for Class {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.site.address().hash(hasher);
        let flags = u64::from(self.flags) << 32;
        (self.stack, flags | u64::from(self.status)).hash(hasher);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Classes {
    all: Vec<Class>,
}

impl Classes {
    pub(crate) fn get(&self, ClassRef(number): ClassRef) -> &Class {
        &self.all[number as usize]
    }

    /// Each class.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Class> {
        self.all.iter()
    }
}

/// The numbers of classes, while a snapshot is taken.
#[derive(Debug, Default)]
pub(crate) struct KnownClasses {
    known: HashMap<Class, ClassRef, IdHash>,
    last: Option<(Class, ClassRef)>,
}

impl KnownClasses {
    /// The number of a class, which gets one if it has none.
    #[inline]
    pub(crate) fn number(&mut self, classes: &mut Classes, class: Class) -> ClassRef {
        match self.last {
            Some((last, number)) if last == class => number,
            _ => self.find(classes, class),
        }
    }

    fn find(&mut self, classes: &mut Classes, class: Class) -> ClassRef {
        let number = *self.known.entry(class).or_insert_with(|| {
            classes.all.push(class);
            ClassRef(classes.all.len() as u32 - 1)
        });
        self.last = Some((class, number));
        number
    }
}
