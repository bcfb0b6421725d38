//! The command line.

use std::path::PathBuf;

use birthmark_dump::render::Format;
use birthmark_dump::{AwaitDetail, Filter, ThreadDetail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

// A paragraph is one line, which is wrapped to the width of the terminal. Examples fit into 80 columns.
const ABOUT: &str = "\
Shows what every task of a running program does, from outside.

The program was built with birthmark. Nothing runs in it, nothing stops it unless you ask for native \
stacks, and it need not have called `birthmark::install`. A program that has crashed has its tasks in \
its core file.";

const EXAMPLES: &str = "\
Examples:
  birthmark list                         processes that have birthmark
  birthmark groups shop                  tasks of the process `shop`, counted
  birthmark ps 4711                      each task, with lineage and frames
  birthmark ps 4711 'state=waiting&for=1m'   those that wait for a minute
  birthmark stuck 4711                   tasks that cannot go on, and why
  birthmark tree 4711 under=17           a task and its descendants
  birthmark threads 4711                 OS threads and the tasks that they run
  birthmark threads 4711 --native-stacks     and the stack of each thread
  birthmark diff 4711 --seconds 5        new, ended and unchanged tasks
  birthmark top 4711                     a page that refreshes itself
  birthmark dump 4711 -f json -o a.json  for programs and `diff a.json b.json`
  birthmark ps --core core.4711          tasks of a program that has crashed
  birthmark ps --container 3f2c91        of the program in a container
  birthmark ps 4711 --debug-file shop.debug  await stacks of a stripped program

A filter is text of the form key=value, joined by `&`. Its keys are name, label, local, role, site, kind, \
stack, text, state, older, for, polls, under and woken-by. `*` matches any text.

Await stacks go on into dependencies if the debug information of the program is found: in the \
executable, in a separate file beside it or by --debug-file. Types are needed: `debug = 2` in the \
profile. --stacks instrumented leaves them out.

Names and labels are shown as the program has set them. A redaction of the program runs in the \
program alone; --redact replaces all of them.

Reading another process takes the same right as a debugger: the same user and a permissive \
ptrace_scope, or root.

Exit codes: 0 if all is well, 1 if the target cannot be read, 2 if the command line is wrong, 3 if \
the filter selects no task.";

#[derive(Parser, Debug)]
#[command(name = "birthmark", version, about = ABOUT, after_help = EXAMPLES, propagate_version = false)]
pub(crate) struct Cli {
    /// Colours: `auto` is for a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List the processes that have birthmark, as far as they may be read
    List,
    /// Show a paragraph for each task: state, name, spawn site, lineage, frames
    Ps {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        native: NativeArgs,
    },
    /// Show each task below the one that spawned it
    Tree {
        #[command(flatten)]
        selection: Selection,
    },
    /// Count equal tasks together, largest group first
    Groups {
        #[command(flatten)]
        selection: Selection,
    },
    /// Show which tasks cannot go on, and why: deadlocks, full pools, polls that do not end
    Stuck {
        #[command(flatten)]
        selection: Selection,
    },
    /// Show locks, channels and other things that tasks share, with those that hold them and wait for them
    Resources {
        #[command(flatten)]
        selection: Selection,
    },
    /// Show the OS threads: where each one waits, its CPU time, and the tasks that it runs
    Threads {
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        native: NativeArgs,
        /// Separate file with the debug information of the program; may be repeated
        #[arg(long, value_name = "FILE")]
        debug_file: Vec<PathBuf>,
    },
    /// Write a dump in any format
    Dump {
        #[command(flatten)]
        selection: Selection,
        /// Format: text, tree, groups, stuck, resources, folded, json or pprof
        #[arg(long, short, default_value = "text", value_name = "FORMAT")]
        format: Format,
        /// Write to this file in place of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Add the OS threads to text and JSON
        #[arg(long)]
        threads: bool,
        #[command(flatten)]
        native: NativeArgs,
    },
    /// List the spawn calls of the program, with the numbers of their tasks
    Sites {
        #[command(flatten)]
        target: TargetArgs,
        /// Also list spawn calls that never ran
        #[arg(long)]
        all: bool,
    },
    /// Compare two dumps: of a process some seconds apart, or two that were saved as JSON
    Diff {
        /// A process and perhaps a filter, or two files
        #[command(flatten)]
        selection: Selection,
        /// Time between the two dumps
        #[arg(long, short, default_value_t = 5.0, value_name = "SECONDS")]
        seconds: f64,
    },
    /// Open a page that refreshes itself: groups, tasks, tree, rates, stuck tasks
    Top {
        #[command(flatten)]
        selection: Selection,
        /// Time between two refreshes
        #[arg(long, short = 'd', default_value_t = 1.0, value_name = "SECONDS")]
        delay: f64,
    },
    /// Print the script for gdb: `birthmark gdb-script > b.py`, then `source b.py` in gdb
    GdbScript,
    /// Print the script for lldb: `birthmark lldb-script > b.py`, then `command script import b.py` in lldb
    LldbScript,
    /// Print completions for a shell, for example `birthmark completions bash > /etc/bash_completion.d/birthmark`
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page: `birthmark man | man -l -`
    Man,
}

/// The tasks to show.
#[derive(Args, Debug)]
pub(crate) struct Selection {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) stacks: StackArgs,
    /// Show the tasks that this filter selects, for example `state=suspended&for=1m`
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

/// The await stacks of the tasks.
#[derive(Args, Clone, Debug)]
pub(crate) struct StackArgs {
    /// Detail of await stacks: instrumented, debug-info, or locals, which adds local variables
    #[arg(long, default_value = "debug-info", value_name = "DETAIL")]
    pub(crate) stacks: AwaitDetail,
    /// Separate file with the debug information of the program, or a package `.dwp`; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) debug_file: Vec<PathBuf>,
}

/// The native stacks of OS threads.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct NativeArgs {
    /// Show the native stack of each OS thread. A task that runs shows the stack of its thread. A thread that runs is stopped
    /// for a fraction of a millisecond
    #[arg(long)]
    pub(crate) native_stacks: bool,
}

impl NativeArgs {
    /// Returns the detail about OS threads that native stacks need.
    pub(crate) fn detail(self) -> ThreadDetail {
        match self.native_stacks {
            true => ThreadDetail::Stacks,
            false => ThreadDetail::Off,
        }
    }
}

/// The process or core file.
#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// Id or name of a process; left out with --core
    #[arg(value_name = "PROCESS")]
    pub(crate) process: Option<String>,
    /// Read a core file in place of a process. It may be packed by gzip or zstd
    #[arg(long, value_name = "FILE")]
    pub(crate) core: Option<PathBuf>,
    /// Executable of the core file, if it is not where it was
    #[arg(long, value_name = "FILE", requires = "core")]
    pub(crate) exe: Option<PathBuf>,
    /// Look for the process in this container: its id as `docker ps` shows it, or its name with LXC and
    /// systemd-nspawn. PROCESS is then an id or name in the container, and may be left out
    #[arg(long, value_name = "CONTAINER", conflicts_with = "core")]
    pub(crate) container: Option<String>,
    /// Which copy of birthmark, if the process has several: the first is 1
    #[arg(long, value_name = "NUMBER")]
    pub(crate) copy: Option<usize>,
    /// Replace names and the values of labels. Equal ones stay equal within one run
    #[arg(long)]
    pub(crate) redact: bool,
}

impl Selection {
    /// Returns the target, the filter and the detail of stacks. With a core file, the one argument is the filter. With a
    /// container, it is a filter if it has a key.
    pub(crate) fn split(
        mut self,
    ) -> Result<(TargetArgs, Option<Filter>, StackArgs), crate::exit::Failure> {
        if self.target.core.is_some() {
            self.filter = match (self.target.process.take(), self.filter) {
                (filter, None) => filter,
                (Some(_), Some(_)) => {
                    return Err(crate::exit::Failure::Usage(
                        "cannot read a process and a core file at once\nhelp: leave out one of them".into(),
                    ));
                }
                (None, filter) => filter,
            };
        }
        let is_filter = |process: &String| process.contains('=');
        if self.target.container.is_some() && self.filter.is_none() {
            self.filter = self.target.process.take_if(|process| is_filter(process));
        }
        let filter = self.filter.as_deref().map(str::parse::<Filter>);
        let filter = filter.transpose();
        let filter = filter.map_err(|error| crate::exit::Failure::Usage(error.to_string()))?;
        Ok((self.target, filter, self.stacks))
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_into_a_terminal_and_has_all_keys() {
        let lines = super::EXAMPLES
            .lines()
            .filter(|line| line.starts_with("  "));
        for line in lines {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let error = "?=1"
            .parse::<birthmark_dump::Filter>()
            .unwrap_err()
            .to_string();
        let (_, keys) = error.split_once("help: use ").expect("the keys are listed");
        let help = super::EXAMPLES.replace(['\n', ','], " ");
        for key in keys.replace(" or ", ", ").split(", ") {
            assert!(
                help.contains(&format!(" {key} ")) || help.contains(&format!(" {key}. ")),
                "{key}"
            );
        }
    }

    #[test]
    fn argument_of_a_core_file_is_the_filter() {
        let cli = Cli::parse_from(["birthmark", "ps", "--core", "c", "state=running"]);
        let super::Command::Ps { selection, .. } = cli.command else {
            panic!("another command");
        };
        let (target, filter, stacks) = selection.split().unwrap();
        assert!(target.process.is_none());
        assert_eq!(filter.unwrap().to_string(), "state=running");
        assert_eq!(stacks.stacks, birthmark_dump::AwaitDetail::DebugInfo);
    }
}
