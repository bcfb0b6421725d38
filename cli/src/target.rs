//! The process or core file that the command line names.

use birthmark_outside::{Target, processes, program};

use crate::args::TargetArgs;
use crate::exit::Failure;
use crate::redact;

/// Opens the target, and switches redaction on if it is requested.
pub(crate) fn open(args: &TargetArgs) -> Result<Target, Failure> {
    if args.redact {
        redact::all();
    }
    let mut target = match (&args.core, &args.process) {
        (Some(core), None) => Target::core_file(core, args.exe.as_deref())?,
        (None, Some(process)) => Target::process(process_id(process)?)?,
        (Some(_), Some(_)) => {
            return Err(Failure::Usage(
                "cannot read a process and a core file at once\nhelp: leave out one of them".into(),
            ));
        }
        (None, None) => {
            return Err(Failure::Usage(
                "no process is given\nhelp: pass the id or the name of a process, or `--core FILE`; `birthmark list` \
                 shows the processes that have birthmark"
                    .into(),
            ));
        }
    };
    select(&mut target, args.copy)?;
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
    let named: Vec<u32> = named.collect();
    match named[..] {
        [id] => Ok(id),
        [] => Err(Failure::Message(format!(
            "cannot find a process with birthmark that is named `{text}`\nhelp: run `birthmark list`, or pass the id of \
             the process"
        ))),
        _ => Err(Failure::Message(format!(
            "cannot choose one of {} processes named `{text}`\nhelp: pass one of these ids: {}",
            named.len(),
            named
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}
