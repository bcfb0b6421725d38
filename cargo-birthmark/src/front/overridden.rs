//! Variables of the environment that override what `init` has entered into cargo's configuration.

use std::env;
use std::path::Path;

use super::project::TARGET_DIR;
use crate::output::status;
use crate::programs;
use crate::toolchain::{same_file, this_binary};

/// A variable that is set, and the key that it overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    variable: &'static str,
    key: &'static str,
    value: String,
}

/// The variables by which cargo sets each key that `init` enters.
const VARIABLES: [(&str, &str); 6] = [
    ("RUSTC_WRAPPER", "build.rustc-wrapper"),
    ("CARGO_BUILD_RUSTC_WRAPPER", "build.rustc-wrapper"),
    ("CARGO_TARGET_DIR", "build.target-dir"),
    ("CARGO_BUILD_TARGET_DIR", "build.target-dir"),
    ("CARGO_BUILD_BUILD_DIR", "build.build-dir"),
    ("CARGO_BIRTHMARK", "env.CARGO_BIRTHMARK"),
];

/// Finds those that are set.
pub fn find() -> Vec<Override> {
    of(|variable| env::var(variable).ok())
}

fn of(value: impl Fn(&str) -> Option<String>) -> Vec<Override> {
    let set = VARIABLES.into_iter().filter_map(|(variable, key)| {
        let value = value(variable)?;
        let is_ours = match key {
            // An empty one has cargo do without a wrapper.
            "build.rustc-wrapper" => !value.is_empty() && is_this_binary(&value),
            "env.CARGO_BIRTHMARK" => value.is_empty(),
            _ => value.is_empty() || Path::new(&value).ends_with(TARGET_DIR),
        };
        (!is_ours).then_some(Override {
            variable,
            key,
            value,
        })
    });
    set.collect()
}

fn is_this_binary(wrapper: &str) -> bool {
    let wrapper = programs::find(Path::new(wrapper));
    this_binary().is_ok_and(|this| same_file(&wrapper, &this))
}

impl Override {
    /// Says what is overridden.
    pub fn what(&self) -> String {
        let Override {
            variable,
            key,
            value,
        } = self;
        let effect = match *key {
            "build.rustc-wrapper" => "plain cargo does not instrument",
            "env.CARGO_BIRTHMARK" => "plain cargo instruments with other choices",
            _ => "plain cargo uses crates that were compiled there without birthmark",
        };
        format!("{variable}={value} overrides {key}, which `init` entered: {effect}")
    }

    /// Says what to do.
    pub fn help(&self) -> String {
        let Override {
            variable, value, ..
        } = self;
        if self.key.ends_with("-dir") {
            let ours = Path::new(value).join(TARGET_DIR);
            format!("unset {variable}, or set it to {}", ours.display())
        } else {
            format!("unset {variable} if plain cargo is to instrument")
        }
    }
}

/// Warns of each variable that overrides an entry of `init`.
pub fn warn() {
    for one in find() {
        let (warning, help) = (
            status(&format!("warning: {}", one.what())),
            status(&format!("help: {}", one.help())),
        );
        eprint!("{warning}{help}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_wrapper_overrides_and_our_directory_does_not() {
        let set = |variable: &str| match variable {
            "CARGO_TARGET_DIR" => Some("/t/birthmark".to_owned()),
            "RUSTC_WRAPPER" => Some(String::new()),
            _ => None,
        };
        let found = of(set);
        assert_eq!(found.len(), 1);
        assert!(found[0].what().starts_with("RUSTC_WRAPPER= overrides"));
    }

    #[test]
    fn remedy_names_the_directory() {
        let set = |variable: &str| (variable == "CARGO_TARGET_DIR").then(|| "/t".to_owned());
        let found = of(set);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .what()
                .starts_with("CARGO_TARGET_DIR=/t overrides build.target-dir")
        );
        assert_eq!(
            found[0].help(),
            "unset CARGO_TARGET_DIR, or set it to /t/birthmark"
        );
    }
}
