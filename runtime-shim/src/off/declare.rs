//! Declarations of locals.

use core::fmt;
use core::marker::PhantomData;

/// A declaration, as the macro passes it on.
pub struct Declaration<T: 'static> {
    pub(super) name: &'static str,
    _value: PhantomData<fn(T) -> T>,
}

/// The value that children would inherit.
pub enum Inherit<T: 'static> {
    Never,
    Always,
    With(fn(&T) -> Option<T>),
}

impl<T: 'static> Declaration<T> {
    pub const fn new(name: &'static str, inherit: Inherit<T>) -> Self {
        Declaration {
            name,
            _value: PhantomData,
        }
    }

    pub const fn shown(self) -> Self
    where
        T: fmt::Display,
    {
        self
    }
}

impl<T: 'static> fmt::Debug for Declaration<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declaration").finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for Inherit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inherit")
    }
}
