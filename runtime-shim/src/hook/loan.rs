//! Loans: a task goes on on another thread for a while, and waits for it, as in `rayon::scope`.

use std::fmt;
use std::ops::Deref;

use super::attached::{Attachment, Attachments, Carried};
use super::run::run_hook;
use crate::hook::TaskRef;

/// A task that runs a closure on another thread and waits for it, as a hook receives it.
///
/// The closures of `rayon::scope`, `pool.scope` and `pool.install` are examples. They run as the same task, on a thread
/// of the pool, which has other thread-locals.
///
/// Dereferences to the [`TaskRef`] of the task.
pub struct Loan<'a> {
    task: TaskRef<'a>,
    pub(super) carried: Attachments,
}

impl<'a> Loan<'a> {
    pub(super) fn new(task: TaskRef<'a>) -> Self {
        Loan {
            task,
            carried: Attachments::default(),
        }
    }

    /// Calls `enter` on the other thread before the closure runs. Drops the result there after the closure, and after
    /// what it owns was dropped.
    ///
    /// # Examples
    ///
    /// The closure runs in the tracing span of its task:
    ///
    /// ```
    /// use birthmark::{Loan, Spawn, SpawnHook};
    ///
    /// struct InSpan;
    ///
    /// impl SpawnHook for InSpan {
    ///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
    ///
    ///     fn on_loan(&self, loan: &mut Loan<'_>) {
    ///         let span = tracing::Span::current();
    ///         loan.enter_with(move || span.clone().entered());
    ///     }
    /// }
    ///
    /// let hook = birthmark::add_hook(InSpan);
    /// # drop(hook);
    /// ```
    pub fn enter_with<G: 'static>(&mut self, enter: impl FnMut() -> G + Send + 'static) {
        self.attach(Carried::new(enter));
    }

    /// Attaches a value, which is told before and after the closure. The task does not end with the closure, so
    /// [`Attachment::end`] is not called.
    pub fn attach(&mut self, attachment: impl Attachment) {
        self.carried.push(Box::new(attachment));
    }
}

impl<'a> Deref for Loan<'a> {
    type Target = TaskRef<'a>;

    fn deref(&self) -> &TaskRef<'a> {
        &self.task
    }
}

impl fmt::Debug for Loan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

/// All that hooks attach to a loan.
pub(crate) struct Lent {
    carried: Attachments,
    is_entered: bool,
}

impl Lent {
    /// Returns `None` if hooks attach nothing.
    pub(super) fn new(carried: Attachments) -> Option<Box<Self>> {
        let is_entered = false;
        (!carried.is_empty()).then(|| {
            Box::new(Lent {
                carried,
                is_entered,
            })
        })
    }

    /// Enters all that is attached.
    pub(crate) fn enter(&mut self) {
        self.is_entered = true;
        self.carried.enter();
    }

    /// Leaves what was entered, on the same thread, and drops it.
    pub(crate) fn end(mut self) {
        if self.is_entered {
            self.carried.exit();
        }
        run_hook(|| drop(self.carried));
    }
}
