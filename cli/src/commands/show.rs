//! Dumps in their forms.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use birthmark_dump::render::Format;
use birthmark_dump::{Dump, ThreadDetail};

use crate::args::{NativeArgs, Selection, TargetArgs};
use crate::exit::Failure;
use crate::output::Output;
use crate::target::{self, Shown};

/// A form of the commands that show tasks.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Tree,
    Groups,
    Stuck,
    Resources,
}

impl Form {
    fn format(self) -> Format {
        match self {
            Form::Tree => Format::Tree,
            Form::Groups => Format::Groups,
            Form::Stuck => Format::Stuck,
            Form::Resources => Format::Resources,
        }
    }
}

pub(super) fn run(output: &Output, selection: Selection, form: Form) -> Result<(), Failure> {
    dump(output, selection, form.format(), None, ThreadDetail::Off)
}

pub(super) fn ps(output: &Output, selection: Selection, native: NativeArgs) -> Result<(), Failure> {
    dump(output, selection, Format::Text, None, native.detail())
}

pub(super) fn dump(
    output: &Output,
    selection: Selection,
    format: Format,
    file: Option<&Path>,
    threads: ThreadDetail,
) -> Result<(), Failure> {
    let (args, filter, stacks) = selection.split()?;
    if file.is_none() && format.is_binary() && output.is_terminal() {
        return Err(Failure::Usage(format!(
            "cannot write the format {format} to a terminal\nhelp: pass a file, `-o tasks.{}`",
            format.extension()
        )));
    }
    let shown = Shown::open(&args, stacks)?;
    let dump = shown.target.dump_with_threads(threads)?;
    let dump = shown.select(dump, filter.as_ref());
    let dump = match format {
        Format::Text | Format::Stuck | Format::Resources | Format::Json => {
            shown.target.with_waits(dump)
        }
        _ => dump,
    };
    note_names(&args, &dump);
    match file {
        Some(path) => write_file(path, &dump, format)?,
        None => output.write(|out| dump.write_colored(format, output.color, out))?,
    }
    match filter.is_some() && dump.is_empty() {
        true => Err(Failure::NoTask),
        false => Ok(()),
    }
}

fn write_file(path: &Path, dump: &Dump, format: Format) -> Result<(), Failure> {
    let write = || {
        let mut out = BufWriter::new(File::create(path)?);
        dump.write(format, &mut out)?;
        out.flush()
    };
    write().map_err(|error: io::Error| {
        Failure::Message(format!("cannot write {}: {error}", path.display()))
    })
}

/// Tells a person once that names are those of the program. A script is not told.
fn note_names(args: &TargetArgs, dump: &Dump) {
    let is_seen = io::stderr().is_terminal() && io::stdout().is_terminal();
    let has_names = || dump.tasks().any(|task| task.name().is_some());
    if is_seen && !args.redact && has_names() {
        anstream::eprintln!(
            "note: names and labels are as the program has set them; --redact replaces them"
        );
    }
}

pub(super) fn threads(
    output: &Output,
    args: &TargetArgs,
    native: NativeArgs,
    debug_files: &[PathBuf],
) -> Result<(), Failure> {
    let mut target = target::open(args)?;
    for path in debug_files {
        target.add_debug_file(path)?;
    }
    let detail = match native.detail() {
        ThreadDetail::Off => ThreadDetail::States,
        detail => detail,
    };
    let dump = target.dump_with_threads(detail)?;
    Ok(output.show(dump.thread_list().color(output.color))?)
}
