//! What a table of sites looks like: the arguments of the runtime's macros, the same in tokens and in text.
//!
//! They are printed and not quoted: the compiler reads a text much faster than a macro, which is compiled without
//! optimisation, puts tokens together.

use std::fmt::Write;

use crate::emit::names::{FRAMES, SITES};
use crate::site::{FrameSite, Position, Site};

/// Where the name of the file comes from.
#[derive(Clone, Copy)]
pub(crate) enum FileName {
    /// From the position of each site, which may be in different files.
    Literal,
    /// From the compiler, which may give it another name than the front end does.
    #[cfg_attr(not(feature = "text"), expect(dead_code, reason = "for text only"))]
    FromCompiler,
}

/// The arguments of `table!`.
pub(crate) fn sites(sites: &[&Site], file: FileName) -> String {
    let mut text = name_and_count(SITES, sites.len(), file);
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
pub(crate) fn frames(frames: &[FrameSite], file: FileName) -> String {
    let mut text = name_and_count(FRAMES, frames.len(), file);
    for site in frames {
        let FrameSite {
            function, awaited, ..
        } = site;
        let at = at(&site.position, file);
        let _ = write!(text, " ({at}, {function:?}, {awaited:?})");
    }
    text
}

fn name_and_count(name: &str, count: usize, file: FileName) -> String {
    match file {
        FileName::Literal => format!("{name} {count}"),
        FileName::FromCompiler => format!("here {name} {count}"),
    }
}

fn at(position: &Position, file: FileName) -> String {
    let Position {
        file: path,
        line,
        column,
    } = position;
    match file {
        FileName::Literal => format!("{path:?}, {line}, {column}"),
        FileName::FromCompiler => format!("{line}, {column}"),
    }
}
