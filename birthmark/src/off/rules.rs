//! Rules that are never looked at.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use birthmark_core::__reader::{absent, passes_on};

use crate::render::Format;
use crate::{Spawn, Task};

absent! {
    #[derive(Clone, Debug)]
    pub struct RuleReport {
        fn rule(&self) -> &str;
        fn line(&self) -> &str;
        fn tasks(&self) -> &[Task];
        fn task_count(&self) -> usize;
        fn has_ended(&self) -> bool;
        fn evaluation(&self) -> u64;
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ParseRuleError {
        fn position(&self) -> usize;
    }
}

absent!(impl Display for RuleReport, ParseRuleError);

impl Error for ParseRuleError {}

passes_on! {
    pub struct Timebox<F>: |output| output => F::Output;
}

#[inline]
pub fn add_rule(condition: &str, action: Action) -> Result<(), ParseRuleError> {
    Ok(())
}

#[inline]
pub fn rules() -> Vec<RuleStats> {
    Vec::new()
}

#[inline]
pub fn timebox<F: Future>(limit: Duration, future: F) -> Timebox<F> {
    Timebox::around(future)
}

pub trait TimeboxSpawn {
    fn timebox(&mut self, limit: Duration);
}

impl TimeboxSpawn for Spawn<'_> {
    #[inline]
    fn timebox(&mut self, limit: Duration) {}
}

#[derive(Clone)]
#[must_use = "an action does nothing until it is part of a rule"]
pub struct Action(());

/// Defines functions that return the action.
macro_rules! actions {
    ($(pub fn $action:ident($($argument:ident: $type:ty),*) -> Self;)*) => {
        impl Action {
            $(
                #[inline]
                pub fn $action($($argument: $type),*) -> Self {
                    Action(())
                }
            )*
        }
    };
}

actions! {
    pub fn abort_tree() -> Self;
    pub fn log() -> Self;
    pub fn stacks() -> Self;
    pub fn dump() -> Self;
    pub fn stuck() -> Self;
    pub fn groups() -> Self;
    pub fn diff() -> Self;
    pub fn call(function: impl Fn(&RuleReport) + Send + Sync + 'static) -> Self;
    pub fn abort_process() -> Self;
}

impl Action {
    #[inline]
    pub fn format(self, form: Format) -> Self {
        self
    }

    #[inline]
    pub fn with_stacks(self) -> Self {
        self
    }

    #[inline]
    pub fn and(self, other: Action) -> Self {
        self
    }
}

impl fmt::Display for Action {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Action")
    }
}

#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleStats {
    pub rule: Arc<str>,
    pub action: String,
    pub fired: u64,
    pub suppressed: u64,
    pub active: u64,
    pub evaluations: u64,
    pub problem: Option<String>,
}

impl fmt::Display for RuleStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
