//! The commands.

mod diff;
mod list;
mod saved;
mod scripts;
mod show;
mod sites;
mod table;

use birthmark_dump::ThreadDetail;

use crate::args::{Cli, Command};
use crate::exit::Failure;
use crate::output::Output;
use crate::target::Shown;
use crate::top;

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let output = Output::new(cli.color);
    match cli.command {
        Command::List => list::run(&output),
        Command::Ps { selection, native } => show::ps(&output, selection, native),
        Command::Tree { selection } => show::run(&output, selection, show::Form::Tree),
        Command::Groups { selection } => show::run(&output, selection, show::Form::Groups),
        Command::Stuck { selection } => show::run(&output, selection, show::Form::Stuck),
        Command::Resources { selection } => show::run(&output, selection, show::Form::Resources),
        Command::Threads {
            target,
            native,
            debug_file,
        } => show::threads(&output, &target, native, &debug_file),
        Command::Dump {
            selection,
            format,
            output: file,
            threads,
            native,
        } => {
            let detail = match (native.detail(), threads) {
                (ThreadDetail::Off, true) => ThreadDetail::States,
                (detail, _) => detail,
            };
            show::dump(&output, selection, format, file.as_deref(), detail)
        }
        Command::Sites { target, all } => sites::run(&output, &target, all),
        Command::Diff { selection, seconds } => diff::run(&output, selection, seconds),
        Command::Top { selection, delay } => {
            let (args, filter, stacks) = selection.split()?;
            top::run(&Shown::open(&args, stacks)?, filter, delay, output.color)
        }
        Command::GdbScript => Ok(output.show(scripts::GDB)?),
        Command::LldbScript => Ok(output.show(scripts::LLDB)?),
        Command::Completions { shell } => scripts::completions(&output, shell),
        Command::Man => scripts::man(&output),
    }
}
