//! Declarations of locals.

use core::fmt;

use crate::record::local_set::ShownValue;

/// A declaration, as the macro passes it on.
///
/// Not public API. Used by the macro.
#[doc(hidden)]
pub struct Declaration<T: 'static> {
    pub(super) name: &'static str,
    pub(super) inherit: Inherit<T>,
    pub(super) show: Option<fn(&T) -> ShownValue>,
}

/// The value that children inherit.
///
/// Not public API. Used by the macro.
#[doc(hidden)]
pub enum Inherit<T: 'static> {
    Never,
    Always,
    With(fn(&T) -> Option<T>),
}

impl<T: 'static> Declaration<T> {
    pub const fn new(name: &'static str, inherit: Inherit<T>) -> Self {
        Declaration {
            name,
            inherit,
            show: None,
        }
    }

    pub const fn shown(self) -> Self
    where
        T: fmt::Display,
    {
        let show: Option<fn(&T) -> ShownValue> = Some(|value| ShownValue::new(value));
        let Declaration { name, inherit, .. } = &self;
        let inherit = match inherit {
            Inherit::Never => Inherit::Never,
            Inherit::Always => Inherit::Always,
            Inherit::With(fork) => Inherit::With(*fork),
        };
        Declaration {
            name,
            inherit,
            show,
        }
    }
}

impl<T: 'static> fmt::Debug for Declaration<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declaration")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for Inherit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Inherit::Never => "Never",
            Inherit::Always => "Always",
            Inherit::With(_) => "With",
        })
    }
}
