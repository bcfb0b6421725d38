//! Names and labels of tasks.

use core::fmt;
use std::future::Future;

use super::passes_on::passes_on;

passes_on! {
    pub struct WithContext<F>: |output| output => F::Output;
}

#[inline]
pub fn set_name(name: impl fmt::Display) {}

#[inline]
pub fn with_name<R>(name: impl fmt::Display, f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub fn with_name_async<F: Future>(name: impl fmt::Display, future: F) -> WithContext<F> {
    WithContext::around(future)
}

#[inline]
pub fn set_label(key: &str, value: impl fmt::Display) {}

#[inline]
pub fn with_label<R>(key: &str, value: impl fmt::Display, f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub fn with_label_async<F: Future>(
    key: &str,
    value: impl fmt::Display,
    future: F,
) -> WithContext<F> {
    WithContext::around(future)
}
