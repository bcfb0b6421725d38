//! Errors that name their remedy.

use std::fmt;

use anyhow::{Error, Result};

/// One layer of an error: the action that failed, and the remedy.
#[derive(Debug)]
struct Advised {
    what: String,
    help: String,
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Advised {}

/// Adds a remedy to an error.
pub trait Advise<T> {
    /// Adds the action that failed, as the end of "cannot …", and the remedy as an imperative.
    fn advise(self, what: impl Into<String>, help: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Error>> Advise<T> for std::result::Result<T, E> {
    fn advise(self, what: impl Into<String>, help: impl Into<String>) -> Result<T> {
        self.map_err(|error| {
            let (what, help) = (what.into(), help.into());
            error.into().context(Advised { what, help })
        })
    }
}

/// Makes an error of an action with its cause, as the end of "cannot …", and the remedy as an imperative.
pub fn refusal(what: impl Into<String>, help: impl Into<String>) -> Error {
    let (what, help) = (what.into(), help.into());
    Error::new(Advised { what, help })
}

/// Returns the remedy of an error, if it has one. The outermost one counts.
pub fn of(error: &Error) -> Option<&str> {
    let advised = error.downcast_ref::<Advised>();
    advised.map(|advised| &advised.help[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn remedy_is_found_below_other_layers() {
        let read = Err::<(), _>(std::io::Error::other("gone")).advise("read x", "make it");
        let error = read.context("choose").unwrap_err();
        assert_eq!(format!("{error:#}"), "choose: read x: gone");
        assert_eq!(of(&error), Some("make it"));
        assert_eq!(of(&refusal("a", "b")), Some("b"));
    }
}
