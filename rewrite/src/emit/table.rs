//! Tables of sites, as the arguments of the runtime's macros. Tokens and text contain the same arguments.
//!
//! The arguments are printed and not quoted, because the compiler reads a text faster than a macro puts tokens together.
//! Macros are compiled without optimisation.

use std::fmt::Write;

use crate::emit::names::{FRAMES, SITES};
use crate::site::{FrameSite, Position, Site};

/// The source of the file name.
#[derive(Clone, Copy)]
pub(crate) enum FileName {
    /// The position of each site. The sites may be in different files.
    Literal,
    /// The compiler, whose name for the file may differ from that of the front end.
    #[cfg_attr(not(feature = "text"), expect(dead_code, reason = "for text only"))]
    FromCompiler,
}

/// Returns the arguments of `table!`.
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

/// Returns the arguments of `frames!`.
pub(crate) fn frames(frames: &[FrameSite], file: FileName) -> String {
    let mut text = name_and_count(FRAMES, frames.len(), file);
    for site in frames {
        let FrameSite {
            function,
            awaited,
            guards,
            ..
        } = site;
        let at = at(&site.position, file);
        let _ = write!(text, " ({at}, {function:?}, {awaited:?}, {guards:?})");
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
