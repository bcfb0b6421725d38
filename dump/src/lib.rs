//! Dumps of [birthmark](https://docs.rs/birthmark), which re-exports all of this: snapshots of all tasks, filters and
//! renderings.
//!
//! A snapshot is read from a source of memory: this process, or through the crate `birthmark-outside` another process or
//! a core file.
//!
//! # Layers
//!
//! Each folder uses those above it in this table, and none below.
//!
//! | folder | contents |
//! | --- | --- |
//! | `values/` | what a program gets: tasks, stacks |
//! | `wait_graph/` | which task waits for which other one |
//! | `source/` | the memory that is read |
//! | `snapshot/` | what was read, and how |
//! | `threads/` | OS threads, which the crate `birthmark` reads |
//! | `awaits/` | await stacks out of debug information |
//! | `filter/` | which tasks are shown |
//! | `render/` | the forms in which they are shown |
//! | `off/` | the whole interface without an effect, in place of all others |

#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
use birthmark_test_support as _;

#[cfg(not(feature = "off"))]
mod awaits;
#[cfg(not(feature = "off"))]
mod coverage;
#[cfg(not(feature = "off"))]
mod dump;
#[cfg(not(feature = "off"))]
mod filter;
#[cfg(not(feature = "off"))]
mod gone;
#[cfg(feature = "off")]
mod off;
#[cfg(not(feature = "off"))]
mod one;
#[cfg(not(feature = "off"))]
mod process;
#[cfg(not(feature = "off"))]
mod redact;
#[cfg(not(feature = "off"))]
pub mod render;
#[cfg(not(feature = "off"))]
mod sites;
#[cfg(not(feature = "off"))]
mod snapshot;
#[cfg(not(feature = "off"))]
mod source;
#[cfg(not(feature = "off"))]
mod threads;
#[cfg(not(feature = "off"))]
mod values;
#[cfg(not(feature = "off"))]
mod wait_graph;

#[cfg(not(feature = "off"))]
pub use crate::awaits::{AwaitDetail, ParseAwaitDetailError};
#[cfg(not(feature = "off"))]
pub use crate::coverage::Coverage;
#[cfg(not(feature = "off"))]
pub use crate::dump::Dump;
#[cfg(not(feature = "off"))]
pub use crate::filter::{Filter, ParseFilterError};
#[cfg(not(feature = "off"))]
pub use crate::one::{current, task_count};
#[cfg(not(feature = "off"))]
pub use crate::redact::LocalToRedact;
#[cfg(not(feature = "off"))]
pub use crate::sites::{is_instrumented, sites, SiteStats};
#[cfg(not(feature = "off"))]
pub use crate::threads::spawn_stack::SpawnStack;
#[cfg(not(feature = "off"))]
pub use crate::threads::{
    NativeFrame, NativeStack, OsThread, ParseThreadDetailError, StackError, SystemCall,
    ThreadDetail, ThreadState,
};
#[cfg(not(feature = "off"))]
pub use crate::values::await_stack::{
    AwaitFrame, AwaitLocation, AwaitReceiver, AwaitStack, FrameSource, LocalVariable, MissingFrames,
};
#[cfg(not(feature = "off"))]
pub use crate::values::delays::Delays;
#[cfg(not(feature = "off"))]
pub use crate::values::dropped::{dropped, DroppedAwait};
#[cfg(not(feature = "off"))]
pub use crate::values::gone::{BadEnds, DroppedBy, GoneTask, PanicPlace};
#[cfg(not(feature = "off"))]
pub use crate::values::lineage::{Ancestor, Lineage};
#[cfg(not(feature = "off"))]
pub use crate::values::span::TaskSpan;
#[cfg(not(feature = "off"))]
pub use crate::values::stack::{Frame, Stack};
#[cfg(not(feature = "off"))]
pub use crate::values::task::{State, Task};
#[cfg(not(feature = "off"))]
pub use crate::values::wake::WokenBy;

#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by `birthmark` of the same version; it changes without notice.

    #[cfg(feature = "debug-stacks")]
    pub use crate::awaits::{moved, read_stacks, ReadTask, StackSources};
    pub use crate::awaits::{AwaitReading, ReadAwaits, MAX_STACKS};
    pub use crate::coverage::{HOW_TO_INSTRUMENT, NOTHING_IS_INSTRUMENTED};
    pub use crate::dump::{Brief, LookAtThreads};
    pub use crate::filter::standstills::Standstills;
    pub use crate::filter::watch::{Hit, Matched, Runnable, Seen, Watch, WatchFilter};
    pub use crate::one::{current_record, redacted_current, redacted_tasks};
    pub use crate::process::compact_utc;
    pub use crate::sites::sites_of;
    pub use crate::source::{
        ended_of, has_counted, program_name, Above, GoneRecord, Node, Process, Ring, Source,
        ThreadFacts,
    };
    pub use birthmark_core::Site;
    pub mod redact {
        //! Redaction of names and label values.

        pub use crate::redact::{hides_local, install, redact, redact_labels, runs, Redaction};
    }
    pub use crate::render::StuckFinding;
    pub use crate::snapshot::spans::{set_source, SpanSource};
    pub use crate::threads::spawn_stack::{set_spawn_stack_source, SpawnStackSource};
    pub use crate::threads::{
        blocked::WORDS, is_running, look_at, without_spawn, without_wrappers, Crate, OsThreads,
    };
    pub use crate::values::age::Age;
    pub use crate::values::lineage::LOST;
    pub use crate::values::stack::UNRECORDED;
    pub use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};

    /// Directory of this crate's manifest, by which the files of its frames are told from others.
    pub const DIRECTORY: &str = match option_env!("CARGO_MANIFEST_DIR") {
        Some(directory) => directory,
        None => "/birthmark-dump",
    };

    /// Returns the name of this program.
    pub fn program() -> std::sync::Arc<str> {
        Source::process(crate::source::ThisProcess).program
    }

    /// Takes a snapshot of all live tasks of a source.
    pub fn dump_of(source: impl Source) -> crate::Dump {
        crate::Dump::of(source, |_| None, crate::awaits::none)
    }

    /// Takes a snapshot of all live tasks of this process.
    pub fn dump(look_at_threads: LookAtThreads, read_awaits: ReadAwaits) -> crate::Dump {
        crate::Dump::of(crate::source::ThisProcess, look_at_threads, read_awaits)
    }
}

#[cfg(feature = "off")]
pub use off::*;
