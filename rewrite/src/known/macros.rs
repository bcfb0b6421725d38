//! The table of macros: where each is found, how it passes its arguments on, and how it awaits them.
//!
//! A macro may print its input, count its tokens or match on them. The engine changes the arguments of a macro only if
//! the macro is one of these, as far as the code in sight shows (`imports/mod.rs`).

/// How a macro passes on what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Expressions, as a list or among other tokens.
    Expressions,
    /// Expressions. A single one is a condition, and the message of the macro contains it.
    Condition,
    /// The arms of a `select!`.
    Arms,
    /// The task of a spawn, with a name perhaps: `named!`, `root!`.
    Task,
}

/// How the futures that a macro awaits get frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaiting {
    /// Each by itself: the macro takes any future.
    Branches,
    /// All together.
    Whole,
}

/// When a macro is known although no import in sight names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// Always: it needs no import.
    Prelude,
    /// If imports may be out of sight. Its name is seldom that of another macro.
    Likely,
    /// Never: many crates define a macro of that name.
    Doubtful,
}

/// A macro that is known.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: &'static str,
    /// The modules that export it.
    pub homes: &'static [&'static str],
    pub unseen: Unseen,
    pub passes: Passes,
    pub awaits: Option<Awaiting>,
    /// `true` if a `let` extends the lives of temporaries in the argument, because the value borrows them.
    pub extends: bool,
}

const fn row(name: &'static str, homes: &'static [&'static str], unseen: Unseen) -> Row {
    Row {
        name,
        homes,
        unseen,
        passes: Passes::Expressions,
        awaits: None,
        extends: false,
    }
}

const fn std(name: &'static str) -> Row {
    row(name, STD, Unseen::Prelude)
}

const fn likely(name: &'static str, homes: &'static [&'static str]) -> Row {
    row(name, homes, Unseen::Likely)
}

const fn doubtful(name: &'static str, homes: &'static [&'static str]) -> Row {
    row(name, homes, Unseen::Doubtful)
}

const fn condition(name: &'static str) -> Row {
    Row {
        passes: Passes::Condition,
        ..std(name)
    }
}

const fn naming(name: &'static str) -> Row {
    Row {
        passes: Passes::Task,
        ..likely(name, &["birthmark"])
    }
}

const fn arms(row: Row) -> Row {
    Row {
        passes: Passes::Arms,
        ..row
    }
}

const fn awaiting(row: Row, awaits: Awaiting) -> Row {
    Row {
        awaits: Some(awaits),
        ..row
    }
}

const fn extending(row: Row) -> Row {
    Row {
        extends: true,
        ..row
    }
}

const STD: &[&str] = &["std", "core", "alloc"];
const COMPARING: &[&str] = &["std", "core", "alloc", "pretty_assertions"];
const TOKIO: &[&str] = &["tokio", "monoio"];
const FUTURES: &[&str] = &["futures", "futures_util"];
const ANY_JOIN: &[&str] = &["tokio", "monoio", "futures", "futures_util"];
const CHANNELS: &[&str] = &["crossbeam", "crossbeam::channel", "crossbeam_channel"];
const ERRORS: &[&str] = &["anyhow", "eyre", "color_eyre::eyre"];
const LOGS: &[&str] = &["log", "tracing"];
const TOKIO_TEST: &[&str] = &["tokio_test"];

/// The macros that are known without `macros(…)`.
pub(crate) const TABLE: &[Row] = &[
    std("vec"),
    std("format"),
    std("print"),
    std("println"),
    std("eprint"),
    std("eprintln"),
    std("write"),
    std("writeln"),
    std("format_args"),
    std("matches"),
    std("panic"),
    std("todo"),
    std("unimplemented"),
    std("unreachable"),
    std("thread_local"),
    condition("assert"),
    condition("debug_assert"),
    std("debug_assert_eq"),
    std("debug_assert_ne"),
    row("assert_eq", COMPARING, Unseen::Prelude),
    row("assert_ne", COMPARING, Unseen::Prelude),
    awaiting(arms(likely("select", TOKIO)), Awaiting::Branches),
    awaiting(arms(likely("select", FUTURES)), Awaiting::Whole),
    doubtful("select", CHANNELS),
    awaiting(arms(likely("select_biased", FUTURES)), Awaiting::Whole),
    doubtful("select_biased", CHANNELS),
    awaiting(likely("join", ANY_JOIN), Awaiting::Branches),
    awaiting(likely("try_join", ANY_JOIN), Awaiting::Branches),
    extending(doubtful(
        "pin",
        &[
            "std::pin",
            "core::pin",
            "tokio",
            "monoio",
            "futures_lite",
            "smol",
            "actix_rt",
        ],
    )),
    likely("pin_mut", &["futures", "futures_util", "pin_utils"]),
    doubtful(
        "ready",
        &[
            "std::task",
            "core::task",
            "futures",
            "futures_util",
            "futures_core",
            "futures_lite",
            "smol",
        ],
    ),
    likely("stream", &["async_stream"]),
    likely("try_stream", &["async_stream"]),
    likely("lazy_static", &["lazy_static"]),
    likely("cfg_if", &["cfg_if"]),
    likely("anyhow", &["anyhow"]),
    likely("bail", ERRORS),
    doubtful("trace", LOGS),
    doubtful("debug", LOGS),
    doubtful("info", LOGS),
    doubtful("warn", LOGS),
    doubtful("error", LOGS),
    doubtful("log", &["log"]),
    doubtful("event", &["tracing"]),
    doubtful("assert_ok", TOKIO_TEST),
    doubtful("assert_err", TOKIO_TEST),
    doubtful("assert_ready", TOKIO_TEST),
    doubtful("assert_ready_ok", TOKIO_TEST),
    doubtful("assert_ready_err", TOKIO_TEST),
    doubtful("assert_ready_eq", TOKIO_TEST),
    doubtful("assert_pending", TOKIO_TEST),
    doubtful("assert_elapsed", TOKIO_TEST),
    naming("named"),
    naming("root"),
];

/// Crates that are often imported as a whole and have no macro of these names.
const WITHOUT_MACROS: &[&str] = &[
    "async_channel",
    "async_executor",
    "async_lock",
    "axum",
    "blocking",
    "bytes",
    "crossbeam_utils",
    "hyper",
    "hyper_util",
    "itertools",
    "parking_lot",
    "rayon",
    "tokio_stream",
    "tokio_util",
    "tower",
];

/// Macros whose value is no task, or that have none.
const WITHOUT_TASK: &[&str] = &[
    "format",
    "vec",
    "todo",
    "panic",
    "unimplemented",
    "unreachable",
    "format_args",
    "concat",
    "stringify",
    "include_str",
    "line",
];

/// Returns `true` if a macro of this name gives no task.
pub(crate) fn gives_no_task(name: &str) -> bool {
    WITHOUT_TASK.contains(&name)
}

/// Returns the rows of a name.
pub(crate) fn named(name: &str) -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(move |row| row.name == name)
}

/// Returns the macro of this name in a module such as `std::task`.
pub(crate) fn at(home: &str, name: &str) -> Option<&'static Row> {
    named(name).find(|row| row.homes.contains(&home))
}

/// Returns the macro of this name that is in scope without an import.
pub(crate) fn in_prelude(name: &str) -> Option<&'static Row> {
    named(name).find(|row| row.unseen == Unseen::Prelude)
}

/// Returns the macro of this name that is likely meant if imports are out of sight.
pub(crate) fn likely_meant(name: &str) -> Option<&'static Row> {
    named(name).find(|row| row.unseen != Unseen::Doubtful)
}

/// Returns `true` if the table lists all macros of these names in a crate.
pub(crate) fn tells_of(krate: &str) -> bool {
    let homes = TABLE.iter().flat_map(|row| row.homes);
    let mut crates = homes.map(|home| home.split("::").next().unwrap_or(home));
    crates.any(|known| known == krate) || WITHOUT_MACROS.contains(&krate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_has_one_row_a_home() {
        for row in TABLE {
            for home in row.homes {
                let rows = named(row.name).filter(|other| other.homes.contains(home));
                assert_eq!(rows.count(), 1, "{home}::{}", row.name);
            }
        }
    }
}
