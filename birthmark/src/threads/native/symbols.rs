//! From addresses to functions and lines.

use core::ffi::c_void;
use core::ptr;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::modules;
use birthmark_dump::NativeFrame;

/// Frames that are kept from one dump to the next, a few hundred bytes each: threads wait where they waited
/// before, and nothing need be read to know what is there.
const MAX_KEPT: usize = 4096;

/// What is at each address, found once: many threads wait in the same places.
#[derive(Default)]
pub(super) struct Symbols {
    known: HashMap<u64, Vec<NativeFrame>>,
    frames: usize,
    /// See [`modules::unloads`].
    unloads: u64,
    /// Whether debug information was read.
    has_read: bool,
}

/// Those of the last dump. Nobody waits for them: in a child of a fork, whoever has them may not be there.
static KEPT: Mutex<Option<Symbols>> = Mutex::new(None);

impl Symbols {
    /// Those of the last dump, if they still hold.
    pub(super) fn kept() -> Self {
        let unloads = modules::unloads();
        let kept = KEPT.try_lock().ok().and_then(|mut kept| kept.take());
        let kept = kept.filter(|kept| kept.unloads == unloads);
        kept.unwrap_or_else(|| {
            let mut none = Symbols::default();
            none.unloads = unloads;
            none
        })
    }

    /// The functions at an address, the innermost first: several if some are inlined.
    pub(super) fn at(&mut self, address: u64) -> &[NativeFrame] {
        self.known.entry(address).or_insert_with(|| {
            let found = find(address);
            self.frames += found.len();
            self.has_read = true;
            found
        })
    }
}

impl Drop for Symbols {
    /// Keeps what was found, but not the debug information that was read for it: that takes as much memory as
    /// the file has of it.
    fn drop(&mut self) {
        if std::mem::take(&mut self.has_read) {
            backtrace::clear_symbol_cache();
        }
        if self.frames > MAX_KEPT {
            return;
        }
        if let Ok(mut kept) = KEPT.try_lock() {
            *kept = Some(std::mem::take(self));
        }
    }
}

fn find(address: u64) -> Vec<NativeFrame> {
    let mut frames = Vec::new();
    // It looks one byte before what it is given, which is meant to be where a call returns to.
    let returns_to = usize::try_from(address).unwrap_or(0).wrapping_add(1);
    let returns_to: *mut c_void = ptr::without_provenance_mut(returns_to);
    backtrace::resolve(returns_to, |symbol| frames.push(frame(address, symbol)));
    match frames.split_last_mut() {
        Some((_, inlined)) => inlined.iter_mut().for_each(|it| it.inlined = true),
        None => frames.push(unknown(address)),
    }
    frames
}

fn frame(address: u64, symbol: &backtrace::Symbol) -> NativeFrame {
    let file = symbol.filename().map(|path| path.to_string_lossy().into());
    NativeFrame {
        // Without the hash that makes names of symbols different.
        function: symbol.name().map(|name| Arc::from(format!("{name:#}"))),
        file,
        // Debug information has 0 for what it does not know.
        line: symbol.lineno().filter(|&line| line > 0),
        column: symbol.colno().filter(|&column| column > 0),
        ..unknown(address)
    }
}

fn unknown(address: u64) -> NativeFrame {
    NativeFrame {
        address,
        function: None,
        file: None,
        line: None,
        column: None,
        inlined: false,
    }
}

/// Leaves birthmark's own frames out: wrappers around tasks and awaits, of which the task is what counts, and all
/// that goes on above a dump on the thread that takes it.
pub(super) fn without_own(frames: &mut Vec<NativeFrame>) {
    if let Some(last) = frames.iter().rposition(takes_dump) {
        frames.drain(..=last);
    }
    frames.retain(|frame| !CRATES.iter().any(|it| it.paths(frame).next().is_some()));
}

/// Returns `true` if the frame is a part of taking a dump.
fn takes_dump(frame: &NativeFrame) -> bool {
    const MODULES: [&str; 3] = ["dump", "delivery", "threads"];
    let [this, _, dump] = &CRATES;
    let in_module = |path: &str| MODULES.iter().any(|module| path.starts_with(module));
    this.paths(frame).any(in_module) || dump.paths(frame).next().is_some()
}

/// A crate of birthmark's own.
struct Crate {
    name: &'static str,
    directory: &'static str,
}

/// All of which a program is compiled with.
const CRATES: [Crate; 3] = [
    Crate {
        name: "birthmark::",
        directory: match option_env!("CARGO_MANIFEST_DIR") {
            Some(directory) => directory,
            None => "/birthmark",
        },
    },
    Crate {
        name: "birthmark_core::",
        directory: birthmark_core::__reader::DIRECTORY,
    },
    Crate {
        name: "birthmark_dump::",
        directory: birthmark_dump::__private::DIRECTORY,
    },
];

impl Crate {
    /// The paths in this crate by which a frame is known to belong to it: that of its function, or, where debug
    /// information is sparse and has the last part of that only, that of its file.
    fn paths<'a>(&self, frame: &'a NativeFrame) -> impl Iterator<Item = &'a str> {
        let function = frame.function().unwrap_or("").trim_start_matches('<');
        let file = frame.file().unwrap_or("");
        let in_sources = file
            .strip_prefix(self.directory)
            .and_then(|it| it.strip_prefix("/src/"));
        let in_crate = function.strip_prefix(self.name);
        in_crate.into_iter().chain(in_sources)
    }
}
