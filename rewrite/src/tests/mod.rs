//! Tests of the engine, with a small language for what a piece of code becomes.

mod callees;
mod errors;
mod frames;
// Spans have positions only then.
#[cfg(feature = "text")]
mod guards;
mod items;
mod macros;
mod naming;
mod relays;
mod roles;
mod shapes;
mod waits;

use std::str::FromStr;

use proc_macro2::TokenStream;

use crate::site::{Position, Reason, Site, Uncovered};

/// The result for an item, in a form that is easy to compare.
pub(crate) struct Run {
    /// The item without white space, `P` for the path of the runtime, `S0` for the first site of a table.
    pub text: String,
    pub sites: Vec<Site>,
    pub uncovered: Vec<Uncovered>,
    pub errors: Vec<String>,
}

/// Runs the engine over an item.
pub(crate) fn instrument(args: &str, item: &str) -> Run {
    let parse =
        |code: &str| TokenStream::from_str(code).expect("the test's code consists of tokens");
    let nowhere = |_| Position {
        file: "x.rs".into(),
        line: 1,
        column: 1,
    };
    let output = crate::instrument(parse(args), parse(item), &nowhere);
    Run {
        text: short(&output.item.to_string()),
        sites: output.sites,
        uncovered: output.uncovered,
        errors: output.errors.iter().map(ToString::to_string).collect(),
    }
}

/// Runs the engine over statements and gives what they become, without the table and without frames.
pub(crate) fn body(statements: &str) -> String {
    let text = instrument("frames = false", &format!("fn f() {{ {statements} }}")).text;
    let inner = text
        .strip_prefix("fnf(){")
        .and_then(|text| text.strip_suffix('}'));
    let inner = inner.expect("the function is printed first");
    // The table stands first, and ends with its last row.
    match inner.strip_prefix("P::table!{") {
        Some(inner) => inner
            .split_once(")}")
            .map_or("", |(_, rest)| rest)
            .to_owned(),
        None => inner.to_owned(),
    }
}

/// Asserts what statements become; `same` stands for no change at all.
#[track_caller]
pub(crate) fn becomes(statements: &str, expected: &str) {
    assert_eq!(body(statements), short(expected), "{statements}");
}

/// Asserts that statements stay as they are.
#[track_caller]
pub(crate) fn untouched(statements: &str) {
    becomes(statements, statements);
}

/// The reasons for which spawns were left alone, with their callees.
pub(crate) fn reasons(run: &Run) -> Vec<(&str, &Reason)> {
    run.uncovered
        .iter()
        .map(|one| (one.callee.as_str(), &one.reason))
        .collect()
}

/// As [`short_with_relays`], without the announcements of tasks to their callees, which `relays.rs` is about.
pub(crate) fn short(code: &str) -> String {
    let mut text = short_with_relays(code);
    for index in 0..10 {
        let site = format!("S{index}");
        let announced = [
            (format!("P::Relayed({site},false,false,true)"), site.clone()),
            (
                format!("P::future(P::relayed_at({site},false,false,true),"),
                format!("P::future_at({site},"),
            ),
            (
                format!("P::relayed_at({site},false,false,true)"),
                format!("P::record_spawn_at({site})"),
            ),
        ];
        for (announced, plain) in announced {
            text = text.replace(&announced, &plain);
        }
        for around in [
            "returned(P::callee(),",
            "awaited(P::callee(),",
            "announced(",
        ] {
            text = unwrapped(text, &format!("P::{around}{site},"));
        }
    }
    text
}

/// Takes a call away, and leaves its last argument.
fn unwrapped(mut text: String, head: &str) -> String {
    while let Some(start) = text.find(head) {
        let inner = start + head.len();
        let mut depth = 1;
        let end = text[inner..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let end = inner + end.expect("the parentheses match");
        text = format!(
            "{}{}{}",
            &text[..start],
            &text[inner..end],
            &text[end + 1..]
        );
    }
    text
}

/// Removes white space and shortens what every emission contains.
pub(crate) fn short_with_relays(code: &str) -> String {
    let code = TokenStream::from_str(code)
        .expect("the code consists of tokens")
        .to_string();
    let mut text: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    for index in 0..10 {
        for site in ["__BIRTHMARK_SITES.at(@)", "&__BIRTHMARK_SITES,@"] {
            let site = site.replace('@', &index.to_string());
            text = text.replace(&site, &format!("S{index}"));
        }
    }
    text.replace("::birthmark::__private", "P")
        .replace("__undone_by_instrument_skip", "__birthmark")
}
