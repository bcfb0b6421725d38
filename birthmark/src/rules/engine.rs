//! The clock's thread and the thread of rules.
//!
//! Each process has an engine of its own. The child of a fork gets a new one with the next tick of its clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::defects::Repeated;
use super::evaluation::Evaluation;
use super::passes::{number, timeboxes_of, Batch, Passes, SORTS};
use super::per_process::PerProcess;
use super::rests::Rests;
use super::rule::RuleSet;
use super::timebox::Boxes;
use birthmark_core::__reader::clock::TICK;
use birthmark_core::__reader::internal_thread;

/// Number of batches that wait for the thread of rules. Further ones are left out while an action takes long. Passes find the
/// same tasks again.
const MAX_WAITING: usize = 4;
/// Number of batches with timeboxes that wait for it. Further ones have no report.
const MAX_TIMEBOXES: usize = 1024;
/// Maximum time for which the thread of rules sleeps.
const MAX_SLEEP: Duration = Duration::from_secs(3600);

struct Engine {
    /// Used by the clock's thread alone.
    walks: Mutex<Walks>,
    inbox: Mutex<Vec<Batch>>,
    arrival: Condvar,
    has_thread: AtomicBool,
    /// Nanoseconds of CPU time that the thread of rules has taken for a batch, by sort of pass.
    further: [AtomicU64; SORTS],
    rests: Rests,
}

/// The walks of the clock's thread.
struct Walks {
    passes: Option<Passes>,
    repeated: Repeated,
}

static ENGINE: PerProcess<Engine> = PerProcess::new();

/// Looks for what rules are about. The clock's thread calls it at each tick.
pub(super) fn tick() {
    if let Some(set) = RuleSet::present() {
        Engine::own().tick(set);
    }
}

impl Engine {
    /// Returns the engine of this process.
    fn own() -> &'static Engine {
        ENGINE.get_or_init(Engine::new)
    }

    fn new() -> Self {
        // The child of a fork follows nothing yet.
        for rule in RuleSet::present().map_or(&[][..], RuleSet::all) {
            rule.active.store(0, Ordering::Relaxed);
        }
        Engine {
            walks: Mutex::new(Walks {
                passes: None,
                repeated: Repeated::new("walk over the tasks"),
            }),
            inbox: Mutex::new(Vec::new()),
            arrival: Condvar::new(),
            has_thread: AtomicBool::new(false),
            further: [const { AtomicU64::new(0) }; SORTS],
            rests: Rests::default(),
        }
    }

    fn tick(&'static self, set: &'static RuleSet) {
        let is_resting = self.rests.note_tick();
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        let Walks { passes, repeated } = &mut *walks;
        let now = Instant::now();
        let mut batch = None;
        if !repeated.is_paused(now) {
            let walk = || self.walk(passes, set, is_resting, now);
            match repeated.run(now, walk) {
                Some(news) => batch = news,
                None => *passes = None,
            }
        }
        // A future that ends during the rests is not late by its own fault.
        let timeboxes = match is_resting {
            true => Vec::new(),
            false => Boxes::changes(),
        };
        let of_timeboxes = timeboxes_of(set);
        if of_timeboxes != 0 && !is_resting {
            let numbers = number(set, of_timeboxes);
            if !timeboxes.is_empty() {
                let batch: &mut Batch = batch.get_or_insert_default();
                batch.timeboxes = timeboxes;
                batch.add_numbers(&numbers);
            }
        }
        if let Some(batch) = batch {
            self.start();
            let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
            // A pass finds the same tasks again, and timeboxes are handed over once.
            let is_once = !batch.timeboxes.is_empty();
            if inbox.len() < if is_once { MAX_TIMEBOXES } else { MAX_WAITING } {
                inbox.push(batch);
                self.arrival.notify_one();
            }
        }
    }

    /// Makes the passes that are due.
    fn walk(
        &'static self,
        passes: &mut Option<Passes>,
        set: &'static RuleSet,
        is_resting: bool,
        now: Instant,
    ) -> Option<Batch> {
        let mut batch = None;
        if !passes
            .as_ref()
            .is_some_and(|passes| passes.set.is(Some(set)))
        {
            *passes = Some(Passes::new(set));
            // An empty batch. The thread learns of rules that are due by time alone, also if it does not sleep yet.
            batch = Some(Batch::default());
        }
        let passes = passes.as_mut()?;
        let further =
            |sort: usize| Duration::from_nanos(self.further[sort].swap(0, Ordering::Relaxed));
        if !is_resting {
            let standstills = self.rests.standstills();
            batch = passes.run(now, &standstills, further).or(batch);
        }
        let has_diff = set.all().iter().any(|rule| rule.action.has_diff());
        if passes.masks.deep | passes.masks.stuck != 0 || has_diff {
            self.start();
        }
        batch
    }

    /// Starts the thread of rules, once. If there is no thread, the next tick tries again.
    fn start(&'static self) {
        if self.has_thread.swap(true, Ordering::Relaxed) {
            return;
        }
        let thread = internal_thread::spawn("birthmark-rules", 1024 * 1024, || self.run());
        self.has_thread.store(thread.is_ok(), Ordering::Relaxed);
    }

    fn run(&'static self) {
        let mut evaluation = Evaluation::new();
        let mut repeated = Repeated::new("be compared with the tasks");
        loop {
            evaluation.refresh();
            let batches = self.wait(evaluation.next());
            let now = Instant::now();
            if repeated.is_paused(now) {
                std::thread::sleep(TICK);
                continue;
            }
            let pass = || self.pass(&mut evaluation, &batches);
            if repeated.run(now, pass).is_none() {
                // What was followed is forgotten.
                evaluation = Evaluation::new();
            }
        }
    }

    fn pass(&self, evaluation: &mut Evaluation, batches: &[Batch]) {
        evaluation.refresh();
        let standstills = self.rests.standstills();
        for batch in batches {
            let cost = evaluation.evaluate(batch, &standstills);
            let nanos = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX);
            for &sort in &batch.sorts {
                self.further[sort].store(nanos, Ordering::Relaxed);
            }
        }
        if !self.rests.is_resting() {
            evaluation.run_due(&self.rests.standstills());
        }
    }

    /// Waits for a batch, or for this time.
    fn wait(&self, until: Option<Instant>) -> Vec<Batch> {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.unwrap_or(MAX_SLEEP).min(MAX_SLEEP);
        // What is due during rests is done after them.
        let left = if self.rests.is_resting() {
            left.max(TICK)
        } else {
            left
        };
        let mut inbox = match inbox.is_empty() {
            true => {
                let waited = self.arrival.wait_timeout(inbox, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            false => inbox,
        };
        std::mem::take(&mut *inbox)
    }
}
