//! The names that are in force for single calls of closures.
//!
//! A closure that several threads call at once is one task. A name for a while in one of its calls is not that of the
//! others, so it is not in the task's slot. The thread that runs the call has the name in its borrowed parent, and shows it in its
//! state, where dumps look for it. Only that thread writes. Readers compare the node's record with the task.

use core::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::read::Record;
use super::slot::{NodeSlot, Slot};

/// The most names of calls inside of each other that dumps find.
pub(super) const ROOM: usize = 8;

/// The names of the calls that one thread runs, the outermost first. Debuggers read them, too.
#[repr(transparent)]
pub(crate) struct CallNames([AtomicPtr<Slot>; ROOM]);

/// A place among the names of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown(u8);

impl Shown {
    /// No place, because there is no room or no call.
    pub(crate) const NOWHERE: Shown = Shown(u8::MAX);
}

impl CallNames {
    pub(crate) const fn new() -> Self {
        CallNames([const { AtomicPtr::new(ptr::null_mut()) }; ROOM])
    }

    /// Shows a name that comes into force.
    pub(crate) fn push(&self, name: NodeSlot) -> Shown {
        let is_free = |place: &AtomicPtr<Slot>| place.load(Ordering::Relaxed).is_null();
        let after_last = ROOM
            - self
                .0
                .iter()
                .rev()
                .take_while(|place| is_free(place))
                .count();
        let shown = match after_last {
            ROOM => Shown::NOWHERE,
            place => Shown(place as u8),
        };
        self.replace(shown, Some(name));
        shown
    }

    /// Shows another name in the place of one, or none.
    pub(crate) fn replace(&self, shown: Shown, name: Option<NodeSlot>) {
        if let Some(place) = self.0.get(usize::from(shown.0)) {
            let name = name.map_or(ptr::null(), |name| ptr::from_ref(name.slot()));
            place.store(name.cast_mut(), Ordering::Release);
        }
    }

    /// Shows none.
    pub(crate) fn clear(&self) {
        for place in &self.0 {
            place.store(ptr::null_mut(), Ordering::Relaxed);
        }
    }

    /// The name of the innermost call of `task` that has one.
    pub(super) fn of(&self, task: &'static Slot) -> Option<Record> {
        let mut names = self.0.iter().rev().filter_map(read);
        names.find(|name| name.is_name_of(task))
    }
}

/// Reads the node in a place. The node was alive meanwhile, because a thread takes a name away before releasing it.
fn read(place: &AtomicPtr<Slot>) -> Option<Record> {
    let name = place.load(Ordering::Acquire);
    // SAFETY: null or a slot; slots are never unmapped. The slot may be another node's by now.
    let record = unsafe { name.as_ref() }.and_then(Record::read)?;
    (place.load(Ordering::Acquire) == name).then_some(record)
}
