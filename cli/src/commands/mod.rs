//! The commands.

mod diff;
mod list;
mod saved;
mod scripts;
mod show;
mod sites;
mod table;

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
        Command::Ps { selection } => show::run(&output, selection, show::Form::Text),
        Command::Tree { selection } => show::run(&output, selection, show::Form::Tree),
        Command::Groups { selection } => show::run(&output, selection, show::Form::Groups),
        Command::Stuck { selection } => show::run(&output, selection, show::Form::Stuck),
        Command::Resources { selection } => show::run(&output, selection, show::Form::Resources),
        Command::Threads { target } => show::threads(&output, &target),
        Command::Dump {
            selection,
            format,
            output: file,
            threads,
        } => show::dump(&output, selection, format, file.as_deref(), threads),
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
