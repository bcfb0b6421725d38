//! The stack of a spawn, as lines below the place of the spawn.
//!
//! ```text
//!     during   get in ask src/main.rs:12:40
//!     through  hyper_util::client::legacy::client::Client<C,B>::send_request::{{closure}}
//!                at hyper-util-0.1.21/src/client/legacy/client.rs:249:70
//!              reqwest::get::{{closure}} at reqwest-0.12.28/src/lib.rs:324:48
//!              shop::ask::{{closure}} at src/main.rs:12:40
//! ```

use std::fmt;

use super::field::{columns, Field, PIECES, WIDTH};
use super::output::escaped;
use crate::threads::spawn_stack::{omitted, spawn_stack, SpawnStack};
use crate::threads::{NativeFrame, NOT_FOLLOWED};
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::{FrameSite, Site};

/// Maximum number of functions in a text. JSON has all.
const MAX_SHOWN: usize = 32;

/// Returns the lines of the spawns of a site, or an empty text.
pub(super) fn spawn_stack_lines(site: &'static Site) -> String {
    spawn_stack(site).map_or_else(String::new, |stack| lines(&stack))
}

fn lines(stack: &SpawnStack) -> String {
    let mut out = String::new();
    if !stack.awaits.is_empty() {
        let mut field = Field::new(&mut out, "during");
        for site in &stack.awaits {
            field.piece(" < ", &await_text(site));
        }
        field.end();
    }
    let native = match &stack.native {
        Ok(native) => native,
        Err(why) => {
            push_line(&mut out, "through", &format!("no stack: {why}"));
            return out;
        }
    };
    let (frames, more) = native.called();
    let mut label = "through";
    for frame in frames.iter().take(MAX_SHOWN) {
        push_frame(&mut out, label, frame);
        label = "";
    }
    let hidden = frames.len().saturating_sub(MAX_SHOWN);
    if hidden > 0 {
        push_line(&mut out, label, &format!("… {hidden} more"));
    }
    if more {
        push_line(&mut out, label, NOT_FOLLOWED);
    }
    out
}

/// Appends a function, with the position on a line of its own if there is no room.
fn push_frame(out: &mut String, label: &str, frame: &NativeFrame) {
    let text = frame.to_string();
    match text.rsplit_once(" at ") {
        Some((function, place)) if PIECES + columns(&text) > WIDTH => {
            push_line(out, label, function);
            push_line(out, "", &format!("  at {place}"));
        }
        _ => push_line(out, label, &text),
    }
}

fn push_line(out: &mut String, label: &str, text: &str) {
    let mut field = Field::new(out, label);
    field.piece("", text);
    field.end();
}

/// Returns `client.get in ask src/main.rs:12:40`.
fn await_text(site: &FrameSite) -> String {
    let (function, file) = (escaped(site.function()), from_package(site.file()));
    let place = format!("{function} {file}:{}:{}", site.line(), site.column());
    match site.awaited() {
        "" => format!("in {place}"),
        awaited => format!("{} in {place}", escaped(awaited)),
    }
}

const TOO_MANY: &str = "too many different ones";

/// Writes how many spawns have no stack, if there are any.
pub(super) fn write_section(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match omitted() {
        0 => Ok(()),
        1 => writeln!(f, "\n1 spawn without a stack, because there are {TOO_MANY}"),
        count => writeln!(
            f,
            "\n{count} spawns without a stack, because there are {TOO_MANY}"
        ),
    }
}
