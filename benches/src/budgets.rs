//! How many instructions birthmark may cost.

use crate::case::{Await, Unit};
use crate::run::{self, Counts, Malloc};
use crate::stats::Sample;
use crate::variant::Variant;

/// One budget: instructions a unit beyond raw.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The unit that is counted.
    pub unit: Unit,
    /// On, or off.
    pub variant: Variant,
    /// The goal with link-time optimization.
    pub goal: f64,
    /// The limit in a release: the present cost, and a little more because compilers differ. Lower it with each gain.
    pub release: f64,
    /// The limit with `--profile lto`.
    pub lto: f64,
}

/// All budgets.
///
/// The goals come from a prototype that was measured with link-time optimization (`--bin lower-bound`, "the prototype").
/// Only there does the prototype take so few instructions, so a run with `--profile lto` is to be compared with the
/// goals. The other run shows the cost in most programs. There, a wrapper that does nothing takes more than half of a
/// goal.
///
/// Some are out of reach:
/// - A job: the least record takes 38 of the 40, and `lower-bound` shows the cost of each further feature.
/// - Closures: a task ends after the values that its closure owns. This order takes 20 of a job's instructions, 18 while
///   off, and 100 of a thread's.
/// - Futures: a task that the spawning function got from its caller takes 3 more, because the caller may have
///   announced it. The role of such a task is looked up by its type, which takes 20. All but `SpawnBlock` spawn such tasks.
/// - A closure that is off: a word that is carried along takes 8, the least that could be switched on 12.
/// - A poll that is off: the least takes 6. Besides the handle, the cursor is tested. Otherwise frames of a task
///   without a record would count as those of the task that polls it.
/// - Wakes: a waker around the executor's takes 40 of a task's instructions and 67 of those of a poll that wakes itself. A
///   clone and a wake take 90 more, as in `yield_now`. The goals are from a time without wakes.
/// - Futures: a task shows where its future is in its first poll, which takes 15.
/// - A poll: the cursor has bits of the task's id, and the level of the shadow stack is tested. Both together take 7.
/// - `yield_now`: a frame that is recorded and left takes 90, because both are out of line. Inline, each `.await` would be
///   too large to be inlined itself.
/// - Frames: a word at each level, tested when it is dropped, takes 44 of the 75 and 362 of the 107. Without it, branches
///   that wait are unknown. The prototype's frames have no such word and take far fewer instructions, but as much time
///   as ours: `table frames`.
/// - Rules: a spawn and a poll cost what they cost without.
/// - All variants are in one program, and with each more the compiler inlines less. Those that carry a span take 14 raw and ten
///   further instructions of each task here.
pub const BUDGETS: [Budget; 22] = [
    budget(Unit::Spawn, Variant::On, 60.0, 213.0, 185.0),
    budget(Unit::SpawnOwning, Variant::On, 60.0, 192.0, 205.0),
    budget(Unit::SpawnBlock, Variant::On, 60.0, 198.0, 135.0),
    budget(Unit::Poll, Variant::On, 20.0, 101.0, 85.0),
    budget(Unit::Spawn, Variant::Rules, 60.0, 213.0, 185.0),
    budget(Unit::Poll, Variant::Rules, 20.0, 101.0, 85.0),
    budget(Unit::Job, Variant::On, 40.0, 123.0, 99.0),
    // How long the kernel lets a thread wait shows in its instructions: runs differ by 50.
    budget(Unit::Thread, Variant::On, 400.0, 590.0, 550.0),
    budget(Unit::Spawn, Variant::Off, 6.0, 70.0, 8.0),
    budget(Unit::SpawnOwning, Variant::Off, 6.0, 60.0, 23.0),
    budget(Unit::Job, Variant::Off, 6.0, 57.0, 41.0),
    budget(Unit::Poll, Variant::Off, 3.0, 17.0, 11.0),
    // With frames: 1.06 and 1.05 times raw, and two nanoseconds for each of the four further levels.
    budget(Unit::SpawnLevels(1), Variant::On, 75.0, 298.0, 290.0),
    budget(Unit::SpawnLevels(5), Variant::On, 107.0, 630.0, 610.0),
    budget(Unit::PollLevels(1), Variant::On, 20.0, 150.0, 125.0),
    budget(Unit::PollLevels(5), Variant::On, 52.0, 192.0, 172.0),
    budget(Unit::Await(Await::Ready), Variant::On, 16.0, 26.0, 24.0),
    budget(Unit::Await(Await::BelowFour), Variant::On, 17.0, 26.0, 24.0),
    budget(Unit::Await(Await::Lock), Variant::On, 30.0, 42.0, 36.0),
    budget(
        Unit::Await(Await::YieldNow),
        Variant::On,
        75.0,
        325.0,
        300.0,
    ),
    budget(Unit::SpawnLevels(5), Variant::Off, 6.0, 525.0, 420.0),
    budget(Unit::PollLevels(5), Variant::Off, 3.0, 148.0, 122.0),
];

const fn budget(unit: Unit, variant: Variant, goal: f64, release: f64, lto: f64) -> Budget {
    Budget {
        unit,
        variant,
        goal,
        release,
        lto,
    }
}

/// A budget with what was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The budget.
    pub budget: Budget,
    /// The limit in the profile of this build.
    pub allowed: f64,
    /// The instructions of the runtime alone.
    pub raw: f64,
    /// The instructions that birthmark adds, for each payload. The median counts.
    pub added: Sample,
}

impl Measured {
    /// Returns `true` if the cost is within its limit.
    pub fn holds(&self) -> bool {
        self.added.median() <= self.allowed
    }

    /// Returns `true` if the cost has reached its goal.
    pub fn reaches_goal(&self) -> bool {
        self.added.median() <= self.budget.goal
    }
}

/// Counts all that the budgets speak of. With mimalloc, because how much glibc's malloc takes for a
/// block depends on what was freed before, which is not what is asked here.
///
/// # Panics
///
/// If valgrind is not there.
pub fn measure() -> Vec<Measured> {
    let is_lto = run::profile() == "lto";
    let mut known: Vec<(Unit, Counts)> = Vec::new();
    let measure = |budget: Budget| {
        let raw = raw(&mut known, budget.unit);
        let counts = run::instructions(Malloc::Mimalloc, budget.unit, budget.variant);
        Measured {
            budget,
            allowed: if is_lto { budget.lto } else { budget.release },
            raw: raw.median(),
            added: counts.beyond(&raw),
        }
    };
    BUDGETS.into_iter().map(measure).collect()
}

/// Returns the instructions of a unit without birthmark. They are counted once.
fn raw(known: &mut Vec<(Unit, Counts)>, unit: Unit) -> Counts {
    if let Some((_, raw)) = known.iter().find(|(known, _)| *known == unit) {
        return raw.clone();
    }
    let raw = run::instructions(Malloc::Mimalloc, unit, Variant::Raw);
    known.push((unit, raw.clone()));
    raw
}
