//! Setting up what is carried, and what becomes an event.

use std::sync::Once;

use birthmark::extension::{Carry, CarryRules};
use tracing::Level;

use crate::hook::CarryHook;
use crate::panics::{self, Panics};
use crate::rules;

/// Has each spawn in instrumented code carry the current span into the child. Refusals and deadlines that were exceeded
/// become events.
///
/// A program calls it after [`birthmark::install`]. The order of this call and of the subscriber does not matter.
/// Further calls have no effect.
///
/// # Examples
///
/// ```
/// birthmark::install();
/// birthmark_tracing::install();
/// ```
pub fn install() {
    builder().install();
}

/// Returns a [`Builder`], which configures what is carried.
pub fn builder() -> Builder {
    Builder {
        carry: CarryRules::new(),
        task_spans: None,
        refusals: true,
        rules: true,
        deadlines: true,
        panics: Panics::default(),
    }
}

/// The configuration of this crate.
///
/// [`Carry`] describes the order of the rules.
///
/// # Examples
///
/// ```
/// use birthmark_tracing::{Carry, Panics};
///
/// birthmark_tracing::builder()
///     .carry_role("refresh_prices", Carry::Off)
///     .carry_at("src/mailer.rs:112", Carry::FollowsFrom)
///     .task_spans(tracing::Level::DEBUG)
///     .panics(Panics::Event)
///     .install();
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `install`"]
pub struct Builder {
    carry: CarryRules,
    task_spans: Option<Level>,
    refusals: bool,
    rules: bool,
    deadlines: bool,
    panics: Panics,
}

impl Builder {
    /// Sets what a child gets if nothing else decides. The default is [`Carry::Child`].
    pub fn carry(mut self, carry: Carry) -> Self {
        self.carry = self.carry.others(carry);
        self
    }

    /// Adds a rule for the tasks that are spawned in a crate or a module, such as `"hyper_util"` or
    /// `"my_queue::worker"`.
    pub fn carry_in(mut self, module: &str, carry: Carry) -> Self {
        self.carry = self.carry.module(module, carry);
        self
    }

    /// Adds a rule for the tasks with a [role](birthmark::Site::role).
    pub fn carry_role(mut self, role: &str, carry: Carry) -> Self {
        self.carry = self.carry.role(role, carry);
        self
    }

    /// Adds a rule for the tasks of a spawn call, by its file and line, such as `"src/pool.rs:12"`. Leading folders may
    /// be left out.
    pub fn carry_at(mut self, site: &str, carry: Carry) -> Self {
        self.carry = self.carry.site(site, carry);
        self
    }

    /// Sets what roots get. The default is [`Carry::FollowsFrom`].
    pub fn roots(mut self, carry: Carry) -> Self {
        self.carry = self.carry.roots(carry);
        self
    }

    /// Makes a span for each task, from its spawn to its end. By default, only tasks that follow from a span get one,
    /// at the level `INFO`.
    ///
    /// The span is a child of the spawner's span. Its name is the role of the task, and its target is the module that
    /// spawns. So a trace shows the tree of tasks. Filters apply to it as to a span of that module.
    ///
    /// | field | value |
    /// | --- | --- |
    /// | `task.id` | the id of the task |
    /// | `task.name` | its name at the spawn |
    /// | `task.remaining_ms` | the milliseconds from the spawn to its deadline, if it has one |
    /// | `task.outcome` | `completed`, `panicked`, `cancelled` |
    /// | `task.polls` | the number of polls or calls |
    /// | `task.busy_ns` | the time in polls and calls, in nanoseconds |
    /// | `task.idle_ns` | the rest of the time from the spawn to the end, in nanoseconds |
    ///
    /// The last four are recorded when the task has ended. For them, each poll reads the clock twice.
    pub fn task_spans(mut self, level: Level) -> Self {
        self.task_spans = Some(level);
        self
    }

    /// Sets where panics are reported. By default, this crate changes nothing about that.
    ///
    /// The event has the level `ERROR`, the target `birthmark::panic`, and the span that the thread is in. These are its
    /// fields:
    ///
    /// | field | value |
    /// | --- | --- |
    /// | `place` | the file, line and column of the panic |
    /// | `thread` | the name of the thread |
    /// | `task.id`, `task.name`, `task.role` | the task, see [`TaskFields`](crate::TaskFields) |
    /// | `task.lineage` | the ancestors of the task |
    /// | `task.frames` | a line for each `.await` that the task is inside of |
    /// | `backtrace` | the backtrace, if `RUST_BACKTRACE` requests one |
    ///
    /// Another thread emits the event, because the thread that panics may hold a lock that the log needs.
    ///
    /// A panic hook that the program sets later replaces the one that this method sets.
    pub fn panics(mut self, panics: Panics) -> Self {
        self.panics = panics;
        self
    }

    /// Sets whether refused spawns become events. The default is `true`.
    ///
    /// The event has the level `WARN` and the target `birthmark::refusal`. There is at most one in a second for each
    /// spawn site. Its field `refused` counts the refusals since the last one.
    pub fn refusals(mut self, refusals: bool) -> Self {
        self.refusals = refusals;
        self
    }

    /// Sets whether reports of [rules](birthmark::Builder::rule) become events, in place of lines on standard error. The
    /// default is `true`. If nobody takes the event, standard error gets the report.
    ///
    /// The event has the level `WARN` and the target `birthmark::rule`. These are its fields:
    ///
    /// | field | value |
    /// | --- | --- |
    /// | `rule` | the condition of the rule |
    /// | `ended` | `true` if the rule held, and does no longer |
    /// | `tasks` | the number of tasks that the report is about |
    /// | `task.id`, `task.name`, `task.role` | the first task |
    /// | `details` | everything about the first task, in lines: its native stack, its frames, the tasks that are runnable meanwhile |
    pub fn rules(mut self, rules: bool) -> Self {
        self.rules = rules;
        self
    }

    /// Sets whether deadlines that were exceeded become events. The default is `true`.
    ///
    /// The event has the level `WARN` and the target `birthmark::deadline`. A thread of birthmark's own emits the event, so only
    /// the global subscriber gets it. These are its fields:
    ///
    /// | field | value |
    /// | --- | --- |
    /// | `place` | the file, line and column that set the deadline |
    /// | `timeout_ms` | the time from that call to the deadline, in milliseconds |
    /// | `enforced` | `true` if the deadline is enforced |
    /// | `task.id`, `task.name`, `task.role`, `task.lineage` | the task that set the deadline |
    /// | `alive` | the number of live tasks that descend from it under the deadline |
    /// | `aborted` | the number of those that were aborted |
    /// | `tasks` | the first eight of them |
    pub fn deadlines(mut self, deadlines: bool) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Applies the configuration. Only the first call in a process has an effect, and all others return after it.
    pub fn install(self) {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            panics::install(self.panics);
            if self.rules {
                rules::install();
            }
            let hook = CarryHook {
                rules: self.carry,
                task_spans: self.task_spans,
                refusals: self.refusals,
                deadlines: self.deadlines,
            };
            birthmark::add_hook(hook).forget();
        });
    }
}
