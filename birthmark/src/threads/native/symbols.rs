//! From addresses to functions and lines.

use core::ffi::c_void;
use core::ptr;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::modules;
use birthmark_dump::__private::{without_wrappers, Crate};
use birthmark_dump::NativeFrame;

/// Maximum number of frames that are kept for the next dump, a few hundred bytes each. Threads often wait at the same
/// places, and then no debug information is read.
const MAX_KEPT: usize = 4096;

/// The frames at each address, found once, because many threads wait at the same places.
#[derive(Default)]
pub(super) struct Symbols {
    known: HashMap<u64, Vec<NativeFrame>>,
    frames: usize,
    /// See [`modules::unloads`].
    unloads: u64,
    /// `true` if debug information was read.
    has_read: bool,
}

/// The symbols of the last dump. No thread waits for this lock: in the child of a fork, its owner may not exist.
static KEPT: Mutex<Option<Symbols>> = Mutex::new(None);

impl Symbols {
    /// Returns the symbols of the last dump if they are valid, otherwise none.
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

    /// Returns the functions at an address, innermost first. Inlined functions are included.
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
    /// Keeps the frames, but not the debug information, which takes as much memory as it has in the file.
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

/// Removes birthmark's own frames: wrappers around tasks and awaits, and everything above the dump on the thread that
/// takes it. Returns the number of frames within the innermost task, if its wrapper is known.
pub(super) fn without_own(frames: &mut Vec<NativeFrame>) -> Option<usize> {
    if let Some(last) = frames.iter().rposition(takes_dump) {
        frames.drain(..=last);
    }
    without_wrappers(frames, &CRATES)
}

/// Removes the frames of the spawn, in which a stack was taken.
pub(super) fn without_spawn(frames: &mut Vec<NativeFrame>) {
    birthmark_dump::__private::without_spawn(frames, &CRATES);
}

/// Returns `true` if the frame is a part of taking a dump.
fn takes_dump(frame: &NativeFrame) -> bool {
    const MODULES: [&str; 3] = ["dump", "delivery", "threads"];
    let [_, this, dump] = &CRATES;
    let in_module = |path: &str| MODULES.iter().any(|module| path.starts_with(module));
    this.paths(frame).any(in_module) || dump.paths(frame).next().is_some()
}

/// All crates of birthmark that a program contains. The first one has the wrappers around tasks.
const CRATES: [Crate; 3] = [
    Crate {
        name: "birthmark_core::",
        package: "birthmark-core",
        directory: birthmark_core::__reader::DIRECTORY,
    },
    Crate {
        name: "birthmark::",
        package: "birthmark",
        directory: match option_env!("CARGO_MANIFEST_DIR") {
            Some(directory) => directory,
            None => "/birthmark",
        },
    },
    Crate {
        name: "birthmark_dump::",
        package: "birthmark-dump",
        directory: birthmark_dump::__private::DIRECTORY,
    },
];
