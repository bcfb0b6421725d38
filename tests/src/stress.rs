//! Threads that spawn, rename, end, abort, dump and toggle at random, and what must hold all the while.
//!
//! Every task is told by its spawner who its ancestors are, which name and which labels it inherits, and compares
//! that with what its record says. Every end is entered into a ledger of our own, with which the
//! counts of the sites are compared when all has ended.

use std::collections::HashSet;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use birthmark::{
    Frame, HookHandle, Labels, Outcome, SiteStats, Spawn, SpawnHook, Task, TaskId, TaskRef,
};
use rayon::ThreadPool;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::{Random, only_stats_in, spawn, wait_until, yield_once};

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where the numbers begin that decide what is done.
    pub seed: u64,
    /// Threads that do it.
    pub threads: u64,
    /// Steps that each of them takes.
    pub steps: u64,
    /// `true` if birthmark is switched off and on meanwhile.
    pub toggles: bool,
}

impl Options {
    /// A few seconds of it, or as much as `BIRTHMARK_STRESS_STEPS` says.
    #[must_use]
    pub fn from_env(seed: u64, toggles: bool) -> Self {
        let steps = std::env::var("BIRTHMARK_STRESS_STEPS").ok();
        Options {
            seed,
            threads: 4,
            steps: steps.and_then(|steps| steps.parse().ok()).unwrap_or(1_000),
            toggles,
        }
    }
}

/// The ways to spawn; one site each.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Future,
    Thread,
    Job,
    Blocking,
    Held,
    Called,
}

const PLACES: [(Place, &str); 6] = [
    (Place::Future, "future"),
    (Place::Thread, "thread"),
    (Place::Job, "job"),
    (Place::Blocking, "blocking"),
    (Place::Held, "held"),
    (Place::Called, "called"),
];

/// The expected counts of one place.
#[derive(Default)]
struct Ledger {
    spawned: AtomicU64,
    completed: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
}

/// Tasks of a kind that are kept.
const MANY: usize = 1_000;

type HeldTask = Pin<Box<dyn Future<Output = ()> + Send>>;

struct RegistryRef {
    runtime: Handle,
    pool: ThreadPool,
    toggles: bool,
    ledgers: [Ledger; PLACES.len()],
    ids: Mutex<Vec<TaskId>>,
    held: Mutex<Vec<HeldTask>>,
    aborts: Mutex<Vec<AbortHandle>>,
    hooks: Mutex<Vec<HookHandle>>,
    /// Faults that tasks have found. A task may be unable to panic.
    complaints: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does all of it, and checks the invariants.
///
/// # Panics
///
/// If one does not hold.
pub fn run(options: Options) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("the runtime starts");
    // Without a handler, a job that unwinds aborts the program.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .panic_handler(|_| ())
        .build();
    let world = Arc::new(RegistryRef {
        runtime: runtime.handle().clone(),
        pool: pool.expect("the pool starts"),
        toggles: options.toggles,
        ledgers: Default::default(),
        ids: Mutex::default(),
        held: Mutex::default(),
        aborts: Mutex::default(),
        hooks: Mutex::default(),
        complaints: Mutex::default(),
    });
    std::thread::scope(|scope| {
        for number in 0..options.threads {
            let (world, random) = (&world, Random(options.seed + number));
            scope.spawn(move || drive(world, random, options.steps));
        }
    });
    birthmark::enable();
    // What has been spawned may spawn in turn, until it is all over.
    wait_until("all have ended", || {
        lock(&world.hooks).clear();
        lock(&world.aborts).drain(..).for_each(|task| task.abort());
        drop(std::mem::take(&mut *lock(&world.held)));
        world.is_over()
    });
    drop(runtime);
    check(&world);
}

impl RegistryRef {
    fn ledger(&self, place: Place) -> &Ledger {
        &self.ledgers[place as usize]
    }

    fn complain(&self, complaint: String) {
        lock(&self.complaints).push(complaint);
    }

    fn is_over(&self) -> bool {
        self.ledgers.iter().all(|ledger| {
            let ends = [&ledger.completed, &ledger.panicked, &ledger.cancelled];
            let ended: u64 = ends.iter().map(|end| end.load(SeqCst)).sum();
            ended == ledger.spawned.load(SeqCst)
        })
    }
}

/// The counts of a place's site.
fn stats(function: &str) -> SiteStats {
    only_stats_in(concat!(module_path!(), "::spawning"), function)
}

fn check(world: &RegistryRef) {
    let complaints = lock(&world.complaints);
    let (count, first) = (complaints.len(), complaints.first());
    assert_eq!(first, None, "and {count} in all");
    let mut untracked = 0;
    for (place, function) in PLACES {
        wait_until("no record is left", || stats(function).live == 0);
        let (stats, ledger) = (stats(function), world.ledger(place));
        let own = [
            &ledger.spawned,
            &ledger.completed,
            &ledger.panicked,
            &ledger.cancelled,
        ];
        let own = own.map(|count| count.load(SeqCst));
        assert!(own[0] > 0, "{place:?} was never used");
        let theirs = [
            stats.spawned(),
            stats.completed,
            stats.panicked,
            stats.cancelled,
        ];
        if world.toggles {
            untracked += own[0] - theirs[0];
        } else {
            assert_eq!(theirs, own, "{place:?}");
        }
    }
    let off = birthmark::dump().coverage().untracked_spawns();
    assert_eq!(
        off, untracked,
        "each spawn is recorded, or counted as not recorded"
    );
    let mut ids = std::mem::take(&mut *lock(&world.ids));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id was used twice");
}

/// The work of one thread.
fn drive(world: &Arc<RegistryRef>, mut random: Random, steps: u64) {
    for _ in 0..steps {
        abort_most_if_many(world);
        match random.below(100) {
            0..70 => spawning::any(world, &mut random, 4, &[]),
            70..80 => poll_one(world, &mut random),
            80..85 => abort_one(world, &mut random),
            85 => dump(world),
            86..90 => hook(world, &mut random),
            90..94 if world.toggles => toggle(&mut random),
            94..97 => birthmark::with_label("driver", random.below(10), || {
                spawning::any(world, &mut random, 2, &[]);
            }),
            _ => birthmark::with_name(random.below(10), || {
                spawning::any(world, &mut random, 2, &[]);
            }),
        }
    }
}

async fn yields(turns: usize) {
    for _ in 0..turns {
        yield_once().await;
    }
}

/// Returns `true` if a task has frames that its kind can have: both, or fewer while it is dropped.
fn stands_well(task: &Task) -> bool {
    let Some(place) = task.site().map(|site| site.function()) else {
        return task.stack().is_empty();
    };
    let frames = task.stack().frames();
    let allowed = ["_waits", "_waits_inside"];
    let fits = |(depth, frame): (usize, &Frame)| {
        let own = frame.site().function().strip_prefix(place);
        // While it runs, it may leave frames and enter them as they are read.
        own.is_some_and(|own| allowed.contains(&own))
            && (task.stack().may_be_stale()
                || own == Some(allowed[depth]) && frame.depth() == depth)
    };
    let room = task.stack().omitted_frames() == 0 && frames.len() <= allowed.len();
    (room || task.stack().may_be_stale()) && frames.iter().enumerate().all(fits)
}

/// Keeps the number of live tasks from growing with the steps, for the sake of the dumps.
fn abort_most_if_many(world: &RegistryRef) {
    let mut held = lock(&world.held);
    let mut dropped = Vec::new();
    if held.len() > MANY {
        dropped = held.split_off(MANY / 10);
    }
    drop(held);
    drop(dropped);
    let mut aborts = lock(&world.aborts);
    if aborts.len() > MANY {
        aborts.drain(MANY / 10..).for_each(|task| task.abort());
    }
}

fn poll_one(world: &RegistryRef, random: &mut Random) {
    let held = {
        let mut held = lock(&world.held);
        let count = held.len();
        (count > 0).then(|| held.swap_remove(random.below(count)))
    };
    let Some(mut held) = held else { return };
    let mut cx = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| held.as_mut().poll(&mut cx)));
    if polled.is_ok_and(|polled| polled.is_pending()) && random.below(8) > 0 {
        lock(&world.held).push(held);
    }
}

fn abort_one(world: &RegistryRef, random: &mut Random) {
    let mut aborts = lock(&world.aborts);
    let count = aborts.len();
    if count > 0 {
        let task = aborts.swap_remove(random.below(count));
        drop(aborts);
        task.abort();
    }
}

fn dump(world: &RegistryRef) {
    let dump = birthmark::dump();
    let mut seen = HashSet::new();
    for task in dump.tasks() {
        if !seen.insert(task.id()) {
            world.complain(format!("twice in one dump: {task}"));
        }
        if task
            .lineage()
            .iter()
            .any(|ancestor| ancestor.id() == task.id())
        {
            world.complain(format!("its own ancestor: {task}"));
        }
        if !stands_well(&task) {
            world.complain(format!("stands where it cannot: {task}"));
        }
    }
    let lines = dump.to_string().lines().count() + dump.tree().to_string().lines().count();
    if lines < dump.len() {
        world.complain("a dump with fewer lines than tasks".to_owned());
    }
    birthmark::sites();
}

fn hook(world: &RegistryRef, random: &mut Random) {
    let mut hooks = lock(&world.hooks);
    if hooks.len() < 3 {
        hooks.push(match random.below(3) {
            0 => birthmark::add_hook(|spawn: &mut Spawn<'_>| {
                spawn.enter_with(|| std::rc::Rc::new(0))
            }),
            1 => birthmark::add_hook(|spawn: &mut Spawn<'_>| spawn.delay_until(yield_once())),
            _ => birthmark::add_hook(Watch),
        });
    } else {
        let count = hooks.len();
        let hook = hooks.swap_remove(random.below(count));
        drop(hooks);
        hook.remove();
    }
}

/// Looks at tasks where they start and end.
struct Watch;

impl SpawnHook for Watch {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        assert!(spawn.name().is_none_or(|name| !name.as_str().is_empty()));
    }

    fn on_start(&self, task: &TaskRef<'_>) {
        assert!(birthmark::Task::of(task).outcome().is_none());
    }

    fn on_end(&self, task: &TaskRef<'_>, _: Outcome) {
        assert!(task.id().as_u64() > 0);
    }
}

fn toggle(random: &mut Random) {
    if random.below(2) == 0 {
        birthmark::disable();
    } else {
        birthmark::enable();
    }
}

/// Enters the end of a task into the ledger, however it ends.
struct Fate {
    world: Arc<RegistryRef>,
    place: Place,
    done: bool,
}

impl Fate {
    fn new(world: &Arc<RegistryRef>, place: Place) -> Self {
        world.ledger(place).spawned.fetch_add(1, SeqCst);
        Fate {
            world: Arc::clone(world),
            place,
            done: false,
        }
    }

    fn complete(mut self) {
        self.done = true;
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        let ledger = self.world.ledger(self.place);
        let count = if self.done {
            &ledger.completed
        } else if std::thread::panicking() {
            &ledger.panicked
        } else {
            &ledger.cancelled
        };
        count.fetch_add(1, SeqCst);
    }
}

/// The instructions that a task gets from its spawner.
struct Told {
    fate: Fate,
    random: Random,
    depth: u32,
    /// The ancestors, nearest first, as they have said themselves. Those that are not recorded are left
    /// out; what a thread has spawned begins the line.
    line: Vec<TaskId>,
    name: Option<String>,
    labels: Labels,
}

impl Told {
    fn new(
        world: &Arc<RegistryRef>,
        random: &mut Random,
        depth: u32,
        line: &[TaskId],
        place: Place,
    ) -> Self {
        let current = birthmark::current();
        let name = current.as_ref().and_then(Task::name);
        Told {
            fate: Fate::new(world, place),
            random: Random(random.next_u64()),
            depth,
            line: line.to_vec(),
            name: name.map(|name| name.as_str().to_owned()),
            labels: current
                .map(|task| task.labels().clone())
                .unwrap_or_default(),
        }
    }

    fn world(&self) -> Arc<RegistryRef> {
        Arc::clone(&self.fate.world)
    }

    /// Compares what it was told with its record. Returns its line, with itself, if it has a record.
    fn check(&self) -> Option<Vec<TaskId>> {
        let world = self.world();
        let function = PLACES[self.fate.place as usize].1;
        let own = birthmark::current().filter(|own| {
            // A task that is not recorded runs as part of another, or of none.
            let is_own = own.site().is_some_and(|site| site.function() == function);
            is_own && !self.line.contains(&own.id())
        });
        let Some(own) = own else {
            if !world.toggles {
                world.complain(format!("{function} has no record"));
            }
            return None;
        };
        lock(&world.ids).push(own.id());
        let ancestors: Vec<_> = own.lineage().iter().map(|above| above.id()).collect();
        let as_told = world.toggles || ancestors.starts_with(&self.line);
        if !as_told || !own.lineage().is_complete() {
            world.complain(format!("told {:?}, but {own}", self.line));
        }
        let name = own.name().map(|name| name.as_str().to_owned());
        if name != self.name && !world.toggles {
            world.complain(format!("told {:?}, but {own}", self.name));
        }
        if *own.labels() != self.labels && !world.toggles {
            world.complain(format!("told {:?}, but {own}", self.labels));
        }
        Some(std::iter::once(own.id()).chain(ancestors).collect())
    }

    /// Does the work of each task: it renames itself, labels itself, and spawns others. `line` is `None` for a task
    /// that is not recorded.
    fn work(&mut self, line: Option<&Vec<TaskId>>) {
        let world = self.world();
        match self.random.below(8) {
            0..2 => self.rename(line.is_some()),
            2..4 => self.label(line.is_some()),
            _ => {}
        }
        for _ in 0..self.random.below(3).min(self.depth as usize) {
            let line = line.unwrap_or(&self.line);
            spawning::any(&world, &mut self.random, self.depth - 1, line);
        }
    }

    fn rename(&mut self, recorded: bool) {
        let world = self.world();
        let length = self.random.below(300);
        let name = "n".repeat(length);
        birthmark::set_name(&name);
        let kept = birthmark::current().and_then(|own| Some(own.name()?.as_str().len()));
        let expected = (length > 0).then_some(length.min(birthmark::MAX_NAME_LEN));
        if recorded && !world.toggles && kept != expected {
            world.complain(format!("named with {length} bytes, kept {kept:?}"));
        }
    }

    /// There are more keys than labels that a task can have.
    fn label(&mut self, recorded: bool) {
        let world = self.world();
        let key = format!("key {}", self.random.below(birthmark::MAX_LABELS + 2));
        let length = self.random.below(2 * birthmark::MAX_LABEL_LEN);
        let labels = || birthmark::current().map(|own| own.labels().clone());
        let before = labels().unwrap_or_default();
        birthmark::set_label(&key, "v".repeat(length));
        let kept = labels().unwrap_or_default();
        let has_room = before.get(&key).is_some() || before.len() < birthmark::MAX_LABELS;
        let expected = (length > 0 && has_room).then_some(length.min(birthmark::MAX_LABEL_LEN));
        if recorded && !world.toggles && kept.get(&key).map(|label| label.value().len()) != expected
        {
            world.complain(format!(
                "labelled with {length} bytes: {before:?}, then {kept:?}"
            ));
        }
    }

    fn run(mut self) {
        let line = self.check();
        self.work(line.as_ref());
        if self.random.below(10) == 0 {
            resume_unwind(Box::new("on purpose"));
        }
        self.fate.complete();
    }

    async fn run_async(mut self) {
        let line = self.check();
        for _ in 0..self.random.below(4) {
            self.work(line.as_ref());
            yield_once().await;
            let own = birthmark::current().map(|own| own.id());
            if line.as_ref().is_some_and(|line| own != Some(line[0])) {
                self.world().complain(format!("{line:?} became {own:?}"));
            }
        }
        if self.random.below(2) == 0 {
            let turns = self.random.below(3);
            match self.fate.place {
                Place::Future => spawning::future_waits(turns).await,
                _ => spawning::held_waits(turns).await,
            }
        }
        if self.random.below(6) == 0 {
            let name = self.random.below(1_000);
            birthmark::with_name_async(name, async {
                self.work(line.as_ref());
                yield_once().await;
                self.work(line.as_ref());
            })
            .await;
        }
        if self.random.below(6) == 0 {
            let label = self.random.below(1_000);
            birthmark::with_label_async("future", label, async {
                self.work(line.as_ref());
                yield_once().await;
                self.work(line.as_ref());
            })
            .await;
        }
        match self.random.below(10) {
            0 => resume_unwind(Box::new("on purpose")),
            // Until somebody aborts it.
            1 => pending().await,
            _ => self.fate.complete(),
        }
    }
}

#[birthmark::instrument]
mod spawning {
    use super::*;

    /// Spawns somewhere.
    pub(super) fn any(world: &Arc<RegistryRef>, random: &mut Random, depth: u32, line: &[TaskId]) {
        let place = match random.below(100) {
            0..30 => Place::Future,
            30..33 => Place::Thread,
            33..50 => Place::Job,
            50..60 => Place::Blocking,
            60..80 => Place::Held,
            _ => Place::Called,
        };
        let told = Told::new(world, random, depth, line, place);
        match place {
            Place::Future => future(told),
            Place::Thread => thread(told),
            Place::Job => job(told),
            Place::Blocking => blocking(told),
            Place::Held => held(told),
            Place::Called => called(told, random.below(4) > 0),
        }
    }

    fn future(told: Told) {
        let world = told.world();
        let task = world.runtime.spawn(told.run_async());
        lock(&world.aborts).push(task.abort_handle());
    }

    /// Suspended so many times, in two frames whose functions begin with the name of the place.
    pub(super) async fn future_waits(turns: usize) {
        future_waits_inside(turns).await;
    }

    async fn future_waits_inside(turns: usize) {
        yields(turns).await;
    }

    pub(super) async fn held_waits(turns: usize) {
        held_waits_inside(turns).await;
    }

    async fn held_waits_inside(turns: usize) {
        yields(turns).await;
    }

    fn thread(told: Told) {
        drop(std::thread::spawn(move || told.run()));
    }

    fn job(told: Told) {
        let world = told.world();
        world.pool.spawn(move || told.run());
    }

    fn blocking(told: Told) {
        let world = told.world();
        drop(world.runtime.spawn_blocking(|| told.run()));
    }

    fn held(told: Told) {
        let world = told.world();
        let task = Box::pin(spawn(told.run_async()));
        lock(&world.held).push(task);
    }

    fn called(told: Told, calls: bool) {
        let task = spawn(move || told.run());
        if calls {
            let _caught = catch_unwind(AssertUnwindSafe(task));
        }
    }
}
