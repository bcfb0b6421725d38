//! Texts for other programs: completions, the man page, the scripts for debuggers.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output::Output;

/// The script for gdb.
pub(super) const GDB: &str = include_str!("../../gdb/birthmark.py");

/// The script for lldb.
pub(super) const LLDB: &str = include_str!("../../lldb/birthmark.py");

pub(super) fn completions(output: &Output, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "birthmark", &mut script);
    Ok(output.write(|out| out.write_all(&script))?)
}

pub(super) fn man(output: &Output) -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    Ok(output.write(|out| out.write_all(&page))?)
}
