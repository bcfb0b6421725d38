//! The view of a spawn that a hook gets, and the ways to change it.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use super::attached::{Attachment, Attachments, Carried};
use crate::context::name::Change;
use crate::hook::TaskRef;
use crate::record::slot::TaskSlot;
use crate::record::words::flag;
use crate::types::bounded::BoundedText;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// A spawn that is about to happen.
///
/// Dereferences to the [`TaskRef`] of the child.
pub struct Spawn<'a> {
    child: TaskRef<'a>,
    slot: TaskSlot,
    kind: Kind,
    pub(super) carried: Attachments,
    pub(super) gate: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    pub(super) refusal: Option<String>,
}

impl<'a> Spawn<'a> {
    pub(super) fn new(child: TaskRef<'a>, slot: TaskSlot, kind: Kind) -> Self {
        Spawn {
            child,
            slot,
            kind,
            carried: Attachments::default(),
            gate: None,
            refusal: None,
        }
    }

    /// Sets the name of the child, in place of the name that it would inherit or that its spawn sets.
    pub fn set_name(&mut self, name: impl fmt::Display) {
        let name = Change::Name(BoundedText::new(name));
        crate::context::name::set_before_start(self.slot, &name, flag::BY_HOOK);
    }

    /// Sets a label of the child. Inherited labels stay, except one with the same key; see
    /// [`set_label`](crate::set_label).
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
        crate::context::label::set_before_start(self.slot, key, value);
    }

    /// Calls `enter` in the child and drops its result there. Both happen around each call of the child's closure or
    /// each poll of its future, and around its drop.
    ///
    /// # Examples
    ///
    /// Each task runs in the tracing span of its spawner, without an edited spawn:
    ///
    /// ```
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     let span = tracing::Span::current();
    ///     spawn.enter_with(move || span.clone().entered());
    /// });
    /// # drop(hook);
    /// ```
    pub fn enter_with<G: 'static>(&mut self, enter: impl FnMut() -> G + Send + 'static) {
        self.attach(Carried::new(enter));
    }

    /// Attaches a value to the child, which is told before and after each poll or call, and at the end.
    ///
    /// In contrast to [`enter_with`](Spawn::enter_with), the value keeps its state between polls and learns of the
    /// outcome.
    pub fn attach(&mut self, attachment: impl Attachment) {
        self.carried.push(Box::new(attachment));
    }

    /// Delays the child until `ready` completes. A future stays pending meanwhile. A closure blocks its thread. If
    /// several hooks delay the child, it waits for all of them.
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
    /// The result of the spawn depends on the callee:
    ///
    /// | callee | result |
    /// | --- | --- |
    /// | `thread::Builder::spawn`, `spawn_scoped`; others that return an [`io::Result`](std::io::Result) | an error, whose source is a [`Refusal`] |
    /// | callees that take a future and return a handle with an `abort` method: tokio's `spawn`, `spawn_local`, `JoinSet::spawn` | the handle is aborted: a cancelled `JoinError` |
    /// | all others | a panic in the spawner, with the reason, the task and the site |
    ///
    /// [`catch_refusal`](crate::catch_refusal) gives the same result for all callees.
    ///
    /// A refused future is dropped with everything that it owns, in the spawner, before the callee is called. If a
    /// destructor panics, the spawner panics and the callee is not called.
    ///
    /// The executor gets an empty task in place of the future. The empty task ends as soon as the executor polls it
    /// and the callee has returned:
    ///
    /// | its executor | end of the empty task |
    /// | --- | --- |
    /// | has returned a handle with an `abort` method | it is cancelled, and not polled again |
    /// | any other, `Output = ()`: `LocalPool`, `spawn_ok`, hyper's `Executor`, wrappers that return nothing | it is ready |
    /// | any other, which catches panics: `JoinMap`, wrappers around tokio | it unwinds with a [`Refusal`] as its payload, without a message: `error.into_panic().downcast::<Refusal>()` |
    /// | any other, whose handle cancels when it is dropped: smol, `spawn_with_handle` | it is dropped, because the spawner's panic drops the handle |
    /// | any other, which does not catch panics: `FuturesUnordered` and the like, by `also(push)` | it unwinds into the code that polls the executor, without a further message |
    ///
    /// A callee that polls the future during the call gets the panic, or the `()`, at once. A callee that waits
    /// during the call until another thread has completed the future waits forever.
    ///
    /// A refused closure never runs. The spawner drops it. For a `thread::Builder`, a thread that is started only for
    /// that purpose drops it.
    ///
    /// If panics abort the program, a refused thread aborts it, too, because it cannot be stopped in another way. An
    /// empty task stays pending there instead of unwinding.
    ///
    /// # Logs
    ///
    /// `SiteStats::refused` counts refusals, and the coverage line of a dump has their sum. Each hook that saw the
    /// spawn gets [`SpawnHook::on_end`](crate::SpawnHook::on_end) with
    /// [`Outcome::Refused`](crate::Outcome::Refused).
    ///
    /// Nothing is printed. A hook may refuse thousands of spawns a second by design, and only the program knows where
    /// its log is. The hook that refuses can log the first refusal at each site:
    ///
    /// ```
    /// # async fn serve() {}
    /// # #[birthmark::instrument]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::collections::BTreeSet;
    /// use std::sync::Mutex;
    ///
    /// static LOGGED: Mutex<BTreeSet<(&str, u32)>> = Mutex::new(BTreeSet::new());
    ///
    /// let _hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     let site = spawn.site();
    ///     if LOGGED.lock().unwrap().insert((site.file(), site.line())) {
    ///         eprintln!("spawns of {} at {}:{} are refused", site.role(), site.file(), site.line());
    ///     }
    ///     spawn.refuse("overload");
    /// });
    /// # let first = tokio::spawn(serve()).await;
    /// # assert!(first.unwrap_err().is_cancelled() && LOGGED.lock().unwrap().len() == 1);
    /// # }
    /// ```
    ///
    /// [`Refusal`]: crate::Refusal
    pub fn refuse(&mut self, reason: impl Into<String>) {
        self.refusal = Some(reason.into());
    }

    /// Sets another site of the same call.
    ///
    /// Not public API. Used by `birthmark` of the same version.
    #[doc(hidden)]
    pub fn set_site(&mut self, site: &'static Site) {
        self.slot.replace_site(site);
    }

    /// Returns the kind of the child.
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
