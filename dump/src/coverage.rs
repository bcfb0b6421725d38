//! The coverage of a dump: the numbers of threads and spawns with and without a record.

use std::collections::HashSet;
use std::fmt;
use std::ptr;

use crate::snapshot::nodes::Snapshot;
use crate::source::{PassedThrough, Source, Totals};
use crate::values::gone::BadEnds;
use crate::values::plural::{have, plural, was};
use birthmark_core::Site;

/// The coverage of a dump: the numbers of threads and spawns with and without a record.
#[derive(Clone, Debug)]
pub struct Coverage {
    threads: Option<ThreadCounts>,
    totals: Totals,
}

#[derive(Clone, Copy, Debug)]
struct ThreadCounts {
    all: usize,
    recorded: usize,
}

impl Coverage {
    pub(crate) fn of(source: impl Source, snapshot: &Snapshot) -> Self {
        let live = snapshot.shapes.iter();
        let live: HashSet<_> = live.map(|shape| ptr::from_ref(shape.site)).collect();
        Coverage {
            threads: source
                .os_threads()
                .map(|all| ThreadCounts::of(all, snapshot)),
            totals: Totals::of(source, |site| live.contains(&ptr::from_ref(site))),
        }
    }

    /// Takes the sites whose tasks did not all return.
    pub(crate) fn take_bad_ends(&mut self) -> Vec<BadEnds> {
        std::mem::take(&mut self.totals.bad_ends)
    }

    /// Returns the sites of which tasks have ended, and the number of these tasks.
    pub(crate) fn ended(&self) -> &[(&'static Site, u64)] {
        &self.totals.ended
    }

    /// Returns the number of OS threads of the process, without the threads of birthmark itself, or `None` if the
    /// system does not list threads.
    pub fn os_threads(&self) -> Option<usize> {
        self.threads.map(|threads| threads.all)
    }

    /// Returns the number of OS threads that have a record. The others may nevertheless run recorded tasks.
    pub fn recorded_os_threads(&self) -> Option<usize> {
        self.threads.map(|threads| threads.recorded)
    }

    /// Returns the number of tasks that were spawned while birthmark was off.
    pub fn untracked_spawns(&self) -> u64 {
        self.totals.untracked
    }

    /// Returns the number of tasks that hooks have refused. [`SiteStats::refused`](crate::SiteStats::refused) has the
    /// number of each site.
    pub fn refused(&self) -> u64 {
        self.totals.refused
    }

    /// Returns the number of tasks that could not be recorded for lack of memory.
    pub fn dropped_records(&self) -> u64 {
        self.totals.unrecorded
    }

    /// Returns the number of records that could not be read for certain, because they changed while another process
    /// read them, or because they make no sense. The dump of a process by itself has none.
    pub fn uncertain_records(&self) -> u64 {
        self.totals.unproved
    }

    /// Returns `true` if ages are known. They are unknown if the clock does not run: on a platform without a clock,
    /// or after a `fork`.
    pub fn ages_known(&self) -> bool {
        self.totals.clock
    }

    /// Returns the number of arguments of spawn calls that were no known kind of task, and so have no record. An
    /// example are tasks of tokio 0.1. [`SiteStats::passed_through`](crate::SiteStats::passed_through) has the number
    /// by site.
    pub fn passed_through(&self) -> u64 {
        self.totals.passed_through.arguments
    }

    /// Returns the sites at which all arguments so far were no known kind of task, by file and line.
    pub fn sites_without_task(&self) -> &[&'static Site] {
        &self.totals.passed_through.sites
    }

    /// Returns the number of sites that are linked into the program. A call that may be no spawn counts after a task
    /// was spawned there.
    pub fn sites(&self) -> usize {
        self.totals.sites
    }
}

/// Maximum number of sites that are named, so that the coverage stays one line.
const MAX_NAMED: usize = 3;

/// Writes `; 2 arguments of 1 spawn call were no known kind of task (not recorded: src/main.rs:3:5)`.
impl fmt::Display for PassedThrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PassedThrough {
            arguments,
            calls,
            sites,
        } = self;
        let some = usize::try_from(*arguments).unwrap_or(usize::MAX);
        write!(
            f,
            "; {arguments} argument{} of {calls} spawn call{} {} no known kind of task (not recorded",
            plural(some),
            plural(*calls),
            was(some)
        )?;
        let mut separator = ": ";
        for site in sites.iter().take(MAX_NAMED) {
            write!(f, "{separator}{site}")?;
            separator = ", ";
        }
        match sites.len().saturating_sub(MAX_NAMED) {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

impl ThreadCounts {
    fn of(all: Vec<u64>, snapshot: &Snapshot) -> Self {
        let all: HashSet<u64> = all.into_iter().collect();
        // A shape has the thread of a task that runs, and there are far fewer shapes than rows.
        let shapes = snapshot.shapes.iter();
        let threads = shapes.filter(|shape| shape.kind().is_thread());
        let ids = threads.filter_map(|shape| snapshot.threads.of(shape.status)?.os_id);
        let recorded = ids.collect::<HashSet<u64>>().intersection(&all).count();
        ThreadCounts {
            all: all.len(),
            recorded,
        }
    }
}

/// The reason for an empty dump.
pub const NOTHING_IS_INSTRUMENTED: &str = "nothing in this build is instrumented";

/// The remedy.
pub const HOW_TO_INSTRUMENT: &str =
    "help: put `#[birthmark::instrument]` on code that spawns, or start the program by `cargo birthmark run`";

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("coverage: ")?;
        match self.threads {
            Some(ThreadCounts { all, recorded }) => {
                let none = all.saturating_sub(recorded);
                write!(
                    f,
                    "{recorded} of {all} OS thread{} {} a record, {none} {} none",
                    plural(all),
                    have(recorded),
                    have(none)
                )?;
            }
            None => f.write_str("OS threads not looked at (this system does not list them)")?,
        }
        write!(
            f,
            "; {} spawned while birthmark was off",
            self.totals.untracked
        )?;
        if self.totals.refused > 0 {
            write!(f, "; {} refused by hooks", self.totals.refused)?;
        }
        if self.totals.unrecorded > 0 {
            write!(
                f,
                "; {} not recorded for lack of memory",
                self.totals.unrecorded
            )?;
        }
        if self.totals.unproved > 0 {
            write!(
                f,
                "; {} not read for certain, because they changed meanwhile or make no sense",
                self.totals.unproved
            )?;
        }
        if self.totals.passed_through.calls > 0 {
            self.totals.passed_through.fmt(f)?;
        }
        if !self.totals.clock {
            f.write_str("; ages not known (the clock does not run)")?;
        }
        write!(
            f,
            "; {} site{} linked",
            self.totals.sites,
            plural(self.totals.sites)
        )
    }
}
