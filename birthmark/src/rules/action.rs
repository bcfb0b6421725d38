//! Actions: the effects of a rule that holds.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::report::RuleReport;
use birthmark_core::__reader::escape::Quoted;
use birthmark_core::__reader::internal_thread;
use birthmark_core::__reader::named::OneOf;
use birthmark_core::{SubtreeTask, TaskId};
use birthmark_dump::render::Format;

/// An action of a rule: what happens when the rule begins to hold. Several actions are joined by [`Action::and`].
///
/// Each action except [`call`](Action::call) writes a line, which names the rule and the task. The line goes to standard
/// error, or to the log if `birthmark-tracing` is set up for it. When the rule ends to hold, a second line follows.
///
/// In the environment and in a manifest, actions are words, joined by `+`: `log`, `stacks`, `dump`, the names of
/// [`Format`], `diff`, `abort-tree`, and `abort`, which is that of the process.
///
/// # Examples
///
/// ```
/// use birthmark::Action;
///
/// birthmark::builder()
///     .rule("state=running&for=500ms", Action::stacks())
///     .rule("role=handle&older=30s", Action::log().and(Action::call(|report| {
///         println!("{} of {} tasks", report.rule(), report.task_count());
///     })))
///     .install();
/// ```
#[derive(Clone)]
#[must_use = "an action does nothing until it is part of a rule"]
pub struct Action {
    steps: Vec<Step>,
}

#[derive(Clone)]
pub(super) enum Step {
    Log,
    /// The lines of a report, with the native stack of the thread.
    Stacks,
    /// `None` for the form that [`Builder`](crate::Builder) sets.
    Dump {
        format: Option<Format>,
        stacks: bool,
    },
    Diff,
    Call(Call),
    AbortTree,
    Abort,
}

/// The function of a program, and the process of which a thread runs it.
#[derive(Clone)]
pub(super) struct Call {
    function: Arc<dyn Fn(&RuleReport) + Send + Sync>,
    /// 0 while no thread runs it. The child of a fork does not have the thread of its parent.
    busy: Arc<AtomicU32>,
}

/// A function that aborts a task and all that descend from it.
type AbortTree = fn(TaskId) -> Vec<SubtreeTask>;

static ABORT_TREE: OnceLock<AbortTree> = OnceLock::new();

/// Sets the function that aborts tasks.
pub(crate) fn set_abort_tree(abort: AbortTree) {
    let _same = ABORT_TREE.set(abort);
}

/// Aborts a task and all that descend from it.
pub(super) fn abort_tree(id: TaskId) -> Vec<SubtreeTask> {
    let abort = ABORT_TREE.get();
    abort.map_or_else(Vec::new, |abort| abort(id))
}

impl Action {
    fn of(step: Step) -> Self {
        Action { steps: vec![step] }
    }

    /// Writes one line.
    pub fn log() -> Self {
        Action::of(Step::Log)
    }

    /// Writes the line, and below it everything about the task: its frames, its lineage, and the tasks that are runnable
    /// meanwhile. With the feature `native-stacks`, the lines have the native stack of the thread that runs the task. No
    /// other thread is interrupted.
    pub fn stacks() -> Self {
        Action::of(Step::Stacks)
    }

    /// Writes a dump, in the form and to the place that [`Builder`](crate::Builder) sets.
    pub fn dump() -> Self {
        Action::dump_as(None)
    }

    /// Writes a dump of the tasks that cannot go on, and why; see [`Dump::stuck`](crate::Dump::stuck).
    pub fn stuck() -> Self {
        Action::dump_as(Some(Format::Stuck))
    }

    /// Writes a dump by groups.
    pub fn groups() -> Self {
        Action::dump_as(Some(Format::Groups))
    }

    /// Writes the changes since a dump from before the rule held; see [`Dump::diff`](crate::Dump::diff). For that, a dump is
    /// kept in memory, and renewed each minute, or as often as the time `for` of the rule if that is longer.
    pub fn diff() -> Self {
        Action::of(Step::Diff)
    }

    /// Calls a function on a thread of birthmark's own, when the rule begins to hold and when it ends to hold.
    ///
    /// The function may block, panic, spawn, take dumps and add rules. While it runs, further calls are left out and counted
    /// as suppressed.
    pub fn call(function: impl Fn(&RuleReport) + Send + Sync + 'static) -> Self {
        Action::of(Step::Call(Call {
            function: Arc::new(function),
            busy: Arc::new(AtomicU32::new(0)),
        }))
    }

    /// Aborts the tasks of the report with all that descend from them, by the function of [`set_abort_tree`].
    pub(crate) fn of_abort_tree() -> Self {
        Action::of(Step::AbortTree)
    }

    /// Aborts the process, after the other actions have been done or, for [`call`](Action::call), begun.
    pub fn abort_process() -> Self {
        Action::of(Step::Abort)
    }

    fn dump_as(format: Option<Format>) -> Self {
        let stacks = false;
        Action::of(Step::Dump { format, stacks })
    }

    /// Sets the form of the dump.
    pub fn format(mut self, form: Format) -> Self {
        for step in &mut self.steps {
            if let Step::Dump { format, .. } = step {
                *format = Some(form);
            }
        }
        self
    }

    /// Adds the OS threads and their native stacks to the dump; see [`ThreadDetail::Stacks`](crate::ThreadDetail::Stacks).
    pub fn with_stacks(mut self) -> Self {
        for step in &mut self.steps {
            if let Step::Dump { stacks, .. } = step {
                *stacks = true;
            }
        }
        self
    }

    /// Adds another action, which follows this one.
    pub fn and(mut self, other: Action) -> Self {
        self.steps.extend(other.steps);
        self
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns `true` if the action compares dumps.
    pub(super) fn has_diff(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Diff))
    }

    /// Returns `true` if the action writes nothing.
    pub(super) fn is_silent(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Call(_)))
    }

    /// Reads words, joined by `+`. Returns the word at fault as the error.
    pub(super) fn parse(text: &str) -> Result<Self, &str> {
        let mut steps = Vec::new();
        for word in text.split('+') {
            let mut known = Step::ALL.iter();
            let known = known
                .find(|(name, _)| *name == word)
                .map(|(_, step)| step.clone());
            let form = || {
                let format = Some(word.parse().ok()?);
                let stacks = false;
                Some(Step::Dump { format, stacks })
            };
            steps.push(known.or_else(form).ok_or(word)?);
        }
        Ok(Action { steps })
    }

    /// Returns `true` if both have the same effect, and no functions.
    pub(super) fn is_same(&self, other: &Action) -> bool {
        let mut pairs = self.steps.iter().zip(&other.steps);
        self.steps.len() == other.steps.len() && pairs.all(|(one, other)| one.is_same(other))
    }
}

impl Step {
    fn is_same(&self, other: &Step) -> bool {
        match (self, other) {
            (Step::Log, Step::Log)
            | (Step::Stacks, Step::Stacks)
            | (Step::Diff, Step::Diff)
            | (Step::AbortTree, Step::AbortTree)
            | (Step::Abort, Step::Abort) => true,
            (
                Step::Dump { format, stacks },
                Step::Dump {
                    format: other_format,
                    stacks: other_stacks,
                },
            ) => format == other_format && stacks == other_stacks,
            _ => false,
        }
    }

    /// The words, without those of the formats.
    const ALL: &[(&str, Step)] = &[
        ("log", Step::Log),
        ("stacks", Step::Stacks),
        (
            "dump",
            Step::Dump {
                format: None,
                stacks: false,
            },
        ),
        ("diff", Step::Diff),
        ("abort-tree", Step::AbortTree),
        ("abort", Step::Abort),
    ];
}

/// Returns the end of the error for a word that is no action.
pub(super) fn is_no_action(word: &str) -> String {
    let names = Step::ALL.iter().map(|(name, _)| *name);
    let names = OneOf(names.chain(Format::ALL.iter().map(|format| format.as_str())));
    let word = Quoted::whole(word);
    format!("{word} is no action\nhelp: use {names}; several are joined by +, as in log+stacks")
}

/// Displays the words of the actions, joined by `+`. A function is `call`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            f.write_str(match step {
                Step::Log => "log",
                Step::Stacks => "stacks",
                Step::Dump {
                    format: Some(format),
                    ..
                } => format.as_str(),
                Step::Dump { stacks: false, .. } => "dump",
                Step::Dump { stacks: true, .. } => "dump with stacks",
                Step::Diff => "diff",
                Step::Call(_) => "call",
                Step::AbortTree => "abort-tree",
                Step::Abort => "abort",
            })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({self})")
    }
}

impl Call {
    /// Starts a thread that calls the function. Returns `false` if the last call has not returned, or if there is no thread.
    pub(super) fn start(&self, report: &Arc<RuleReport>) -> bool {
        let process = std::process::id();
        if self.busy.swap(process, Ordering::Acquire) == process {
            return false;
        }
        let busy = Busy(self.busy.clone());
        let (function, report) = (self.function.clone(), report.clone());
        let call = move || {
            let _busy = busy;
            // A panic ends the thread, and the program's hook has reported it.
            function(&report);
        };
        internal_thread::spawn("birthmark-call", 512 * 1024, call).is_ok()
    }
}

/// The mark of a call, until it has returned or unwound, or if its thread was not started.
struct Busy(Arc<AtomicU32>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_displayed() {
        for text in [
            "log",
            "stacks",
            "dump+groups",
            "stuck+abort",
            "log+diff",
            "abort-tree",
        ] {
            assert_eq!(Action::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Action::parse("log+fly").unwrap_err(), "fly");
        assert_eq!(Action::parse("").unwrap_err(), "");
        let error = is_no_action("fly");
        assert!(
            error.starts_with("\"fly\" is no action\nhelp: use log, "),
            "{error}"
        );
    }

    #[test]
    fn actions_of_one_text_may_differ() {
        let tree = || Action::dump().format(Format::Tree);
        assert!(tree().is_same(&tree()));
        assert!(!tree().is_same(&tree().with_stacks()));
        assert!(!tree().is_same(&tree().and(Action::log())));
        let call = Action::call(|_| ());
        assert!(!call.is_same(&call.clone()), "a function has a state");
    }

    #[test]
    fn form_and_stacks_are_those_of_the_dump() {
        let action = Action::log().and(Action::dump().format(Format::Tree).with_stacks());
        assert_eq!(action.to_string(), "log+tree");
        let Step::Dump { stacks, .. } = action.steps()[1] else {
            panic!("{action}");
        };
        assert!(stacks);
    }
}
