//! A setting up that does nothing.

use std::borrow::Cow;
use std::path::PathBuf;

use super::panic_report::PanicReport;
use super::rules::{Action, ParseRuleError};
use super::signal::DumpSignal;
use crate::render::Format;
use crate::{AwaitDetail, Filter, LocalToRedact, ThreadDetail};

#[inline]
pub fn install() {}

#[inline]
pub fn builder() -> Builder {
    Builder(())
}

#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `install`"]
pub struct Builder(());

/// Defines methods that return the builder.
macro_rules! settings {
    ($(pub fn $setting:ident(self $(, $argument:ident: $type:ty)*) -> Self;)*) => {
        impl Builder {
            $(
                #[inline]
                pub fn $setting(self $(, $argument: $type)*) -> Self {
                    self
                }
            )*
        }
    };
}

settings! {
    pub fn panic_report(self, report: PanicReport) -> Self;
    pub fn dump_on_signal(self, signal: DumpSignal) -> Self;
    pub fn dump_format(self, format: Format) -> Self;
    pub fn dump_filter(self, filter: Filter) -> Self;
    pub fn dump_threads(self, report: ThreadDetail) -> Self;
    pub fn dump_awaits(self, detail: AwaitDetail) -> Self;
    pub fn dump_directory(self, path: impl Into<PathBuf>) -> Self;
    pub fn dump_files(self, count: usize) -> Self;
    pub fn dump_bytes(self, bytes: u64) -> Self;
    pub fn redact_names(self, redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static) -> Self;
    pub fn redact_labels(self, redact: impl for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync + 'static) -> Self;
    pub fn redact_messages(self, redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static) -> Self;
    pub fn redact_locals(self, hides: impl Fn(&LocalToRedact<'_>) -> bool + Send + Sync + 'static) -> Self;
    pub fn enabled(self, enabled: bool) -> Self;
    pub fn wakes(self, wakes: bool) -> Self;
    pub fn delays(self, delays: bool) -> Self;
    pub fn gone_tasks(self, count: u32) -> Self;
    pub fn rule(self, condition: &str, action: Action) -> Self;
    pub fn watch(self) -> Self;
    pub fn spawn_stacks(self, pattern: &str) -> Self;
    pub fn env(self, env: bool) -> Self;
    pub fn clock(self, clock: bool) -> Self;
}

impl Builder {
    #[inline]
    pub fn try_rule(self, condition: &str, action: Action) -> Result<Self, ParseRuleError> {
        Ok(self)
    }

    #[inline]
    pub fn install(self) {}
}
