//! Tests that compare the tables with the documentation. `BLESS=1` writes the tables there.

use birthmark_test_support::documented::{assert_mentioned, assert_table};

use super::callees::{self, Form, Mode, Row};
use super::constructors;
use super::macros::{self, Awaiting, Passes, Unseen};
use super::methods::{self, Effect};
use super::scope_functions::{self, Runs};

const ATTRIBUTE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../macros/src/lib.rs");
const NAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/names.md");
const LIMITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/limits.md");

#[test]
fn callees_are_those_of_the_attributes_documentation() {
    let mut rows = Vec::new();
    for group in callees::TABLE.chunk_by(|one, next| one.name == next.name) {
        rows.push(callee(group));
    }
    assert_table(
        ATTRIBUTE,
        "| callee | arguments | the task is | known from |",
        &rows,
    );
}

/// Returns the row of the documentation for all rows of a name.
fn callee(group: &[Row]) -> String {
    let first = &group[0];
    let callee = match first.form {
        _ if group.len() > 1 => format!("`{}`", first.name),
        Form::Any => format!("`{}`", first.name),
        Form::Path => format!("`{}`, as a function", first.name),
        Form::Method => format!("`.{}`, as a method", first.name),
    };
    let least = group.iter().map(|row| row.least).min().unwrap_or(0);
    let most = group.iter().map(|row| row.most).max().unwrap_or(0);
    let arguments = match most - least {
        0 => format!("{least}"),
        1 => format!("{least} or {most}"),
        _ => format!("{least} to {most}"),
    };
    let position = match (most, first.from_end) {
        (1, _) => "it",
        (_, 0) => "the last",
        _ => "the last but one",
    };
    let task = match first.mode {
        Mode::FutureFn => format!("the result of {position}"),
        Mode::Task | Mode::Execute => position.to_owned(),
    };
    format!("| {callee} | {arguments} | {task} | {} |", first.of)
}

#[test]
fn libraries_of_the_callees_are_those_of_the_guide() {
    let libraries = callees::TABLE.iter().flat_map(|row| row.of.split(", "));
    assert_mentioned(LIMITS, "The attribute knows the spawns of ", libraries);
}

#[test]
fn code_through_which_a_role_looks_is_that_of_the_guide() {
    let methods = |effect| methods::names(effect).map(|name| format!("`.{name}`"));
    let functions = constructors::wrappers().map(|name| format!("`{name}`"));
    let pointers = constructors::makers().map(|name| format!("`{name}`"));
    let decorators = methods(Effect::Decorates).chain(["`.with_…`".to_owned()]);
    let row = |of: &str, names: Vec<String>| format!("| {of} | {} |", names.join(", "));
    let rows = [
        row("the receiver", decorators.collect()),
        row("the first argument", pointers.collect()),
        row(
            "the last argument",
            functions.chain(methods(Effect::Runs)).collect(),
        ),
    ];
    assert_table(NAMES, "| the role is that of | behind |", &rows);
}

#[test]
fn scopes_are_those_of_the_attributes_documentation() {
    let inheriting = scope_functions::TABLE
        .iter()
        .filter(|row| row.runs == Runs::OnPool);
    let names = inheriting.flat_map(|row| {
        let paths = row
            .paths
            .iter()
            .map(|path| format!("`{path}::{}`", row.name));
        paths.chain([format!("`{}`", row.name)])
    });
    assert_mentioned(ATTRIBUTE, "They are the arguments of ", names);
}

#[test]
fn macros_are_those_of_the_attributes_documentation() {
    let same = |one: &macros::Row, next: &macros::Row| {
        one.homes == next.homes && one.unseen == next.unseen && one.awaits == next.awaits
    };
    let groups = macros::TABLE.chunk_by(same);
    let groups = groups.filter(|group| group[0].passes != Passes::Task);
    let rows: Vec<String> = groups.map(entered).collect();
    assert_table(
        ATTRIBUTE,
        "| macros | known from | accepted without an import | frames |",
        &rows,
    );
}

fn entered(group: &[macros::Row]) -> String {
    let names: Vec<String> = group.iter().map(|row| format!("`{}!`", row.name)).collect();
    let first = &group[0];
    let unseen = match first.unseen {
        Unseen::Prelude => "always",
        Unseen::Likely => "if imports are out of sight",
        Unseen::Doubtful => "never",
    };
    let frames = match first.awaits {
        None => "",
        Some(Awaiting::Branches) => "one for each branch",
        Some(Awaiting::Whole) => "one for the call",
    };
    let homes = first.homes.join("`, `");
    format!("| {} | `{homes}` | {unseen} | {frames} |", names.join(", "))
}
