//! Names: for whom a task works.

use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};
use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::atomic::{fence, Ordering};

use crate::local::{self, Loan, Local};
use crate::mode;
use crate::registry::pool::Block;
use crate::registry::root::{ARENA, WORLD};
use crate::registry::slot::{flag, Slot, CONTINUED_WORDS, NAMED, NAME_BIT, NAME_WORDS};
use crate::registry::store::Store;
use crate::running::OnDrop;

/// The most bytes that a name has. What is longer is cut at a character boundary and shown with
/// an ellipsis.
pub const MAX_NAME_LEN: usize = 255;

/// Names the current task, from now on, and all that it will spawn.
///
/// Tasks that it has already spawned keep the name that they have. An empty name removes the name,
/// also an inherited one. While birthmark is off, this does nothing and does not format the name.
///
/// # Examples
///
/// ```
/// # let request_id = 123_123;
/// birthmark::set_name(format_args!("req-id-{request_id}"));
/// assert_eq!(birthmark::current().unwrap().name().unwrap().as_str(), "req-id-123123");
/// ```
pub fn set_name(name: impl fmt::Display) {
    if mode::has(mode::OFF) {
        return;
    }
    let text = Text::new(format_args!("{name}"));
    local::with(|local| {
        if let Some(node) = name_current(local, &text) {
            let old = local.set_scope_for_good(node);
            if let Some(old) = old {
                local.release(old);
            }
        }
    });
}

/// Does `f` under a name: the current task has it meanwhile, and what `f` spawns keeps it.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn index(tenant: &str) {
/// birthmark::with_name(tenant, || {
///     std::thread::spawn(|| { /* works for the tenant */ });
/// });
/// # }
/// ```
pub fn with_name<R>(name: impl fmt::Display, f: impl FnOnce() -> R) -> R {
    if mode::has(mode::OFF) {
        return f();
    }
    let text = Text::new(format_args!("{name}"));
    let Some(node) = local::with(|local| name_current(local, &text)) else {
        return f();
    };
    let mut named = Named::enter(node);
    let _leave = OnDrop(|| drop(named.leave().map(NameRef)));
    f()
}

/// Runs a future under a name: whichever task polls it has the name meanwhile, and what is spawned
/// in it keeps the name.
///
/// # Examples
///
/// ```
/// # async fn handle() {}
/// # async fn serve(tenant: &str) {
/// birthmark::with_name_async(tenant, async {
///     handle().await;
/// })
/// .await;
/// # }
/// ```
pub fn with_name_async<F: Future>(name: impl fmt::Display, future: F) -> WithName<F> {
    let text = (!mode::has(mode::OFF)).then(|| Text::new(format_args!("{name}")).into());
    WithName {
        text,
        node: None,
        future: ManuallyDrop::new(future),
    }
}

/// The future of [`with_name_async`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct WithName<F> {
    text: Option<Box<Text>>,
    node: Option<NameRef>,
    /// Structurally pinned.
    future: ManuallyDrop<F>,
}

impl<F: Unpin> Unpin for WithName<F> {}

impl<F: Future> Future for WithName<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: never moved, dropped in place.
        let (text, node, future) = unsafe {
            let this = self.get_unchecked_mut();
            (
                &this.text,
                &mut this.node,
                Pin::new_unchecked(&mut *this.future),
            )
        };
        match text.as_ref().and_then(|text| enter_named(node, text)) {
            Some(mut named) => {
                let _leave = OnDrop(|| *node = named.leave().map(NameRef));
                future.poll(cx)
            }
            None => future.poll(cx),
        }
    }
}

impl<F> Drop for WithName<F> {
    fn drop(&mut self) {
        let entered = self
            .text
            .as_ref()
            .and_then(|text| enter_named(&mut self.node, text));
        let node = &mut self.node;
        let _leave = entered.map(|mut named| OnDrop(move || *node = named.leave().map(NameRef)));
        // SAFETY: dropped once, in place, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}

/// Enters the name that `node` holds, or a new one if another task polls the future now.
fn enter_named(node: &mut Option<NameRef>, text: &Text) -> Option<Named> {
    local::with(|local| {
        let current = local.current();
        let of_current = node.take_if(|node| match (node.0.parent.get(), current) {
            (Some(owner), Some(current)) => ptr::eq(owner, current),
            _ => false,
        });
        match of_current {
            Some(node) => Some(Named::enter(ManuallyDrop::new(node).0)),
            None => Some(Named::enter(name_current(local, text)?)),
        }
    })
}

/// A reference to a name node.
#[derive(Debug)]
struct NameRef(&'static Slot);

impl Drop for NameRef {
    fn drop(&mut self) {
        local::with(|local| local.release(self.0));
    }
}

/// The current task under another name for a while.
struct Named {
    /// The task, and what its own scope was; `None` where the scope is lent.
    task: Option<(&'static Slot, Option<&'static Slot>)>,
    /// What the lent scope was.
    outer: *const Slot,
}

impl Named {
    /// Takes over the caller's reference to `node`.
    fn enter(node: &'static Slot) -> Self {
        local::with(|local| {
            if local.is_lent() {
                let outer = local.replace_lent(node);
                return Named { task: None, outer };
            }
            let task = local.current();
            Named {
                task: task.map(|task| (task, task.scope.swap(Some(node)))),
                outer: ptr::null(),
            }
        })
    }

    /// Goes back. Returns the name that the task had at last, with the reference to it.
    fn leave(&mut self) -> Option<&'static Slot> {
        let last = match self.task {
            Some((task, outer)) => task.scope.swap(outer),
            // SAFETY: null or a live node, as every scope.
            None => unsafe { local::with(|local| local.replace_lent(self.outer)).as_ref() },
        };
        last.filter(|last| last.is_name())
    }
}

impl Local {
    /// Changes the scope that is lent to this thread.
    fn replace_lent(&self, scope: *const Slot) -> *const Slot {
        let loan = self.loan.get();
        self.loan.set(Loan { scope, ..loan });
        loan.scope
    }

    /// Makes `node` the scope of the current task. Returns the name that it replaces, if any.
    fn set_scope_for_good(&self, node: &'static Slot) -> Option<&'static Slot> {
        if !self.is_lent() {
            return self
                .current()?
                .scope
                .swap(Some(node))
                .filter(|old| old.is_name());
        }
        let outer = self.replace_lent(node);
        // SAFETY: null or a live node, as every scope.
        unsafe { outer.as_ref() }.filter(|outer| !ptr::eq(*outer, self.loan.get().lent))
    }
}

/// Makes a name for the current task. The caller gets the one reference to it.
fn name_current(local: &Local, text: &Text) -> Option<&'static Slot> {
    local.scope_or_adopt()?;
    let task = local.current()?;
    local
        .with_block(|store, block| make(store, block, task, text, 0))
        .flatten()
}

/// Names a task that has not started yet.
pub(crate) fn give(task: &'static Slot, name: fmt::Arguments<'_>, flags: u64) {
    let text = Text::new(name);
    local::with(|local| {
        local.with_block(|store, block| {
            let Some(node) = make(store, block, task, &text, flags) else {
                return;
            };
            if let Some(old) = task.scope.swap(Some(node)).filter(|old| old.is_name()) {
                store.release(&ARENA, old);
            }
        })
    });
}

/// Makes a name node between `task` and what it will spawn.
fn make(
    store: &Store,
    block: &Block,
    task: &'static Slot,
    text: &Text,
    flags: u64,
) -> Option<&'static Slot> {
    let number = block.next_name.get();
    block.next_name.set(number + 1);
    let id = NAME_BIT | number;
    let node = store.take(WORLD)?;
    let (head, rest) = text.bytes().split_at(text.len.min(8 * NAME_WORDS));
    let (rest, complete) = write_continuation(store, id, rest);
    let cut = if text.cut || !complete { flag::CUT } else { 0 };
    task.refs.fetch_add(1, Ordering::Relaxed);
    task.refs.fetch_or(NAMED, Ordering::Relaxed);
    // As at a birth: who sees the new content must not take it for the old.
    fence(Ordering::Release);
    for (word, bytes) in [&node.status, &node.site].into_iter().zip(head.chunks(8)) {
        word.store(word_of(bytes), Ordering::Relaxed);
    }
    node.parent.set(Some(task));
    node.scope.set(rest);
    node.refs.store(1, Ordering::Relaxed);
    node.polls.store(
        flags | cut | (text.len as u64) << flag::COUNT_SHIFT,
        Ordering::Relaxed,
    );
    node.born.store(0, Ordering::Relaxed);
    node.id.store(id, Ordering::Release);
    Some(node)
}

/// Writes what does not fit into the node itself, last part first. Returns whether all was written.
fn write_continuation(store: &Store, id: u64, rest: &[u8]) -> (Option<&'static Slot>, bool) {
    let mut next = None;
    for part in rest.chunks(8 * CONTINUED_WORDS).rev() {
        let Some(slot) = store.take(WORLD) else {
            return (None, false);
        };
        fence(Ordering::Release);
        for (word, bytes) in continued_words(slot).into_iter().zip(part.chunks(8)) {
            word.store(word_of(bytes), Ordering::Relaxed);
        }
        slot.born.store(
            next.map_or(0, |next: &Slot| {
                ptr::from_ref(next).expose_provenance() as u64
            }),
            Ordering::Relaxed,
        );
        slot.id.store(id, Ordering::Release);
        next = Some(slot);
    }
    (next, true)
}

/// The words of a continued name that hold text.
pub(crate) fn continued_words(slot: &Slot) -> [&std::sync::atomic::AtomicU64; CONTINUED_WORDS] {
    [
        &slot.status,
        &slot.site,
        slot.parent.word(),
        slot.scope.word(),
        &slot.refs,
        &slot.polls,
    ]
}

fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}

/// The text of a name, as far as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    bytes: [u8; MAX_NAME_LEN],
    len: usize,
    cut: bool,
}

impl Text {
    pub(crate) fn new(name: fmt::Arguments<'_>) -> Self {
        let mut text = Text {
            bytes: [0; MAX_NAME_LEN],
            len: 0,
            cut: false,
        };
        // It fails when the text is full, which stops the formatting of a 10 MB name early, or
        // because the program's own `Display` does; then there is what came before.
        let failed = text.write_fmt(name).is_err();
        text.cut |= failed;
        text
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let taken = boundary(s, MAX_NAME_LEN - self.len);
        self.bytes[self.len..self.len + taken].copy_from_slice(&s.as_bytes()[..taken]);
        self.len += taken;
        if taken < s.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// The last character boundary of `s` at or before `most`.
pub(crate) fn boundary(s: &str, most: usize) -> usize {
    if s.len() <= most {
        return s.len();
    }
    (0..=most)
        .rev()
        .find(|&index| s.is_char_boundary(index))
        .unwrap_or(0)
}
