//! Awaits that were dropped before they were ready.

use std::fmt;

use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::record::frames::DropCounts;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::FrameSite;

/// An async function whose future was dropped while it waited; see [`dropped`].
///
/// A `select!` drops the branches that lose. If such a branch has taken something out of a channel and then waits, the drop
/// loses that. So the awaits behind the first one of a function are counted on their own.
///
/// # Examples
///
/// ```
/// for function in birthmark::dropped() {
///     println!("{function}");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct DroppedAwait {
    site: &'static FrameSite,
    dropped: u64,
    of: Option<u64>,
    past: u64,
    passed: Option<&'static FrameSite>,
}

impl DroppedAwait {
    /// Returns the await at which the function was dropped most often, of those behind its first one if there are any.
    pub fn site(&self) -> &'static FrameSite {
        self.site
    }

    /// Returns the enclosing function, with its type.
    pub fn function(&self) -> &'static str {
        self.site.function()
    }

    /// Returns the number of futures of the function that were dropped while they waited. Drops together with their whole
    /// task, and drops during a panic, do not count.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the number of awaits of the function that have waited since one was dropped for the first time. `None` if the
    /// awaits of the function are not known by its name.
    pub fn of(&self) -> Option<u64> {
        self.of
    }

    /// Returns the number of futures that were dropped behind an await of the function that had waited before.
    pub fn past(&self) -> u64 {
        self.past
    }

    /// Returns the await that these futures had passed, the last one before [`site`](DroppedAwait::site).
    pub fn passed(&self) -> Option<&'static FrameSite> {
        self.passed
    }
}

/// Writes `next_event src/main.rs:21:25: dropped 6 of 10 times, 4 of them past deliveries.recv`.
impl fmt::Display for DroppedAwait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.site;
        escape(site.function(), f)?;
        let file = from_package(site.file());
        write!(f, " {file}:{}:{}: dropped ", site.line(), site.column())?;
        match self.of {
            Some(of) => write!(f, "{} of {of} times", self.dropped)?,
            None if self.dropped == 1 => f.write_str("once")?,
            None => write!(f, "{} times", self.dropped)?,
        }
        let Some(passed) = self.passed.filter(|_| self.past > 0) else {
            return Ok(());
        };
        match self.past == self.dropped {
            true => f.write_str(", past ")?,
            false => write!(f, ", {} of them past ", self.past)?,
        }
        match passed.awaited() {
            "" => write!(f, "the await in line {}", passed.line()),
            awaited => {
                f.write_str("`")?;
                escape(awaited, f)?;
                f.write_str("`")
            }
        }
    }
}

/// Returns the async functions whose futures were dropped while they waited, those first that were dropped most often behind
/// an await.
///
/// An await is known from its first suspension on. Awaits that are ready at once are not counted. The number of drops of one
/// await wraps around at 2³².
///
/// # Examples
///
/// ```
/// let lossy = birthmark::dropped();
/// let lossy = lossy.iter().filter(|function| function.past() > 0);
/// println!("{} functions may have lost something", lossy.count());
/// ```
pub fn dropped() -> Vec<DroppedAwait> {
    let counts = birthmark_core::__reader::record::frames::drop_counts();
    report(&counts)
}

/// Returns the file and the function of an await.
fn function_of(site: &FrameSite) -> (&'static str, &'static str) {
    (site.file, site.function)
}

fn place_of(site: &FrameSite) -> (u32, u32) {
    (site.line(), site.column())
}

fn report(counts: &[DropCounts]) -> Vec<DroppedAwait> {
    let mut awaits: Vec<&DropCounts> = counts.iter().filter(|it| !it.is_branch).collect();
    awaits.sort_by_key(|it| (function_of(it.site), place_of(it.site)));
    let functions = awaits.chunk_by(|a, b| function_of(a.site) == function_of(b.site));
    let found = functions.filter_map(|awaits| of_function(awaits, counts));
    let mut found: Vec<DroppedAwait> = found.collect();
    found.sort_by_key(|it| std::cmp::Reverse((it.past, it.dropped)));
    found
}

/// Returns the drops of a function with these awaits, in the order of the source.
fn of_function(awaits: &[&DropCounts], all: &[DropCounts]) -> Option<DroppedAwait> {
    let dropped: u64 = awaits.iter().map(|it| u64::from(it.carried)).sum();
    if dropped == 0 {
        return None;
    }
    let later = awaits.get(1..).unwrap_or_default();
    let past: u64 = later.iter().map(|it| u64::from(it.carried)).sum();
    let shown = if past > 0 { later } else { awaits };
    let most = shown.iter().max_by_key(|it| it.carried)?;
    let mut backwards = awaits.iter().rev().map(|it| it.site);
    let passed = backwards.find(|site| place_of(site) < place_of(most.site));
    Some(DroppedAwait {
        site: most.site,
        dropped,
        of: waits_for(most.site.function(), dropped, all),
        past,
        passed,
    })
}

/// Returns how often a function was awaited, if the awaits that mention its name account for all of its drops.
fn waits_for(function: &str, dropped: u64, all: &[DropCounts]) -> Option<u64> {
    let name = last_segment(function);
    let callers = all
        .iter()
        .filter(|it| last_segment(it.site.awaited()) == name);
    let mut sums = [0, 0];
    for it in callers {
        sums[0] += u64::from(it.suspended);
        sums[1] += u64::from(it.lost) + u64::from(it.carried);
    }
    (sums[1] >= dropped && sums[0] >= dropped).then_some(sums[0])
}

fn last_segment(path: &str) -> &str {
    path.rsplit(['.', ':']).next().unwrap_or(path)
}
