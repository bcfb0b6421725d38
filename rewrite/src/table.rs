//! What a table of sites looks like: the arguments of the runtime's macros, the same in tokens and in text.
//!
//! They are printed and not quoted: the compiler reads a text much faster than a macro, which is compiled without
//! optimisation, puts tokens together.

use std::fmt::Write;

use crate::emit::names::{FRAMES, SITES};
use crate::site::{FrameSite, Position, Site};

/// Where the name of the file comes from.
#[derive(Clone, Copy)]
pub(crate) enum File {
    /// From the position of each site, which may be in different files.
    Written,
    /// From the compiler, which may give it another name than the front end does.
    #[cfg_attr(not(feature = "text"), expect(dead_code, reason = "for text only"))]
    Asked,
}

/// The arguments of `table!`.
pub(crate) fn sites(sites: &[&Site], file: File) -> String {
    let mut text = head(SITES, sites.len(), file);
    for site in sites {
        let Site {
            function,
            callee,
            role,
            ..
        } = site;
        let at = at(&site.position, file);
        let (kind, fallible, certain) = (site.kind.name(), site.fallible, site.certain);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " ({at}, {function:?}, {callee:?}, {role:?}, {kind}, {fallible}, {certain})"
        );
    }
    text
}

/// The arguments of `frames!`.
pub(crate) fn frames(frames: &[FrameSite], file: File) -> String {
    let mut text = head(FRAMES, frames.len(), file);
    for site in frames {
        let FrameSite {
            function, awaited, ..
        } = site;
        let at = at(&site.position, file);
        let _ = write!(text, " ({at}, {function:?}, {awaited:?})");
    }
    text
}

fn head(name: &str, count: usize, file: File) -> String {
    match file {
        File::Written => format!("{name} {count}"),
        File::Asked => format!("here {name} {count}"),
    }
}

fn at(position: &Position, file: File) -> String {
    let Position {
        file: path,
        line,
        column,
    } = position;
    match file {
        File::Written => format!("{path:?}, {line}, {column}"),
        File::Asked => format!("{line}, {column}"),
    }
}
