//! Panic reports as events.
//!
//! A thread may panic while it holds the lock of the program's log. So another thread emits the event, and the thread
//! that panics waits for it, at most [`MAX_WAIT`]. If there is no event by then, or nobody takes one, the panic is
//! reported as it would be without this crate.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use birthmark::Task;
use birthmark::extension::{current_task, spawn_internal_thread};
use tracing::dispatcher::{self, Dispatch};
use tracing::{Level, Span, error};

use crate::scoped::scoped_dispatcher;

/// Where panics are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Panics {
    /// On standard error, as without this crate.
    #[default]
    Report,
    /// On standard error, and as an event.
    ReportAndEvent,
    /// As an event. Standard error gets the report only if nobody takes the event.
    Event,
}

/// The longest time that a thread which panics waits for its event.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The target of the event.
const TARGET: &str = "birthmark::panic";

thread_local! {
    /// `true` on a thread that emits an event. A panic on it is reported without an event.
    static EMITS: Cell<bool> = const { Cell::new(false) };
}

/// Puts a panic hook in front of the present one.
pub(crate) fn install(panics: Panics) {
    if panics == Panics::Report {
        return;
    }
    let previous = take_hook();
    set_hook(Box::new(move |info| {
        let is_emitted = !EMITS.get() && emit(info);
        if is_emitted && panics == Panics::Event {
            // The report of `birthmark::install` has nothing to add.
            let _ = birthmark::report_panic(info);
        } else {
            previous(info);
        }
    }));
}

/// Everything about a panic that the event has.
struct PanicEvent {
    message: String,
    place: String,
    thread: String,
    task: Option<Task>,
    backtrace: Option<String>,
}

/// Emits the event of a panic. Returns `true` if a subscriber or a logger has taken it.
fn emit(info: &PanicHookInfo<'_>) -> bool {
    if !is_wanted() {
        return false;
    }
    let event = PanicEvent::new(info);
    let (dispatch, span) = (scoped_dispatcher(), Span::current());
    let emitted = Arc::new(Emitted::default());
    let notifier = emitted.clone();
    let emit = move || {
        EMITS.set(true);
        in_context(dispatch, &span, || event.emit());
        notifier.set();
    };
    let thread = spawn_internal_thread("birthmark-report", 512 * 1024, emit);
    thread.is_ok() && emitted.wait()
}

/// Returns `true` if somebody takes the event.
fn is_wanted() -> bool {
    #[cfg(feature = "log")]
    if log::log_enabled!(target: TARGET, log::Level::Error) {
        return true;
    }
    tracing::enabled!(target: TARGET, Level::ERROR)
}

fn in_context(dispatch: Option<Dispatch>, span: &Span, f: impl FnOnce()) {
    match dispatch {
        Some(dispatch) => dispatcher::with_default(&dispatch, || span.in_scope(f)),
        None => span.in_scope(f),
    }
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.or_else(owned).unwrap_or("Box<dyn Any>")
}

impl PanicEvent {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        let backtrace = Backtrace::capture();
        let is_captured = backtrace.status() == BacktraceStatus::Captured;
        PanicEvent {
            message: message(info).to_owned(),
            place: info
                .location()
                .map_or_else(String::new, ToString::to_string),
            thread: std::thread::current().name().unwrap_or("").to_owned(),
            task: current_task(),
            backtrace: is_captured.then(|| backtrace.to_string()),
        }
    }

    fn emit(&self) {
        let task = self.task.as_ref();
        let lineage = task.map(|task| task.lineage().to_string());
        let frames = task.and_then(frames_of);
        error!(
            target: TARGET,
            place = self.place,
            thread = self.thread,
            task.id = task.map(|task| task.id().as_u64()),
            task.name = task.and_then(|task| task.name()).map(|name| name.as_str()),
            task.role = task.map(Task::role),
            task.lineage = lineage,
            task.frames = frames,
            backtrace = self.backtrace,
            "panicked: {}",
            self.message,
        );
    }
}

/// Returns a line for each await that the task is inside of, the outermost first.
fn frames_of(task: &Task) -> Option<String> {
    let frames = task.stack().frames().iter();
    let lines: Vec<String> = frames.map(|frame| frame.site().to_string()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Set when the event was emitted. A channel would wait by `park`, which may consume an `unpark` of the program.
#[derive(Default)]
struct Emitted {
    is_set: Mutex<bool>,
    change: Condvar,
}

impl Emitted {
    fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.change.notify_one();
    }

    /// Waits, and returns `true` if it was set in time.
    fn wait(&self) -> bool {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .change
            .wait_timeout_while(is_set, MAX_WAIT, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
