//! Enums whose values have names that users write.

use std::fmt::{self, Display};

use super::escape::Quoted;

/// Declares an enum whose values have names. A value is one row: documentation, variant and name, and the feature that
/// it needs. An error may follow, with the key for which users write the names. The enum then implements `FromStr`.
#[doc(hidden)]
#[macro_export]
macro_rules! __named_enum {
    (
        $(#[$attribute:meta])*
        pub enum $enum:ident {
            $($(#[$of_variant:meta])* $variant:ident = $name:literal $(if feature = $feature:literal)?),+ $(,)?
        }
        $(
            $(#[$of_error:meta])*
            pub struct $error:ident for $key:literal $(, without $prefix:literal)?;
        )?
    ) => {
        $(#[$attribute])*
        pub enum $enum {
            $(
                #[doc = concat!("`", $name, "`:")]
                $(#[cfg(feature = $feature)])?
                $(#[$of_variant])*
                $variant,
            )+
        }

        impl $enum {
            /// All values, in the order in which messages list them.
            pub const ALL: &'static [$enum] = &[$($(#[cfg(feature = $feature)])? $enum::$variant),+];

            /// Names that need a feature, and the features.
            #[allow(dead_code, reason = "an enum may have no error that lists them")]
            const MISSING: &[(&str, &str)] = &[$($(#[cfg(not(feature = $feature))] ($name, $feature),)?)+];

            /// Returns the name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(#[cfg(feature = $feature)])? $enum::$variant => $name,)+
                }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $(
            impl std::str::FromStr for $enum {
                type Err = $error;

                fn from_str(text: &str) -> Result<Self, $error> {
                    let name = text;
                    $(let name = name.strip_prefix($prefix).unwrap_or(name);)?
                    let value = $enum::ALL.iter().find(|value| value.as_str() == name);
                    value.copied().ok_or_else(|| $error(text.to_owned()))
                }
            }

            $(#[$of_error])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $error(String);

            impl std::fmt::Display for $error {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    let names = $enum::ALL.iter().map(|value| value.as_str());
                    $crate::__reader::named::write_invalid(f, &self.0, $key, names, $enum::MISSING)
                }
            }

            impl std::error::Error for $error {}
        )?
    };
}

pub use crate::__named_enum as named_enum;

/// Writes the error for a text that names no value. `missing` has names that need a feature, and the features.
#[doc(hidden)]
pub fn write_invalid(
    f: &mut fmt::Formatter<'_>,
    text: &str,
    key: &str,
    names: impl Iterator<Item = &'static str> + Clone,
    missing: &[(&str, &str)],
) -> fmt::Result {
    write!(
        f,
        "invalid value {} for `{key}`\nhelp: ",
        Quoted::whole(text)
    )?;
    match missing.iter().find(|(name, _)| *name == text) {
        Some((_, feature)) => write!(f, "enable birthmark's feature `{feature}`"),
        None => write!(f, "use {}", OneOf(names)),
    }
}

/// Displays names as `a, b or c`.
#[derive(Debug)]
pub struct OneOf<I>(pub I);

impl<I: Iterator<Item: Display> + Clone> Display for OneOf<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.0.clone().peekable();
        let mut separator = "";
        while let Some(name) = names.next() {
            let is_last = names.peek().is_none() && !separator.is_empty();
            write!(f, "{}{name}", if is_last { " or " } else { separator })?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OneOf;

    #[test]
    fn last_name_follows_or() {
        let list = |names: &[&str]| OneOf(names.iter()).to_string();
        assert_eq!(list(&["a", "b", "c"]), "a, b or c");
        assert_eq!(list(&["a", "b"]), "a or b");
        assert_eq!(list(&["a"]), "a");
    }
}
