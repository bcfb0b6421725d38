//! The process or core file that the command line names.

use birthmark_dump::{Dump, Filter};
use birthmark_outside::{OpenError, Target, id_in_container, is_in_container, processes, program};

use crate::args::{StackArgs, TargetArgs};
use crate::exit::Failure;
use crate::redact;

/// A target, and the detail of its await stacks.
pub(crate) struct Shown {
    pub(crate) target: Target,
    stacks: StackArgs,
}

impl Shown {
    /// Opens the target and the files with its debug information.
    pub(crate) fn open(args: &TargetArgs, stacks: StackArgs) -> Result<Self, Failure> {
        let mut target = open(args)?;
        for path in &stacks.debug_file {
            target.add_debug_file(path)?;
        }
        Ok(Shown { target, stacks })
    }

    /// Takes a dump of the tasks that a filter selects, with their await stacks.
    pub(crate) fn dump(&self, filter: Option<&Filter>) -> Result<Dump, OpenError> {
        Ok(self.select(self.target.dump()?, filter))
    }

    /// Selects tasks, and reads their await stacks.
    pub(crate) fn select(&self, dump: Dump, filter: Option<&Filter>) -> Dump {
        let dump = match filter {
            Some(filter) => dump.filter(filter),
            None => dump,
        };
        self.target.with_awaits(dump, self.stacks.stacks)
    }

    /// Takes a dump of all tasks, with their await stacks unless more than so many tasks are suspended.
    pub(crate) fn dump_within(&self, max_stacks: usize) -> Result<Dump, OpenError> {
        let dump = self.target.dump()?;
        Ok(match dump.count_suspended() <= max_stacks {
            true => self.select(dump, None),
            false => dump,
        })
    }

    /// Reads the await stack of one task.
    pub(crate) fn put_awaits_of(&self, dump: &mut Dump, id: u64) {
        self.target.put_awaits_of(dump, id, self.stacks.stacks);
    }
}

/// Opens the target, and switches redaction on if it is requested.
pub(crate) fn open(args: &TargetArgs) -> Result<Target, Failure> {
    if args.redact {
        redact::all();
    }
    let mut target = match (&args.core, &args.container, &args.process) {
        (Some(core), _, None) => Target::core_file(core, args.exe.as_deref())?,
        (Some(_), _, Some(_)) => {
            return Err(Failure::Usage(
                "cannot read a process and a core file at once\nhelp: leave out one of them".into(),
            ));
        }
        (None, Some(container), process) => {
            Target::process(process_in(container, process.as_deref())?)?
        }
        (None, None, Some(process)) => Target::process(process_id(process)?)?,
        (None, None, None) => {
            return Err(Failure::Usage(
                "no process is given\nhelp: pass the id or the name of a process, `--container ID` or `--core FILE`; \
                 `birthmark list` shows the processes that have birthmark"
                    .into(),
            ));
        }
    };
    select(&mut target, args.copy)?;
    for warning in target.warnings() {
        anstream::eprintln!("note: {warning}");
    }
    Ok(target)
}

fn select(target: &mut Target, copy: Option<usize>) -> Result<(), Failure> {
    let copies = target.copies();
    let count = copies.len();
    match copy {
        Some(number) => {
            let is_one = number.checked_sub(1).is_some_and(|it| target.select(it));
            is_one.then_some(()).ok_or_else(|| {
                Failure::Usage(format!(
                    "there is no copy {number} of birthmark\nhelp: the process has {count}; pass a number from 1 to \
                     {count}"
                ))
            })
        }
        None => {
            if count > 1 {
                anstream::eprintln!(
                    "note: the process has {count} copies of birthmark, and this shows the first; --copy selects another"
                );
            }
            Ok(())
        }
    }
}

/// Returns the process with this id or name.
fn process_id(text: &str) -> Result<u32, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let named = processes().into_iter().filter(|id| program(*id) == text);
    only(named.collect(), &format!("named `{text}`"))
}

/// Returns the process in a container with this id or name, or the only one.
fn process_in(container: &str, process: Option<&str>) -> Result<u32, Failure> {
    let is_meant = |id: &u32| match process {
        Some(process) => match process.parse::<u32>() {
            Ok(inner) => id_in_container(*id) == inner,
            Err(_) => program(*id) == process,
        },
        None => true,
    };
    let all = processes().into_iter();
    let found = all.filter(|id| is_in_container(*id, container) && is_meant(id));
    let what = match process {
        Some(process) => format!("named `{process}` in a container `{container}`"),
        None => format!("in a container `{container}`"),
    };
    only(found.collect(), &what)
}

/// Returns the only one of several processes.
fn only(found: Vec<u32>, what: &str) -> Result<u32, Failure> {
    match found[..] {
        [id] => Ok(id),
        [] => Err(Failure::Message(format!(
            "cannot find a process with birthmark that is {what}\nhelp: run `birthmark list`, or pass the id of the process"
        ))),
        _ => Err(Failure::Message(format!(
            "cannot choose one of {} processes {what}\nhelp: pass one of these ids: {}",
            found.len(),
            found
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}
