//! Enums whose values have names that users write.

/// Declares an enum whose values have names. A value is one row: documentation, variant and name, and the `cfg` under
/// which it exists.
#[doc(hidden)]
#[macro_export]
macro_rules! __named_enum {
    (
        $(#[$attribute:meta])*
        pub enum $enum:ident {
            $($(#[$of_variant:meta])* $variant:ident = $name:literal $(if $condition:meta)?),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        pub enum $enum {
            $(
                #[doc = concat!("`", $name, "`:")]
                $(#[cfg($condition)])?
                $(#[$of_variant])*
                $variant,
            )+
        }

        impl $enum {
            /// All values, in the order in which messages list them.
            pub const ALL: &'static [$enum] = &[$($(#[cfg($condition)])? $enum::$variant),+];

            /// Returns the name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(#[cfg($condition)])? $enum::$variant => $name,)+
                }
            }

            /// Returns the value of this name.
            #[allow(dead_code, reason = "the names of some enums are only shown")]
            #[doc(hidden)]
            pub fn named(name: &str) -> Option<$enum> {
                $enum::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub use crate::__named_enum as named_enum;
