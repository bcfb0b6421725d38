//! Not public API. Access to records for birthmark's own crates of the same version; it changes without notice.

/// Directory of this crate's manifest, by which the files of its frames are told from others.
pub const DIRECTORY: &str = match option_env!("CARGO_MANIFEST_DIR") {
    Some(directory) => directory,
    None => "/birthmark-core",
};

pub use crate::platform::{
    clock, fork, internal_thread, runtime_flags, thread as os_thread, unwind,
};
pub use crate::types::named::named_enum;
pub use crate::types::{bounded, escape, named, pools, source_path};

pub mod record {
    //! The registry, as readers see it.

    pub use crate::record::wakes::delay;
    pub use crate::record::wakes::{are_off as wakes_are_off, WakeSnapshot, WakeWords, WokenBy};
    pub use crate::record::{
        announcement, content, export, gone, image, read, root_future, slot, thread_states, words,
    };

    pub mod frames {
        //! Frames of a task.

        pub use crate::record::frames::{
            drop_counts, index, DropCounts, FrameSnapshot, LEVELS, ROOM,
        };
    }

    use crate::record::globals::ARENA;
    use crate::record::slot::Slot;

    /// Calls `f` with every slot that was ever in use.
    #[inline]
    pub fn walk(f: impl FnMut(&'static Slot)) {
        ARENA.walk(f);
    }
}

pub mod label {
    //! Labels, encoded.

    pub use crate::context::label::{write_labels, Label, LabelSet, Labels};
}

pub mod name {
    //! Names of tasks.

    pub use crate::context::name::{effective_name, Name, NameOrigin, MAX_NAME_LEN};
}

pub mod site {
    //! All sites of the program.

    pub use crate::types::site::{all, any_in_test, count, qualify, Counts, Site};
}

pub mod subtree {
    //! Deadlines and subtrees.

    pub use crate::subtree::{abort_tasks, set_report};
}

pub mod hook {
    //! Hooks that see some tasks only.

    pub use crate::hook::{add_hook_for, Selector};
}

pub mod spawn {
    //! Spawns without a record.

    pub use crate::task::spawn::{record_scope, unrecorded_count};
}

pub mod local {
    //! The task that the calling thread runs.

    use crate::platform::{runtime_flags, thread};
    use crate::record::frames::FrameSnapshot;
    use crate::record::read::Record;
    use crate::record::slot::{NodeSlot, TaskSlot};
    use crate::thread::local;
    use crate::types::site::Site;
    use crate::TaskRef;

    pub use crate::thread::gone::note_panic;

    /// Makes the main thread a task, if it calls this and is none yet.
    pub fn adopt_main() {
        if thread::is_main() && !runtime_flags::has(runtime_flags::OFF) {
            local::with(|local| local.spawn_parent_or_adopt());
        }
    }

    /// Makes the thread a task if it is none yet and runs none.
    pub fn adopt() {
        if !runtime_flags::has(runtime_flags::OFF) {
            local::with(|local| local.spawn_parent_or_adopt());
        }
    }

    /// Returns `true` unless it is certain that nothing descends from the current task. `id` is that of the task.
    pub fn has_nodes_below(id: u64) -> bool {
        let current = current().filter(|task| task.id() == id);
        current.is_none_or(|task| {
            let record = Record::of_live(task);
            // The task itself refers to its name.
            let named = record.own_name();
            record.nodes_below() > 0 || named.is_some_and(|name| name.nodes_below() > 1)
        })
    }

    /// Returns the current task.
    pub fn current() -> Option<TaskSlot> {
        local::with(|local| local.current())
    }

    /// Returns the node under which the calling thread spawns.
    pub fn spawn_parent() -> Option<NodeSlot> {
        local::with(|local| local.spawn_parent())
    }

    /// Returns the id and the site of the thread's own task that has ended.
    pub fn last() -> Option<(u64, &'static Site)> {
        local::with(|local| local.last())
    }

    /// Returns the frames of the current task, and the index of the innermost one.
    pub fn frames(task: &Record) -> (FrameSnapshot, usize) {
        local::with(|local| match local.position.get().is_muted() {
            true => (FrameSnapshot::EMPTY, 0),
            false => FrameSnapshot::read_here(task, &local.position),
        })
    }

    /// Returns the slot of a task that a hook sees.
    pub fn slot_of(task: &TaskRef<'_>) -> TaskSlot {
        task.slot()
    }
}
