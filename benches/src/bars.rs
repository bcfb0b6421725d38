//! How many instructions birthmark may cost.

use crate::case::Unit;
use crate::run::{self, Malloc};
use crate::variant::Variant;

/// One bar: instructions a unit beyond raw.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// The unit that is counted.
    pub unit: Unit,
    /// On, or off.
    pub variant: Variant,
    /// What we want.
    pub goal: f64,
    /// What no change may exceed: the goal where it is reached, else what has been reached so far,
    /// and a little, because compilers differ. Lower it with each gain.
    pub allowed: f64,
}

/// All bars. A poll that is off may load the handle, test it and branch. Some goals cannot be reached:
/// `--bin floor` shows what less than a useful record costs already. They were set by a prototype that was
/// measured with link-time optimization (`--profile lto`), where a wrapper costs less than half as much;
/// what is enforced is what `--release` gives, as most programs are built.
pub const BARS: [Bar; 14] = [
    bar(Unit::Spawn, Variant::On, 60.0, 110.0),
    bar(Unit::SpawnOwning, Variant::On, 60.0, 90.0),
    bar(Unit::SpawnBlock, Variant::On, 60.0, 200.0),
    bar(Unit::Poll, Variant::On, 20.0, 24.0),
    bar(Unit::Job, Variant::On, 40.0, 95.0),
    bar(Unit::Thread, Variant::On, 400.0, 400.0),
    bar(Unit::Spawn, Variant::Off, 6.0, 63.0),
    bar(Unit::SpawnOwning, Variant::Off, 6.0, 43.0),
    bar(Unit::Job, Variant::Off, 6.0, 38.0),
    bar(Unit::Poll, Variant::Off, 3.0, 19.0),
    // With frames: 1.06 and 1.05 times raw, and two nanoseconds for each of the four further levels.
    bar(Unit::SpawnLevels(1), Variant::On, 75.0, 285.0),
    bar(Unit::SpawnLevels(5), Variant::On, 107.0, 830.0),
    bar(Unit::PollLevels(1), Variant::On, 20.0, 82.0),
    bar(Unit::PollLevels(5), Variant::On, 52.0, 155.0),
];

const fn bar(unit: Unit, variant: Variant, goal: f64, allowed: f64) -> Bar {
    Bar {
        unit,
        variant,
        goal,
        allowed,
    }
}

/// A bar with what was measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// What was asked for.
    pub bar: Bar,
    /// What the runtime alone takes.
    pub raw: f64,
    /// What birthmark adds.
    pub added: f64,
}

impl Measured {
    /// Whether the change may pass.
    pub fn holds(&self) -> bool {
        self.added <= self.bar.allowed
    }

    /// Whether nothing is left to wish for.
    pub fn reaches_goal(&self) -> bool {
        self.added <= self.bar.goal
    }
}

/// Counts all that the bars speak of. With mimalloc, because how much glibc's malloc takes for a
/// block depends on what was freed before, which is not what is asked here.
///
/// # Panics
///
/// If valgrind is not there.
pub fn measure() -> Vec<Measured> {
    let mut raw: Vec<(Unit, f64)> = Vec::new();
    let measure = |bar: Bar| {
        let known = raw.iter().find(|(unit, _)| *unit == bar.unit);
        let alone = known.map_or_else(
            || run::instructions(Malloc::Mimalloc, bar.unit, Variant::Raw),
            |(_, count)| *count,
        );
        raw.push((bar.unit, alone));
        let count = run::instructions(Malloc::Mimalloc, bar.unit, bar.variant);
        Measured {
            bar,
            raw: alone,
            added: count - alone,
        }
    };
    BARS.into_iter().map(measure).collect()
}
