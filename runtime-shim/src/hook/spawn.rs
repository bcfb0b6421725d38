//! What a hook sees of a spawn, and what it can do about it.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use super::attached::{Carried, Carry};
use crate::kind::Kind;
use crate::name::{Change, Text};
use crate::registry::slot::{flag, Slot};
use crate::task::TaskRef;

/// A spawn that is about to happen.
///
/// Dereferences to the [`TaskRef`] of the child.
pub struct Spawn<'a> {
    child: TaskRef<'a>,
    slot: &'static Slot,
    kind: Kind,
    pub(super) carried: Vec<Box<dyn Carry>>,
    pub(super) gate: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    pub(super) refusal: Option<String>,
}

impl<'a> Spawn<'a> {
    pub(super) fn new(child: TaskRef<'a>, slot: &'static Slot, kind: Kind) -> Self {
        Spawn {
            child,
            slot,
            kind,
            carried: Vec::new(),
            gate: None,
            refusal: None,
        }
    }

    /// Names the child, in place of the name that it would inherit or that its spawn gives it.
    pub fn set_name(&mut self, name: impl fmt::Display) {
        let name = Change::Name(Text::new(name));
        crate::name::give(self.slot, &name, flag::BY_HOOK);
    }

    /// Labels the child, as [`set_label`](crate::set_label) labels the current task: what it would
    /// inherit stays, but for the label with this key.
    ///
    /// # Examples
    ///
    /// ```
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     spawn.set_label("crate", spawn.site().module_path().split("::").next().unwrap_or(""));
    /// });
    /// # drop(hook);
    /// ```
    pub fn set_label(&mut self, key: &str, value: impl fmt::Display) {
        crate::label::give(self.slot, key, value);
    }

    /// Carries something into the child: `enter` is called there and what it returns is dropped
    /// there, around each call of the child's closure or each poll of its future, and around its drop.
    ///
    /// # Examples
    ///
    /// Tasks run in the tracing span of their spawner, without an edited spawn:
    ///
    /// ```
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     let span = tracing::Span::current();
    ///     spawn.carry(move || span.clone().entered());
    /// });
    /// # drop(hook);
    /// ```
    pub fn carry<G: 'static>(&mut self, enter: impl FnMut() -> G + Send + 'static) {
        self.carried.push(Box::new(Carried::new(enter)));
    }

    /// Holds the child back until `ready` is. A future stays pending meanwhile; a closure blocks its
    /// thread. With several hooks, the child waits for all of them.
    pub fn delay_until(&mut self, ready: impl Future<Output = ()> + Send + 'static) {
        self.gate = Some(match self.gate.take() {
            None => Box::pin(ready),
            Some(earlier) => Box::pin(async move {
                earlier.await;
                ready.await;
            }),
        });
    }

    /// Refuses the spawn: the child never runs.
    ///
    /// How the spawner learns of it depends on the callee:
    ///
    /// | callee | result |
    /// | --- | --- |
    /// | `thread::Builder::spawn`, `spawn_scoped`; others that return an [`io::Result`](std::io::Result) | an error, whose source is a [`Refusal`] |
    /// | those that take a future and return a handle with an `abort` method: tokio's `spawn`, `spawn_local`, `JoinSet::spawn` | the handle is aborted: a cancelled `JoinError` |
    /// | all others | a panic in the spawner that says who refused what, where |
    ///
    /// [`catch_refusal`](crate::catch_refusal) has one result for all of them.
    ///
    /// A refused future is dropped with all that it owns, in the spawner, before the callee is called. If a destructor
    /// panics, so does the spawner, and the callee is not called. The executor gets an empty task in its place, which ends as soon as the executor
    /// polls it and the callee has returned:
    ///
    /// | its executor | what becomes of the empty task |
    /// | --- | --- |
    /// | has returned a handle with an `abort` method | it is cancelled, and not polled again |
    /// | any other, `Output = ()`: `LocalPool`, `spawn_ok`, hyper's `Executor`, wrappers that return nothing | it is ready |
    /// | any other, which catches panics: `JoinMap`, wrappers around tokio | it unwinds with a [`Refusal`] as its payload, without a message: `error.into_panic().downcast::<Refusal>()` |
    /// | any other, whose handle cancels when it is dropped: smol, `spawn_with_handle` | it is dropped, because the spawner's panic drops the handle |
    /// | any other, which does not catch panics: `FuturesUnordered` and the like, by `also(push)` | it unwinds into whoever polls the executor, without a message but that of the spawner |
    ///
    /// A callee that polls the future in the call has the panic, or the `()`, at once. One that waits in the call until
    /// another thread has polled it to its end waits for ever.
    ///
    /// A refused closure never runs. It is dropped in the spawner; that of a `thread::Builder`, by a thread that is
    /// started for nothing else.
    ///
    /// Where panics abort the program, a refused thread aborts it too: it cannot be stopped
    /// otherwise. An empty task stays pending there instead of unwinding.
    ///
    /// Nothing is printed: the hook has the site and the reason, and can log them. [`SiteStats::refused`] counts
    /// refusals, the coverage line of a dump has their sum, and
    /// [`SpawnHook::on_end`](crate::SpawnHook::on_end) of every hook that was told of the spawn is called with
    /// [`Outcome::Refused`](crate::Outcome::Refused).
    ///
    /// [`Refusal`]: crate::Refusal
    /// [`SiteStats::refused`]: crate::SiteStats::refused
    pub fn refuse(&mut self, reason: impl Into<String>) {
        self.refusal = Some(reason.into());
    }

    /// What kind of task it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl<'a> Deref for Spawn<'a> {
    type Target = TaskRef<'a>;

    fn deref(&self) -> &TaskRef<'a> {
        &self.child
    }
}

impl fmt::Debug for Spawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawn")
            .field("child", &self.child)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
