//! Locals without values.

use core::fmt;
use core::marker::PhantomData;
use std::error::Error;
use std::future::Future;

use super::context::WithContext;
use super::declare::Declaration;

pub struct TaskLocal<T: 'static> {
    declaration: Declaration<T>,
    _value: PhantomData<fn(T) -> T>,
}

impl<T: 'static> TaskLocal<T> {
    #[doc(hidden)]
    pub const fn new(declaration: Declaration<T>) -> Self {
        TaskLocal {
            declaration,
            _value: PhantomData,
        }
    }

    #[inline]
    pub fn name(&self) -> &'static str {
        self.declaration.name
    }
}

impl<T: Send + Sync + 'static> TaskLocal<T> {
    #[inline]
    pub fn set(&'static self, value: T) {}

    #[inline]
    pub fn unset(&'static self) {}

    /// Panics, because there is no value.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        panic!("{}", self.error())
    }

    #[inline]
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, TaskLocalError> {
        Err(self.error())
    }

    /// Panics, because there is no value.
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        panic!("{}", self.error())
    }

    #[inline]
    pub fn try_get(&'static self) -> Result<T, TaskLocalError>
    where
        T: Clone,
    {
        Err(self.error())
    }

    #[inline]
    pub fn scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline]
    pub fn scope_async<F: Future>(&'static self, value: T, future: F) -> WithContext<F> {
        WithContext::around(future)
    }

    fn error(&self) -> TaskLocalError {
        TaskLocalError { name: self.name() }
    }
}

impl<T: 'static> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskLocalError {
    name: &'static str,
}

impl fmt::Display for TaskLocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the local `{}` has no value, because birthmark's feature `off` is set",
            self.name
        )
    }
}

impl Error for TaskLocalError {}
