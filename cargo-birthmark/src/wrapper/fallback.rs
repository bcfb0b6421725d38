//! Fallbacks for a crate that does not compile when it is rewritten. First the functions with errors stay as they are,
//! then their files, then the crate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use birthmark_rewrite::text::{Function, functions};

use super::command_line::Unit;
use super::diagnostics::{Fault, Run};
use super::mirror::Mirror;
use super::remap;
use super::rewritten::{Draft, SkippedParts, shown};
use crate::source::engine::{COLUMNS, Skipped};
use crate::source::search;

/// How often a crate is compiled anew with less of it rewritten. The compiler finds type errors before those of
/// borrows, so that one attempt does not show all.
pub const ATTEMPTS: usize = 8;

/// The next thing to try after a crate did not compile, if any is left: its draft, and whether it may use the macro
/// for columns.
pub fn next(
    draft: &Draft,
    columns: bool,
    run: &Run,
    unit: &Unit,
    mirror: &Mirror,
) -> Option<(Draft, bool)> {
    draft.annotation.as_ref()?;
    let mut next = draft.clone();
    if columns && run.messages().iter().any(|message| blames_columns(message)) {
        return Some((next, false));
    }
    let faults = run.faults();
    let places = Places::new(unit, mirror, &faults);
    let primary = |place: &Place<'_>| place.fault.is_primary;
    if next.left.leave_functions(&places, unit, &primary)
        || next.left.leave_functions(&places, unit, &|_| true)
    {
        return Some((next, columns));
    }
    if columns {
        return Some((next, false));
    }
    let left = next.left.leave_files(&places, unit, &primary)
        || next.left.leave_files(&places, unit, &|_| true);
    if left {
        return Some((next, false));
    }
    next.carrier.take().map(|_| (next, false))
}

/// Returns `true` if the macro for columns is missing or has missed a place.
fn blames_columns(message: &str) -> bool {
    message.contains(COLUMNS) || message.contains("a change did not find its place")
}

/// A place in a file of the crate that an error is about.
struct Place<'a> {
    file: &'a Path,
    fault: &'a Fault,
}

/// The places of errors in the files of a crate.
struct Places<'a>(Vec<Place<'a>>);

impl<'a> Places<'a> {
    /// Finds the files by their names as the compiler prints them.
    fn new(unit: &Unit, mirror: &'a Mirror, faults: &'a [Fault]) -> Places<'a> {
        let prefixes = remap::to_shown(unit, mirror);
        let printed = mirror.rewritten.iter().map(|file| {
            let name = remap::apply(&prefixes, &mirror.of(file));
            (name, &**file)
        });
        let printed: BTreeMap<PathBuf, &Path> = printed.collect();
        let places = faults.iter().filter_map(|fault| {
            let file = *printed.get(Path::new(&fault.file))?;
            Some(Place { file, fault })
        });
        Places(places.collect())
    }

    fn such(&self, is_meant: &dyn Fn(&Place<'_>) -> bool) -> impl Iterator<Item = &Place<'a>> {
        self.0.iter().filter(|place| is_meant(place))
    }
}

impl SkippedParts {
    /// Leaves the functions at some places. Returns whether there is one that was not left before.
    fn leave_functions(
        &mut self,
        places: &Places<'_>,
        unit: &Unit,
        is_meant: &dyn Fn(&Place<'_>) -> bool,
    ) -> bool {
        let mut known = BTreeMap::new();
        let before = self.shown.len();
        for Place { file, fault } in places.such(is_meant) {
            let functions = known.entry(*file).or_insert_with(|| functions_of(file));
            let mut around = functions.iter();
            let Some(function) = around.rfind(|it| it.lines.contains(&fault.line)) else {
                continue;
            };
            let empty = || Skipped::Functions(Vec::new());
            let left = self.files.entry(file.to_path_buf()).or_insert_with(empty);
            if let Skipped::Functions(left) = left
                && !left.contains(function)
            {
                left.push(function.clone());
                let line = function.lines.start();
                let file = shown(unit, file);
                self.shown.push(format!(
                    "{file}:{line}: `{}`: {}",
                    function.name, fault.message
                ));
            }
        }
        self.shown.len() > before
    }

    /// Leaves the files of some places. Returns whether there is one that was not left before.
    fn leave_files(
        &mut self,
        places: &Places<'_>,
        unit: &Unit,
        is_meant: &dyn Fn(&Place<'_>) -> bool,
    ) -> bool {
        let before = self.shown.len();
        for Place { file, fault } in places.such(is_meant) {
            let left = self.files.insert(file.to_path_buf(), Skipped::File);
            if !matches!(left, Some(Skipped::File)) {
                self.shown
                    .push(format!("{}: {}", shown(unit, file), fault.message));
            }
        }
        self.shown.len() > before
    }
}

/// The functions of a file, each before those inside of it.
fn functions_of(file: &Path) -> Vec<Function> {
    let text = search::read(file).unwrap_or_default();
    functions(&text).unwrap_or_default()
}
