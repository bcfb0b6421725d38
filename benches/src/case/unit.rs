//! The units of which a case runs any number: a task from spawn to end, a poll, a job, a thread.

use std::fmt;
use std::str::FromStr;

use rayon::{ThreadPool, ThreadPoolBuilder, Yield};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::spawn::{
    AsyncBacktrace, AwaitTree, Awaits, Birthmark, DropOnly, Fastrace, Idle, InCurrentSpan, Levels,
    MinimalRecord, Prototype, Raw, RecordWith, Spawn, SpawnMore, Tracing, Word,
};
use crate::variant::Variant;
use crate::work::{Ends, Owns, Task, Yields};

/// Tasks that are spawned before the first is awaited.
const BATCH: usize = 128;
/// Tasks among which polls are divided.
const YIELDERS: usize = 16;

/// One thing that a program does many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A tokio task from spawn to end, on `current_thread`.
    Spawn,
    /// As `Spawn`, for a future that has something to drop.
    SpawnOwning,
    /// As `Spawn`, for an async block.
    SpawnBlock,
    /// As `Spawn`, on `multi_thread` with 2 workers.
    SpawnMulti,
    /// A poll of a live task, on `current_thread`.
    Poll,
    /// A poll of a live task, on `multi_thread` with 2 workers.
    PollMulti,
    /// As `Spawn`, with a future that is awaited at so many levels: 1 or 5.
    SpawnLevels(usize),
    /// As `Poll`, likewise.
    PollLevels(usize),
    /// As `SpawnLevels` at one level, on `multi_thread` with 2 workers.
    SpawnLevelMulti,
    /// As `PollLevels` at one level, likewise.
    PollLevelMulti,
    /// An await in a task that runs.
    Await(Await),
    /// A rayon job.
    Job,
    /// An OS thread from spawn to join.
    Thread,
    /// A rayon `join`.
    Join,
}

/// The expression of an await.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Await {
    /// An async function that is ready at once.
    Ready,
    /// An async function that is ready at once, below four others.
    BelowFour,
    /// A mutex that nobody else locks.
    Lock,
    /// `tokio::task::yield_now`.
    YieldNow,
}

impl Unit {
    const NAMES: [(Unit, &'static str); 19] = [
        (Unit::Spawn, "tokio task"),
        (Unit::SpawnOwning, "tokio task with a drop"),
        (Unit::SpawnBlock, "tokio task, async block"),
        (Unit::SpawnMulti, "tokio task, 2 workers"),
        (Unit::Poll, "poll"),
        (Unit::PollMulti, "poll, 2 workers"),
        (Unit::SpawnLevels(1), "tokio task, 1 await"),
        (Unit::SpawnLevels(5), "tokio task, 5 awaits"),
        (Unit::PollLevels(1), "poll, 1 await"),
        (Unit::PollLevels(5), "poll, 5 awaits"),
        (Unit::SpawnLevelMulti, "tokio task, 1 await, 2 workers"),
        (Unit::PollLevelMulti, "poll, 1 await, 2 workers"),
        (Unit::Await(Await::Ready), "await, ready at once"),
        (Unit::Await(Await::BelowFour), "await, below four others"),
        (Unit::Await(Await::Lock), "await of a mutex"),
        (Unit::Await(Await::YieldNow), "await of yield_now"),
        (Unit::Job, "rayon job"),
        (Unit::Thread, "OS thread"),
        (Unit::Join, "rayon join"),
    ];

    fn has_levels(self) -> bool {
        matches!(
            self,
            Unit::SpawnLevels(_)
                | Unit::PollLevels(_)
                | Unit::SpawnLevelMulti
                | Unit::PollLevelMulti
        )
    }

    /// How many units take long enough to be timed, and short enough to alternate often.
    pub fn timed(self) -> usize {
        match self {
            Unit::Poll
            | Unit::PollMulti
            | Unit::PollLevels(_)
            | Unit::PollLevelMulti
            | Unit::Await(_) => 1 << 16,
            Unit::Thread => 1 << 7,
            _ => 1 << 14,
        }
    }

    /// Returns `true` if all of its work is on the thread that begins it. Then no other thread counts: how often
    /// birthmark's clock ticks meanwhile depends on how fast the machine is.
    pub(crate) fn is_of_one_thread(self) -> bool {
        match self {
            Unit::Spawn
            | Unit::SpawnOwning
            | Unit::SpawnBlock
            | Unit::Poll
            | Unit::SpawnLevels(_)
            | Unit::PollLevels(_)
            | Unit::Await(_)
            | Unit::Job => true,
            Unit::SpawnMulti
            | Unit::PollMulti
            | Unit::SpawnLevelMulti
            | Unit::PollLevelMulti
            | Unit::Thread
            | Unit::Join => false,
        }
    }

    /// How many units are enough to be counted.
    pub fn counted(self) -> usize {
        match self {
            Unit::Thread => 1 << 9,
            _ => 1 << 13,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Unit::NAMES.iter().find(|(unit, _)| unit == self);
        f.pad(name.map_or("?", |(_, name)| name))
    }
}

impl FromStr for Unit {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Unit::NAMES.iter().find(|(_, known)| *known == name);
        found
            .map(|(unit, _)| *unit)
            .ok_or_else(|| format!("no unit is called {name:?}"))
    }
}

/// A unit with the runtime that it needs.
pub(crate) struct Stage {
    unit: Unit,
    payload: usize,
    runtime: Option<Runtime>,
    pool: Option<ThreadPool>,
}

impl Stage {
    pub(crate) fn new(unit: Unit, payload: usize) -> Self {
        let runtime = match unit {
            Unit::Job | Unit::Thread | Unit::Join => None,
            Unit::SpawnMulti | Unit::PollMulti | Unit::SpawnLevelMulti | Unit::PollLevelMulti => {
                Some(multi_thread())
            }
            _ => Some(current_thread()),
        };
        let pool = matches!(unit, Unit::Job | Unit::Join).then(|| {
            let builder = ThreadPoolBuilder::new().num_threads(1);
            builder.use_current_thread().build().expect("a rayon pool")
        });
        Stage {
            unit,
            payload,
            runtime,
            pool,
        }
    }

    pub(crate) fn run(&self, variant: Variant, units: usize) {
        if let Unit::Await(awaited) = self.unit {
            return self.run_awaits_of(variant, awaited, units);
        }
        if self.unit.has_levels() {
            return self.run_levels_of(variant, units);
        }
        match variant {
            Variant::Raw | Variant::Console => self.run_any::<Raw>(units),
            Variant::On
            | Variant::Off
            | Variant::Rules
            | Variant::Carried
            | Variant::CarriedNothing => self.run_any::<Birthmark>(units),
            Variant::InCurrentSpan => self.run_tokio::<InCurrentSpan>(units),
            Variant::Word => self.run_any::<Word>(units),
            Variant::DropOnly => self.run_any::<DropOnly>(units),
            Variant::Prototype => self.run_any::<Prototype>(units),
            Variant::Idle => self.run_any::<Idle>(units),
            Variant::MinimalRecord => self.run_any::<MinimalRecord>(units),
            Variant::RecordWith(count) => self.run_record_with(count, units),
            Variant::Tracing | Variant::Registry => self.run_tokio::<Tracing>(units),
            Variant::AsyncBacktrace => self.run_tokio::<AsyncBacktrace>(units),
            Variant::AwaitTree => self.run_tokio::<AwaitTree>(units),
            Variant::Fastrace => self.run_tokio::<Fastrace>(units),
        }
    }

    fn run_any<S: SpawnMore>(&self, units: usize) {
        match self.unit {
            Unit::SpawnBlock => match self.payload {
                8 => self.on_runtime::<S>(blocks::<S, Ends<8>>(units)),
                40 => self.on_runtime::<S>(blocks::<S, Ends<40>>(units)),
                72 => self.on_runtime::<S>(blocks::<S, Ends<72>>(units)),
                _ => self.on_runtime::<S>(blocks::<S, Ends<104>>(units)),
            },
            Unit::Job => self.on_pool(|| jobs::<S>(units)),
            Unit::Join => self.on_pool(|| (0..units).for_each(|_| S::join())),
            Unit::Thread => {
                (0..units).for_each(|_| S::thread().join().expect("no thread panics"));
            }
            _ => self.run_tokio::<S>(units),
        }
    }

    fn run_record_with(&self, count: usize, units: usize) {
        assert_eq!(self.unit, Unit::Job, "features are kept for jobs");
        self.on_pool(|| match count {
            1 => jobs::<RecordWith<1>>(units),
            2 => jobs::<RecordWith<2>>(units),
            3 => jobs::<RecordWith<3>>(units),
            4 => jobs::<RecordWith<4>>(units),
            _ => jobs::<RecordWith<5>>(units),
        });
    }

    fn run_tokio<S: Spawn>(&self, units: usize) {
        match (self.unit, self.payload) {
            (Unit::Poll | Unit::PollMulti, _) => self.on_runtime::<S>(polls::<S>(units)),
            (Unit::Spawn | Unit::SpawnMulti, 8) => {
                self.on_runtime::<S>(tasks::<S, Ends<8>>(units));
            }
            (Unit::Spawn | Unit::SpawnMulti, 40) => {
                self.on_runtime::<S>(tasks::<S, Ends<40>>(units));
            }
            (Unit::Spawn | Unit::SpawnMulti, 72) => {
                self.on_runtime::<S>(tasks::<S, Ends<72>>(units));
            }
            (Unit::Spawn | Unit::SpawnMulti, _) => {
                self.on_runtime::<S>(tasks::<S, Ends<104>>(units));
            }
            (Unit::SpawnOwning, 8) => self.on_runtime::<S>(tasks::<S, Owns<8>>(units)),
            (Unit::SpawnOwning, 40) => self.on_runtime::<S>(tasks::<S, Owns<40>>(units)),
            (Unit::SpawnOwning, 72) => self.on_runtime::<S>(tasks::<S, Owns<72>>(units)),
            (Unit::SpawnOwning, _) => self.on_runtime::<S>(tasks::<S, Owns<104>>(units)),
            (unit, _) => panic!("the variant has no {unit}"),
        }
    }

    fn run_awaits_of(&self, variant: Variant, awaited: Await, units: usize) {
        match variant {
            Variant::Raw => self.run_awaits::<Raw>(awaited, units),
            Variant::On | Variant::Off | Variant::Rules => {
                self.run_awaits::<Birthmark>(awaited, units)
            }
            Variant::AsyncBacktrace => self.run_awaits::<AsyncBacktrace>(awaited, units),
            Variant::AwaitTree => self.run_awaits::<AwaitTree>(awaited, units),
            Variant::Tracing | Variant::Registry => self.run_awaits::<Tracing>(awaited, units),
            _ => panic!("{variant} knows no awaits"),
        }
    }

    fn run_awaits<S: Awaits>(&self, awaited: Await, units: usize) {
        match awaited {
            Await::Ready => self.on_runtime::<S>(S::ready(units)),
            Await::BelowFour => self.on_runtime::<S>(S::below_four(units)),
            Await::Lock => self.on_runtime::<S>(S::lock(units)),
            Await::YieldNow => self.on_runtime::<S>(S::yield_now(units)),
        }
    }

    fn run_levels_of(&self, variant: Variant, units: usize) {
        match variant {
            Variant::Raw => self.run_levels::<Raw>(units),
            Variant::On | Variant::Off | Variant::Rules => self.run_levels::<Birthmark>(units),
            Variant::AsyncBacktrace => self.run_levels::<AsyncBacktrace>(units),
            Variant::AwaitTree => self.run_levels::<AwaitTree>(units),
            Variant::Word => self.run_levels::<Word>(units),
            Variant::DropOnly => self.run_levels::<DropOnly>(units),
            Variant::Prototype => self.run_levels::<Prototype>(units),
            _ => panic!("{variant} knows no levels"),
        }
    }

    fn run_levels<S: Levels>(&self, units: usize) {
        let one = || S::one(Ends::<40>::new);
        let five = || S::five(Ends::<40>::new);
        match self.unit {
            Unit::SpawnLevels(1) | Unit::SpawnLevelMulti => {
                self.on_runtime::<S>(in_batches(units, move || S::spawn(one())))
            }
            Unit::SpawnLevels(_) => {
                self.on_runtime::<S>(in_batches(units, move || S::spawn(five())))
            }
            Unit::PollLevels(1) | Unit::PollLevelMulti => {
                self.on_runtime::<S>(polled(units, |turns| {
                    S::spawn(S::one(move || Yields(turns)))
                }));
            }
            _ => self.on_runtime::<S>(polled(units, |turns| {
                S::spawn(S::five(move || Yields(turns)))
            })),
        }
    }

    /// Runs what spawns as a task of the variant itself, as it would be in a real program.
    fn on_runtime<S: Spawn>(&self, spawner: impl Future<Output = ()> + Send + 'static) {
        let runtime = self.runtime.as_ref().expect("units of tokio have one");
        let done = runtime.block_on(async { S::spawn(spawner).await });
        done.expect("no task panics");
    }

    fn on_pool(&self, work: impl FnOnce() + Send) {
        self.pool
            .as_ref()
            .expect("units of rayon have one")
            .install(work);
    }
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a current_thread runtime")
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a multi_thread runtime")
}

pub(crate) async fn tasks<S: Spawn, T: Task>(units: usize) {
    in_batches(units, || S::spawn(T::new())).await;
}

async fn blocks<S: SpawnMore, T: Task>(units: usize) {
    in_batches(units, || S::block(T::new())).await;
}

async fn in_batches(units: usize, spawn: impl Fn() -> JoinHandle<()>) {
    let mut batch = Vec::with_capacity(BATCH);
    for _ in 0..units / BATCH {
        batch.extend((0..BATCH).map(|_| spawn()));
        for task in batch.drain(..) {
            task.await.expect("no task panics");
        }
    }
}

async fn polls<S: Spawn>(units: usize) {
    polled(units, |turns| S::spawn(Yields(turns))).await;
}

async fn polled(units: usize, spawn: impl Fn(usize) -> JoinHandle<()>) {
    let yielders: Vec<_> = (0..YIELDERS).map(|_| spawn(units / YIELDERS)).collect();
    for yielder in yielders {
        yielder.await.expect("no task panics");
    }
}

fn jobs<S: SpawnMore>(units: usize) {
    for _ in 0..units / BATCH {
        (0..BATCH).for_each(|_| S::job());
        while rayon::yield_now() == Some(Yield::Executed) {}
    }
}
