//! Threads of a pool that turn out to be more than that: the worker of a runtime that runs on a thread of its pool for
//! blocking work.

use core::marker::PhantomData;

use crate::record::slot::TaskSlot;
use crate::record::words::flag;
use crate::thread::local;
use crate::types::site::{Site, Sites};

/// Shows the thread at another site until it is dropped.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct ThreadRole {
    /// The record of the thread, and its site before.
    before: Option<(TaskSlot, &'static Site)>,
    /// The guard stays on its thread.
    _not_send: PhantomData<*const ()>,
}

/// Shows the running thread of a pool at the site of what it runs for long. Anything but such a thread stays as it is.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn thread_role(table: &'static Sites, entry: usize) -> ThreadRole {
    let task = local::with(|local| local.current());
    let thread = task.filter(|task| {
        let is_thread = task.site().kind().is_thread();
        is_thread && task.flags() & flag::POOLED != 0
    });
    ThreadRole {
        before: thread.map(|thread| (thread, thread.replace_site(table.at(entry)))),
        _not_send: PhantomData,
    }
}

impl Drop for ThreadRole {
    fn drop(&mut self) {
        if let Some((thread, site)) = self.before {
            thread.replace_site(site);
        }
    }
}
