//! Futures that would be tasks.

use core::fmt;
use core::panic::Location;
use std::future::Future;

use super::passes_on::passes_on;

passes_on! {
    pub struct Scope<F>: |output| output => F::Output;
}

#[inline]
pub fn scope<F: Future>(name: impl fmt::Display, future: F) -> Scope<F> {
    Scope::around(future)
}

impl<F> Scope<F> {
    #[inline]
    pub fn label(self, key: &str, value: impl fmt::Display) -> Self {
        self
    }

    #[inline]
    pub fn role(self, role: &'static str) -> Self {
        self
    }

    #[inline]
    pub fn place(self, place: &'static Location<'static>) -> Self {
        self
    }
}
