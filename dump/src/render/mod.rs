//! The forms in which a [`Dump`] can be shown.
//!
//! | form | purpose |
//! | --- | --- |
//! | [`Text`] | everything about each task |
//! | [`Tree`] | each task below its parent |
//! | [`Groups`] | equal tasks counted together: a leak is the first group |
//! | [`Diff`] | the changes since another dump |
//! | [`Json`] | programs; the schema is in the repository |
//! | [`Stuck`] | tasks that cannot go on, and why |
//! | [`Resources`] | things that tasks share, with those that hold them and wait for them |
//! | [`Folded`] | flame graphs |
//! | `Pprof` | `go tool pprof`, Pyroscope, speedscope; with the feature `pprof` |
//!
//! Every form except `Pprof` implements `Display` and writes its text piece by piece. [`Dump::write`] writes any form
//! except `Diff`, chosen by its [`Format`], to a file, a socket or standard output.
//!
//! Names may come from anywhere. Each form escapes them, so that they cannot forge lines or control a terminal.

mod aggregate;
mod awaits;
mod busiest;
mod cache;
mod delays;
mod diff;
mod dropped;
mod field;
mod folded;
mod format;
mod frames;
mod gone;
mod groups;
mod inner_tasks;
mod json;
mod output;
mod palette;
mod paths;
#[cfg(feature = "pprof")]
mod pprof;
mod range;
mod spawn_stacks;
mod stacks;
mod summary;
mod task_block;
mod text;
mod threads;
mod tree;
mod waits;
mod wrap;

use std::fmt;

use crate::Dump;

pub use diff::{Diff, SiteGrowth};
pub use folded::Folded;
pub use format::{Format, ParseFormatError};
pub use groups::{Group, Groups};
pub use json::Json;
pub use palette::should_colorize;
#[cfg(feature = "pprof")]
pub use pprof::Pprof;
pub use text::Text;
#[doc(hidden)]
pub use threads::ThreadList;
pub use tree::Tree;
#[doc(hidden)]
pub use waits::StuckFinding;
pub use waits::{Resources, Stuck};

impl Dump {
    /// Returns a rendering with a paragraph for each task, as `{}` shows it.
    pub fn text(&self) -> Text<'_> {
        Text::new(self)
    }

    /// Returns a rendering with each task below its parent, as `{:#}` shows it.
    pub fn tree(&self) -> Tree<'_> {
        Tree::new(self)
    }

    /// Returns a rendering of the tasks that cannot go on, and why: deadlocks, full blocking pools, polls that do not end,
    /// and tasks that no thread drives. A filter keeps what concerns one of its tasks.
    ///
    /// Locks, permits, channels and handles are found in the state machines of suspended tasks, by debug information. The
    /// feature `debug-stacks` reads it, on 64-bit Linux. Each finding is *certain*, or *probable* if a part of it is guessed.
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{}", birthmark::dump().stuck());
    /// ```
    pub fn stuck(&self) -> Stuck<'_> {
        Stuck::new(self)
    }

    /// Returns a rendering of the things that tasks share: locks, semaphores, channels and awaited tasks, each with the tasks
    /// that have it and that wait for it. The thing that most tasks wait for comes first. A filter keeps what one of its tasks
    /// uses.
    ///
    /// The things are found as [`Dump::stuck`] finds them.
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{}", birthmark::dump().resources());
    /// ```
    pub fn resources(&self) -> Resources<'_> {
        Resources::new(self)
    }

    /// Returns a rendering by groups, largest first.
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(self)
    }

    /// Returns a rendering as folded stacks, for flame graphs.
    pub fn folded(&self) -> Folded<'_> {
        Folded(self)
    }

    /// Returns a rendering as a profile, for pprof. The method needs the feature `pprof`.
    #[cfg(feature = "pprof")]
    pub fn pprof(&self) -> Pprof<'_> {
        Pprof(self)
    }

    /// Returns the first lines of the renderings: the numbers of tasks, and the program.
    #[doc(hidden)]
    pub fn heading(&self) -> String {
        summary::Summary(self).to_string()
    }

    /// Returns a rendering of the OS threads alone.
    #[doc(hidden)]
    pub fn thread_list(&self) -> ThreadList<'_> {
        ThreadList::new(self)
    }

    /// Returns a rendering as JSON, for programs.
    pub fn json(&self) -> Json<'_> {
        Json::new(self)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.tree().fmt(f)
        } else {
            self.text().fmt(f)
        }
    }
}
