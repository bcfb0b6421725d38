//! Types of which no value exists.

/// Declares types of which no value exists, each with the signatures of its methods. A method returns by the absence of
/// the value on which it is called.
///
/// Not public API. Used by birthmark's own crates.
#[doc(hidden)]
#[macro_export]
macro_rules! __absent {
    ($(
        $(#[$attribute:meta])*
        pub struct $type:ident $(<$life:lifetime>)? {
            $(fn $method:ident(&$self:ident $(, $argument:ident: $of_argument:ty)* $(,)?) -> $result:ty;)*
        }
    )*) => {$(
        $(#[$attribute])*
        pub struct $type $(<$life>)? {
            never: core::convert::Infallible,
            $(_life: core::marker::PhantomData<&$life ()>,)?
        }

        impl $(<$life>)? $type $(<$life>)? {
            $(
                #[inline]
                pub fn $method(&$self $(, $argument: $of_argument)*) -> $result {
                    match $self.never {}
                }
            )*
        }
    )*};
    (impl Display for $($type:ident),* $(,)?) => {$(
        impl core::fmt::Display for $type {
            fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.never {}
            }
        }
    )*};
}

pub use crate::__absent as absent;
