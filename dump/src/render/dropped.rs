//! The section on awaits that were dropped behind another await, in renderings for people.
//!
//! A drop at the first await of a function is what `select!` is for. A drop behind it may lose what the first await has
//! returned, so only functions with such drops are listed.

use std::fmt;

use crate::Dump;

/// Maximum number of functions that are listed.
const LISTED: usize = 8;

/// Writes the section, if there is a function for it.
pub(super) fn write_section(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    let mut functions = dump.dropped.iter().filter(|it| it.past() > 0).peekable();
    if functions.peek().is_none() {
        return Ok(());
    }
    f.write_str("\ndropped while they waited, past an await that was ready\n")?;
    for function in functions.by_ref().take(LISTED) {
        writeln!(f, "  {function}")?;
    }
    match functions.count() {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more functions"),
    }
}
