//! The processes that have birthmark.

use birthmark_outside::{Target, processes, program};

use super::table::table;
use crate::exit::Failure;
use crate::output::Output;

pub(super) fn run(output: &Output) -> Result<(), Failure> {
    let header = ["PID", "PROGRAM", "TASKS", "BIRTHMARK", ""].map(str::to_owned);
    let rows = processes().into_iter().map(row);
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    if rows.len() == 1 {
        anstream::eprintln!(
            "note: no process with birthmark is visible; those of other users are for root, and a program appears with \
             its first recorded spawn"
        );
        return Ok(());
    }
    Ok(output.show(table(&rows))?)
}

fn row(id: u32) -> [String; 5] {
    let program = program(id).escape_debug().to_string();
    let read = Target::process(id).and_then(|target| Ok((target.dump()?.total(), target.copies())));
    match read {
        Ok((tasks, copies)) => {
            let note = match copies.len() {
                1 => String::new(),
                count => format!("{count} copies"),
            };
            let version = copies[0].version.clone();
            [id.to_string(), program, tasks.to_string(), version, note]
        }
        Err(error) => {
            let error = error.to_string();
            let line = error.lines().next().unwrap_or_default().to_owned();
            [id.to_string(), program, "?".into(), "?".into(), line]
        }
    }
}
