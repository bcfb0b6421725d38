//! The forms of a dump, each with the same text.

use std::fmt;
use std::io::IsTerminal;
#[cfg(feature = "pprof")]
use std::io::{self, Write};
use std::marker::PhantomData;
use std::time::Duration;

#[path = "../render/format.rs"]
mod format;

use super::{AwaitStack, Dump, Stack, State, Task};
use birthmark_core::__reader::absent;
use birthmark_core::{Kind, Labels, Name, Site, TaskId};

pub use format::{Format, ParseFormatError};

#[inline]
pub fn should_colorize(stream: &impl IsTerminal) -> bool {
    false
}

/// Declares forms, with the options that each has.
macro_rules! forms {
    ($($(#[$attribute:meta])* pub struct $form:ident = $text:expr $(; fn $option:ident(self, $argument:ident: $type:ty) -> Self)*;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Debug)]
        pub struct $form<'a>(PhantomData<&'a Dump>);

        impl<'a> $form<'a> {
            #[inline]
            pub(super) fn new() -> Self {
                $form(PhantomData)
            }

            $(
                #[inline]
                pub fn $option(self, $argument: $type) -> Self {
                    self
                }
            )*
        }

        impl fmt::Display for $form<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($text)
            }
        }
    )*};
}

forms! {
    #[derive(Copy)]
    pub struct Text = Dump::NOTE; fn color(self, color: bool) -> Self; fn expanded(self, expanded: bool) -> Self;
    #[derive(Copy)]
    pub struct Tree = Dump::NOTE; fn color(self, color: bool) -> Self; fn expanded(self, expanded: bool) -> Self;
    #[derive(Copy)]
    pub struct Stuck = Dump::NOTE; fn color(self, color: bool) -> Self;
    #[derive(Copy)]
    pub struct Resources = Dump::NOTE; fn color(self, color: bool) -> Self;
    #[derive(Copy)]
    pub struct Folded = Dump::NOTE;
    #[derive(Copy)]
    pub struct Json = "null"; fn limit(self, tasks: usize) -> Self;
    #[derive(Copy)]
    pub struct ThreadList = Dump::NOTE; fn color(self, color: bool) -> Self;
    pub struct Groups = Dump::NOTE; fn color(self, color: bool) -> Self;
    pub struct Diff = Dump::NOTE; fn color(self, color: bool) -> Self;
}

impl<'a> Groups<'a> {
    #[inline]
    pub fn list(&self) -> &[Group] {
        &[]
    }
}

impl<'a> Diff<'a> {
    #[inline]
    pub fn new_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn gone_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn unchanged_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn running_tasks(&self) -> impl Iterator<Item = Task> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn most_polled(&self) -> impl Iterator<Item = (Task, u32)> + '_ {
        std::iter::empty()
    }

    #[inline]
    pub fn growth(&self) -> Vec<SiteGrowth> {
        Vec::new()
    }
}

#[cfg(feature = "pprof")]
#[derive(Clone, Copy, Debug)]
pub struct Pprof<'a>(PhantomData<&'a Dump>);

#[cfg(feature = "pprof")]
impl Pprof<'_> {
    #[inline]
    pub(super) fn new() -> Self {
        Pprof(PhantomData)
    }

    #[inline]
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        Ok(())
    }
}

absent! {
    #[derive(Clone, Copy, Debug)]
    pub struct SiteGrowth {
        fn site(&self) -> &'static Site;
        fn before(&self) -> usize;
        fn after(&self) -> usize;
        fn delta(&self) -> i64;
    }

    #[derive(Clone, Debug)]
    pub struct Group {
        fn site(&self) -> Option<&'static Site>;
        fn role(&self) -> &str;
        fn kind(&self) -> Kind;
        fn state(&self) -> State;
        fn runs_no_task(&self) -> bool;
        fn count(&self) -> usize;
        fn max_time_in_state(&self) -> Option<Duration>;
        fn max_age(&self) -> Option<Duration>;
        fn min_id(&self) -> TaskId;
        fn max_id(&self) -> TaskId;
        fn stack(&self) -> &Stack;
        fn awaits(&self) -> Option<&AwaitStack>;
        fn names(&self) -> &[Name];
        fn labels(&self) -> &[Labels];
        fn has_more_names(&self) -> bool;
    }
}
