//! Tools for crates that would deliver dumps.

use std::borrow::Cow;
use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use birthmark_core::__reader::absent;

use super::rules::RuleReport;
use crate::{Exceeded, Labels, Spawn, Task, TaskId, TaskRef};

pub use birthmark_dump::__private::SpanSource;

pub type RuleSink = fn(&RuleReport) -> bool;

/// Starts an ordinary thread.
pub fn spawn_internal_thread(
    name: &str,
    stack_size: usize,
    f: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let builder = Builder::new().name(name.to_owned());
    builder.stack_size(stack_size).spawn(f)
}

#[inline]
pub fn thread_cpu_time() -> Option<Duration> {
    None
}

#[inline]
pub fn current_task() -> Option<Task> {
    None
}

#[inline]
pub fn remaining_ms() -> Option<i64> {
    None
}

#[inline]
pub fn owner_of(exceeded: &Exceeded) -> Option<Task> {
    None
}

#[inline]
pub fn set_rule_sink(sink: RuleSink) {}

#[inline]
pub fn set_span_source(source: SpanSource) {}

absent! {
    #[derive(Clone, Copy, Debug)]
    pub struct Identity {
        fn id(&self) -> TaskId;
        fn role(&self) -> Cow<'static, str>;
        fn name(&self) -> Option<String>;
        fn labels(&self) -> Labels;
    }
}

impl Identity {
    #[inline]
    pub fn current() -> Option<Identity> {
        None
    }

    #[inline]
    pub fn of(task: &TaskRef<'_>) -> Identity {
        unreachable!("no task is recorded")
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Carry {
    #[default]
    Child,
    FollowsFrom,
    Off,
}

#[derive(Debug, Default)]
pub struct CarryRules(());

impl CarryRules {
    #[inline]
    pub fn new() -> Self {
        CarryRules(())
    }

    #[inline]
    pub fn module(self, module: &str, carry: Carry) -> Self {
        self
    }

    #[inline]
    pub fn role(self, role: &str, carry: Carry) -> Self {
        self
    }

    #[inline]
    pub fn site(self, site: &str, carry: Carry) -> Self {
        self
    }

    #[inline]
    pub fn roots(self, carry: Carry) -> Self {
        self
    }

    #[inline]
    pub fn others(self, carry: Carry) -> Self {
        self
    }

    #[inline]
    pub fn decide(&self, spawn: &Spawn<'_>) -> Carry {
        Carry::Off
    }
}
