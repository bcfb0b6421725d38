//! The spawn calls of a program.

use super::table::table;
use crate::args::TargetArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::target;

pub(super) fn run(output: &Output, args: &TargetArgs, all: bool) -> Result<(), Failure> {
    let mut sites = target::open(args)?.sites()?;
    let count = sites.len();
    sites.retain(|stats| all || stats.spawned() + stats.refused + stats.passed_through > 0);
    sites.sort_by_key(|stats| std::cmp::Reverse((stats.live, stats.spawned())));
    let header = [
        "LIVE",
        "SPAWNED",
        "COMPLETED",
        "PANICKED",
        "CANCELLED",
        "REFUSED",
        "KIND",
        "ROLE",
        "SITE",
    ];
    let rows = sites.iter().map(|stats| {
        [
            stats.live.to_string(),
            stats.spawned().to_string(),
            stats.completed.to_string(),
            stats.panicked.to_string(),
            stats.cancelled.to_string(),
            stats.refused.to_string(),
            stats.kind.to_string(),
            stats.site.role().escape_debug().to_string(),
            stats.site.to_string(),
        ]
    });
    let rows: Vec<_> = std::iter::once(header.map(str::to_owned))
        .chain(rows)
        .collect();
    let hidden = count - sites.len();
    let rest = match hidden {
        0 => String::new(),
        1 => "\n1 more spawn call never ran; --all lists it\n".into(),
        _ => format!("\n{hidden} more spawn calls never ran; --all lists them\n"),
    };
    Ok(output.show(table(&rows) + &rest)?)
}
