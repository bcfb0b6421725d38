//! The dump of a program that records nothing.

use std::fmt;

#[cfg(feature = "pprof")]
use super::render::Pprof;
use super::render::{Diff, Folded, Groups, Json, Resources, Stuck, Text, ThreadList, Tree};
use super::{AwaitDetail, BadEnds, DroppedAwait, Filter, GoneTask, OsThread, Task, ThreadDetail};
use birthmark_core::Site;

/// A dump without tasks. Each form of it is [`Dump::NOTE`], or `null` in JSON.
#[derive(Debug)]
pub struct Dump(());

impl Dump {
    /// The text of each form.
    pub(crate) const NOTE: &'static str =
        "birthmark: nothing is recorded, because the feature `off` is set\n";

    #[doc(hidden)]
    #[inline]
    pub const fn none() -> Self {
        Dump(())
    }

    #[inline]
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn len(&self) -> usize {
        0
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        true
    }

    #[inline]
    pub fn total(&self) -> usize {
        0
    }

    #[inline]
    pub fn coverage(&self) -> &Coverage {
        &Coverage(())
    }

    #[inline]
    pub fn gone(&self) -> &[GoneTask] {
        &[]
    }

    #[inline]
    pub fn bad_ends(&self) -> &[BadEnds] {
        &[]
    }

    #[inline]
    pub fn filter(self, filter: &Filter) -> Self {
        self
    }

    #[inline]
    pub fn filter_while(self, filter: &Filter, goes_on: &mut dyn FnMut() -> bool) -> Self {
        self
    }

    #[inline]
    pub fn with_threads(self, report: ThreadDetail) -> Self {
        self
    }

    #[inline]
    pub fn threads(&self) -> Option<&[OsThread]> {
        None
    }

    #[inline]
    pub fn with_awaits(self, detail: AwaitDetail) -> Self {
        self
    }

    #[inline]
    pub fn with_awaits_while(self, detail: AwaitDetail, goes_on: &mut dyn FnMut() -> bool) -> Self {
        self
    }

    #[inline]
    pub fn with_waits(self) -> Self {
        self
    }

    #[inline]
    pub fn diff<'a>(&'a self, before: &'a Dump) -> Diff<'a> {
        Diff::new()
    }

    #[inline]
    pub fn text(&self) -> Text<'_> {
        Text::new()
    }

    #[inline]
    pub fn tree(&self) -> Tree<'_> {
        Tree::new()
    }

    #[inline]
    pub fn stuck(&self) -> Stuck<'_> {
        Stuck::new()
    }

    #[inline]
    pub fn resources(&self) -> Resources<'_> {
        Resources::new()
    }

    #[inline]
    pub fn groups(&self) -> Groups<'_> {
        Groups::new()
    }

    #[inline]
    pub fn folded(&self) -> Folded<'_> {
        Folded::new()
    }

    #[cfg(feature = "pprof")]
    #[inline]
    pub fn pprof(&self) -> Pprof<'_> {
        Pprof::new()
    }

    #[inline]
    pub fn thread_list(&self) -> ThreadList<'_> {
        ThreadList::new()
    }

    #[inline]
    pub fn json(&self) -> Json<'_> {
        Json::new()
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Dump::NOTE)
    }
}

/// The coverage of a dump that has looked at nothing.
#[derive(Clone, Debug)]
pub struct Coverage(());

impl Coverage {
    #[inline]
    pub fn os_threads(&self) -> Option<usize> {
        None
    }

    #[inline]
    pub fn recorded_os_threads(&self) -> Option<usize> {
        None
    }

    #[inline]
    pub fn untracked_spawns(&self) -> u64 {
        0
    }

    #[inline]
    pub fn refused(&self) -> u64 {
        0
    }

    #[inline]
    pub fn dropped_records(&self) -> u64 {
        0
    }

    #[inline]
    pub fn uncertain_records(&self) -> u64 {
        0
    }

    #[inline]
    pub fn ages_known(&self) -> bool {
        false
    }

    #[inline]
    pub fn passed_through(&self) -> u64 {
        0
    }

    #[inline]
    pub fn sites_without_task(&self) -> &[&'static Site] {
        &[]
    }

    #[inline]
    pub fn sites(&self) -> usize {
        0
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Dump::NOTE.trim_end())
    }
}

#[inline]
pub fn current() -> Option<Task> {
    None
}

#[inline]
pub fn task_count() -> usize {
    0
}

#[inline]
pub fn dropped() -> Vec<DroppedAwait> {
    Vec::new()
}

#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LocalToRedact<'a> {
    pub function: &'a str,
    pub name: &'a str,
    pub type_name: &'a str,
}
