//! The clock's thread and the thread of rules.
//!
//! Each process has an engine of its own. The child of a fork gets a new one with the next tick of its clock.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::evaluation::Evaluation;
use super::passes::{Batch, Passes, SORTS};
use super::per_process::PerProcess;
use super::rule::RuleSet;
use super::timebox::Boxes;
use birthmark_core::__reader::internal_thread;

/// Number of batches that wait for the thread of rules. Further ones are left out while an action takes long. Passes find the
/// same tasks again.
const MAX_WAITING: usize = 4;
/// Maximum time for which the thread of rules sleeps.
const MAX_SLEEP: Duration = Duration::from_secs(3600);

struct Engine {
    /// Used by the clock's thread alone.
    passes: Mutex<Option<Passes>>,
    inbox: Mutex<Vec<Batch>>,
    arrival: Condvar,
    has_thread: AtomicBool,
    /// Nanoseconds of CPU time that the thread of rules has taken for a batch, by sort of pass.
    further: [AtomicU64; SORTS],
}

static ENGINE: PerProcess<Engine> = PerProcess::new();
/// A pass has panicked. This is a defect of birthmark, and the clock goes on.
static IS_BROKEN: AtomicBool = AtomicBool::new(false);

/// Looks for what rules are about. The clock's thread calls it at each tick.
pub(super) fn tick() {
    let Some(set) = RuleSet::present() else {
        return;
    };
    let tick = AssertUnwindSafe(|| Engine::own().tick(set));
    if !IS_BROKEN.load(Ordering::Relaxed) && catch_unwind(tick).is_err() {
        IS_BROKEN.store(true, Ordering::Relaxed);
    }
}

impl Engine {
    /// Returns the engine of this process.
    fn own() -> &'static Engine {
        ENGINE.get_or_init(|| Engine {
            passes: Mutex::new(None),
            inbox: Mutex::new(Vec::new()),
            arrival: Condvar::new(),
            has_thread: AtomicBool::new(false),
            further: [const { AtomicU64::new(0) }; SORTS],
        })
    }

    fn tick(&'static self, set: &'static RuleSet) {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = None;
        if !passes
            .as_ref()
            .is_some_and(|passes| passes.set.is(Some(set)))
        {
            *passes = Some(Passes::new(set));
            // An empty batch. The thread learns of rules that are due by time alone, also if it does not sleep yet.
            batch = Some(Batch::default());
        }
        let Some(passes) = passes.as_mut() else {
            return;
        };
        let further =
            |sort: usize| Duration::from_nanos(self.further[sort].swap(0, Ordering::Relaxed));
        if passes.has_run(Instant::now()) {
            batch = passes.run(further).or(batch);
        }
        let timeboxes = Boxes::changes();
        if !timeboxes.is_empty() {
            batch.get_or_insert_default().timeboxes = timeboxes;
        }
        let has_diff = set.all().iter().any(|rule| rule.action.has_diff());
        if batch.is_some() || passes.masks.deep | passes.masks.stuck != 0 || has_diff {
            self.start();
        }
        if let Some(batch) = batch {
            let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
            // A pass finds the same tasks again, and timeboxes are handed over once.
            if inbox.len() < MAX_WAITING || !batch.timeboxes.is_empty() {
                inbox.push(batch);
                self.arrival.notify_one();
            }
        }
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
        loop {
            evaluation.refresh();
            let batches = self.wait(evaluation.next());
            let pass = AssertUnwindSafe(|| self.pass(&mut evaluation, &batches));
            if catch_unwind(pass).is_err() {
                // Code of the program has panicked, such as a logger. What was followed is forgotten.
                evaluation = Evaluation::new();
            }
        }
    }

    fn pass(&self, evaluation: &mut Evaluation, batches: &[Batch]) {
        evaluation.refresh();
        for batch in batches {
            let cost = evaluation.evaluate(batch);
            let nanos = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX);
            for &sort in &batch.sorts {
                self.further[sort].store(nanos, Ordering::Relaxed);
            }
        }
        evaluation.run_due();
    }

    /// Waits for a batch, or for this time.
    fn wait(&self, until: Option<Instant>) -> Vec<Batch> {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.unwrap_or(MAX_SLEEP).min(MAX_SLEEP);
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
