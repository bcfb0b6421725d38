//! Filters of nothing.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use birthmark_core::__reader::absent;
use birthmark_core::TaskId;

absent! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ParseFilterError {}
}

absent!(impl Display for ParseFilterError);

impl Error for ParseFilterError {}

/// Any filter: all texts are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(());

/// Defines methods that return the filter.
macro_rules! conditions {
    ($(pub fn $condition:ident(self $(, $argument:ident: $type:ty)?) -> Self;)*) => {
        impl Filter {
            $(
                #[inline]
                pub fn $condition(self $(, $argument: $type)?) -> Self {
                    self
                }
            )*
        }
    };
}

conditions! {
    pub fn name(self, pattern: &str) -> Self;
    pub fn label(self, pattern: &str) -> Self;
    pub fn local(self, pattern: &str) -> Self;
    pub fn role(self, pattern: &str) -> Self;
    pub fn site(self, pattern: &str) -> Self;
    pub fn kind(self, pattern: &str) -> Self;
    pub fn stack(self, pattern: &str) -> Self;
    pub fn text(self, words: &str) -> Self;
    pub fn running(self) -> Self;
    pub fn blocked(self) -> Self;
    pub fn idle(self) -> Self;
    pub fn runnable(self) -> Self;
    pub fn waiting(self) -> Self;
    pub fn suspended(self) -> Self;
    pub fn created(self) -> Self;
    pub fn delayed(self) -> Self;
    pub fn older_than(self, age: Duration) -> Self;
    pub fn in_state_for(self, time: Duration) -> Self;
    pub fn polled(self, times: u32) -> Self;
    pub fn woken_by(self, pattern: &str) -> Self;
    pub fn under(self, id: TaskId) -> Self;
}

impl Filter {
    #[inline]
    pub fn new() -> Self {
        Filter(())
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        true
    }

    #[inline]
    pub fn try_with(self, key: &str, value: &str) -> Result<Self, ParseFilterError> {
        Ok(self)
    }
}

impl FromStr for Filter {
    type Err = ParseFilterError;

    #[inline]
    fn from_str(_: &str) -> Result<Self, ParseFilterError> {
        Ok(Filter(()))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
