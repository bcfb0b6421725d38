//! From addresses to functions and lines.

use std::collections::HashMap;

use birthmark_dump::__private::{Crate, DIRECTORY, without_wrappers};
use birthmark_dump::{NativeFrame, NativeStack, StackError};
use birthmark_stacks::{DebugInfo, Function};

use super::walk::Walk;

/// The crates whose frames are left out: wrappers around tasks and awaits.
const CRATES: [Crate; 2] = [
    Crate {
        name: "birthmark_core::",
        package: "birthmark-core",
        directory: birthmark_core::__reader::DIRECTORY,
    },
    Crate {
        name: "birthmark_dump::",
        package: "birthmark-dump",
        directory: DIRECTORY,
    },
];

/// Returns the stacks of walks. Each address is looked up once, because many threads wait at the same places.
pub(super) fn stacks(
    walks: Vec<Result<Walk, StackError>>,
    info: Option<&DebugInfo>,
) -> Vec<Result<NativeStack, StackError>> {
    let of_walk = |walk: &Result<Walk, StackError>| match walk {
        Ok(walk) => walk.addresses.clone(),
        Err(_) => Vec::new(),
    };
    let mut addresses: Vec<u64> = walks.iter().flat_map(of_walk).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let found = info.map_or_else(Vec::new, |info| info.functions(&addresses));
    let known: HashMap<u64, Vec<Function>> = addresses.into_iter().zip(found).collect();
    let stack = |walk: Result<Walk, StackError>| Ok(stack(walk?, &known));
    walks.into_iter().map(stack).collect()
}

fn stack(walk: Walk, known: &HashMap<u64, Vec<Function>>) -> NativeStack {
    let mut frames = Vec::new();
    for address in walk.addresses {
        match known.get(&address).map_or(&[][..], Vec::as_slice) {
            [] => frames.push(frame(address, &Function::default())),
            functions => frames.extend(functions.iter().map(|it| frame(address, it))),
        }
    }
    let within_task = without_wrappers(&mut frames, &CRATES);
    NativeStack {
        frames,
        within_task,
        complete: walk.complete,
    }
}

fn frame(address: u64, function: &Function) -> NativeFrame {
    NativeFrame {
        address,
        function: function.name.clone(),
        file: function.file.clone(),
        line: function.line,
        column: function.column,
        inlined: function.is_inlined,
    }
}
