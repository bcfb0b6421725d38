//! The query of a request: a filter, and parameters of the path.

use std::time::Duration;

use axum::http::Uri;
use birthmark::{
    AwaitDetail, Filter, ParseAwaitDetailError, ParseFilterError, ParseThreadDetailError,
    ThreadDetail,
};

use crate::paths::{AWAITS, LIMIT, Parameter, SECONDS, THREADS, WAITS};

/// For how long two dumps may be apart.
const LONGEST: u64 = 60;

/// The query of a request.
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn of(uri: &'a Uri) -> Self {
        Query(uri.query().unwrap_or(""))
    }

    /// The token. It is not encoded, since none has characters that need it.
    pub(crate) fn token(&self) -> Option<&'a str> {
        self.value("token")
    }

    /// Returns the time between two dumps.
    pub(crate) fn seconds(&self) -> Result<Duration, String> {
        let text = self.value(SECONDS.name).unwrap_or("5");
        match text.parse() {
            Ok(seconds @ 1..=LONGEST) => Ok(Duration::from_secs(seconds)),
            _ => Err(format!(
                "invalid value \"{}\" for `seconds`\nhelp: write a whole number from 1 to {LONGEST}, as in seconds=10",
                text.escape_debug()
            )),
        }
    }

    /// Returns the detail about OS threads.
    pub(crate) fn threads(&self) -> Result<ThreadDetail, String> {
        let report = self.value(THREADS.name).unwrap_or("off").parse();
        report.map_err(|error: ParseThreadDetailError| error.to_string())
    }

    /// Returns the detail about awaits.
    pub(crate) fn awaits(&self) -> Result<AwaitDetail, String> {
        let detail = self
            .value(AWAITS.name)
            .map_or(Ok(AwaitDetail::default()), str::parse);
        // The error has the name of the word in `BIRTHMARK`.
        detail.map_err(|error: ParseAwaitDetailError| {
            error.to_string().replacen("`stacks`", "`awaits`", 1)
        })
    }

    /// Returns `true` if a dump has what tasks wait for.
    pub(crate) fn waits(&self) -> Result<bool, String> {
        match self.value(WAITS.name) {
            None | Some("off") => Ok(false),
            Some("on") => Ok(true),
            Some(text) => Err(format!(
                "invalid value \"{}\" for `waits`\nhelp: use on or off",
                text.escape_debug()
            )),
        }
    }

    /// Returns the maximum number of tasks in a dump.
    pub(crate) fn limit(&self) -> Result<usize, String> {
        let Some(text) = self.value(LIMIT.name) else {
            return Ok(usize::MAX);
        };
        text.parse().map_err(|_| {
            format!(
                "invalid value \"{}\" for `limit`\nhelp: write a whole number, as in limit=1000",
                text.escape_debug()
            )
        })
    }

    /// The filter: all but `token`, and but what the path itself understands.
    pub(crate) fn filter(&self, of_the_path: &[Parameter]) -> Result<Filter, String> {
        let is_others = |part: &&str| {
            let key = part.split('=').next().unwrap_or("");
            key != "token" && !of_the_path.iter().any(|parameter| parameter.name == key)
        };
        let conditions: Vec<&str> = self.0.split('&').filter(is_others).collect();
        let filter = conditions.join("&").parse();
        filter.map_err(|error: ParseFilterError| format!("{error}{}", path_parameters(of_the_path)))
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        let mut pairs = self.0.split('&').filter_map(|part| part.split_once('='));
        Some(pairs.find(|(name, _)| *name == key)?.1)
    }
}

/// Returns a hint that names the parameters of a path, for the error of its query.
fn path_parameters(of_the_path: &[Parameter]) -> String {
    let keys: Vec<String> = of_the_path
        .iter()
        .map(|it| format!("{}=", it.name))
        .collect();
    match &*keys {
        [] => String::new(),
        [key] => format!("; besides filters, this path takes {key}"),
        [first @ .., last] => format!(
            "; besides filters, this path takes {} and {last}",
            first.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LIMIT, Query, SECONDS};

    #[test]
    fn query_has_a_filter_and_parameters() {
        let query = Query("state=running&token=abc&seconds=7&under=42");
        assert_eq!(query.token(), Some("abc"));
        assert_eq!(query.seconds(), Ok(Duration::from_secs(7)));
        let filter = query.filter(&[SECONDS]).unwrap();
        assert_eq!(filter.to_string(), "state=running&under=42");
    }

    #[test]
    fn wrong_parameter_is_named() {
        let error = Query("seconds=7").filter(&[]).unwrap_err();
        assert!(error.contains("no key \"seconds\""), "{error}");
        let error = Query("second=7").filter(&[SECONDS, LIMIT]).unwrap_err();
        assert!(
            error.ends_with("; besides filters, this path takes seconds= and limit="),
            "{error}"
        );
        for most in ["", "-1", "1e3", "99999999999999999999", "\u{1b}"] {
            let error = Query(&format!("limit={most}")).limit().unwrap_err();
            assert!(
                error.starts_with("invalid value ") && error.contains("as in limit="),
                "{error}"
            );
            assert!(!error.contains('\u{1b}'));
        }
        for seconds in ["", "0", "61", "-1", "1.5", "\u{1b}"] {
            let error = Query(&format!("seconds={seconds}")).seconds().unwrap_err();
            assert!(
                error.starts_with("invalid value ") && error.contains("1 to 60"),
                "{error}"
            );
            assert!(!error.contains('\u{1b}'));
        }
    }
}
