//! Texts for other programs: completions, the man page, the scripts for debuggers.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

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

/// Writes one page, which has a section for each command.
pub(super) fn man(output: &Output) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let summary = about.split(['.', ',']).next().unwrap_or_default();
    let man = Man::new(command.clone().about(summary.to_owned()).long_about(about));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let is_shown = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    for command in command.get_subcommands().filter(is_shown) {
        page.extend(section(command)?);
    }
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(output.write(|out| out.write_all(&page))?)
}

/// Returns the section of a command. Its parts are no sections of their own.
fn section(command: &Command) -> io::Result<Vec<u8>> {
    let heading = format!("birthmark {}", command.get_name());
    // The options of all commands are described once.
    let own = command.clone().mut_args(|argument| {
        let is_common = ["color", "help"].contains(&argument.get_id().as_str());
        argument.hide(is_common)
    });
    let man = Man::new(own.disable_help_flag(true));
    let mut parts = Vec::new();
    man.render_description_section(&mut parts)?;
    man.render_synopsis_section(&mut parts)?;
    man.render_options_section(&mut parts)?;
    let parts = String::from_utf8_lossy(&parts);
    let lines = parts.lines().filter_map(|line| match line {
        ".SH DESCRIPTION" => Some(format!(".SH \"{heading}\"")),
        ".SH SYNOPSIS" => Some(".PP".to_owned()),
        ".SH OPTIONS" => None,
        line => Some(line.to_owned()),
    });
    let lines: Vec<String> = lines.collect();
    Ok((lines.join("\n") + "\n").into_bytes())
}
