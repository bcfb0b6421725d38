//! The table of waits: functions that poll a future on the thread of their caller until it is ready.

/// One function.
struct Row {
    name: &'static str,
    /// Words of which one has to be in the receiver's name; none if any callee will do.
    receivers: &'static [&'static str],
}

/// The functions that are known. A `run_until` of anything but a pool is tokio's, whose result is awaited.
const TABLE: &[Row] = &[
    Row {
        name: "block_on",
        receivers: &[],
    },
    Row {
        name: "run_until",
        receivers: &["pool"],
    },
];

/// Attributes that turn an `async fn` without parameters into one that blocks on its body.
const ENTRIES: &[&str] = &["main"];

/// Returns the words of which one has to be in the receiver's name, if a function of this name blocks on a future.
pub(crate) fn receivers(name: &str) -> Option<&'static [&'static str]> {
    let row = TABLE.iter().find(|row| row.name == name);
    row.map(|row| row.receivers)
}

/// Returns `true` if the name is in the table.
pub(crate) fn is_known(name: &str) -> bool {
    receivers(name).is_some()
}

/// Returns the names in the table.
#[cfg(feature = "text")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.name)
}

/// Returns the names of attributes that make a function block on its body.
#[cfg(feature = "text")]
pub(crate) fn entries() -> &'static [&'static str] {
    ENTRIES
}

/// Returns `true` if an attribute of this name makes a function block on its body.
pub(crate) fn is_entry(attribute: &str) -> bool {
    ENTRIES.contains(&attribute)
}
