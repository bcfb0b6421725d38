//! The type-directed adaptor: what becomes of a task argument that is not a literal.
//!
//! [`adapt!`](crate::__adapt) calls `kind` on a [`Probe`], and `wrap` on what that answers. Each is a
//! chain of types which dereference to the next, all of them with an inherent method of that name
//! under a bound on the type that is probed. Method lookup takes the first whose bound holds. The last
//! has none: what nobody wants is passed through.
//!
//! The usual way is a trait for each case, implemented for ever more references. The compiler then tries
//! each trait at each reference, and each spawn has to import the traits. This costs several times the
//! work of compiling the spawn itself.

#![allow(clippy::unused_self, reason = "tags carry types, not values")]

use core::any::type_name;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;
use std::sync::atomic::Ordering;

use crate::abi::at::Guessed;
use crate::hook::refuse_closure;
use crate::platform::runtime_flags;
use crate::task::announced::withdraw;

use crate::task::blocked::Blocked;
use crate::task::future::{future, Instrumented};
use crate::task::handle::{HandleContent, TaskHandle};
use crate::task::spawn::{record_future, record_job, NewHandle};
use crate::types::kind::Kind;
use crate::types::site::Site;

/// From what a handle is made once the adaptor knows the kind of the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait IntoHandle {
    /// The handle of a task of this kind, whose type has this name.
    fn into_handle(self, kind: Kind, ty: fn() -> &'static str) -> TaskHandle;

    /// A future with its handle.
    fn future<F: Future>(self, future: F) -> Instrumented<F>;

    /// Notes that an argument of this type is of no known kind of task.
    fn passed_through(self, ty: fn() -> &'static str);
}

/// Records a task whose kind the adaptor has found out.
#[inline]
pub(crate) fn new_handle_as(site: &'static Site, kind: Kind) -> NewHandle {
    match kind {
        Kind::Future => record_future(site),
        _ => record_job(site),
    }
}

/// How [`At`](crate::abi::at::At) does it.
impl IntoHandle for &'static Site {
    #[inline]
    fn into_handle(self, kind: Kind, _: fn() -> &'static str) -> TaskHandle {
        new_handle_as(self, kind).handle
    }

    #[inline]
    fn future<F: Future>(self, future: F) -> Instrumented<F> {
        Instrumented::new(record_future(self), future)
    }

    #[inline]
    fn passed_through(self, ty: fn() -> &'static str) {
        note_passed_through(self, ty);
    }
}

/// Under `named!`, whose arguments must be evaluated before the task's own.
impl IntoHandle for TaskHandle {
    #[inline]
    fn into_handle(self, kind: Kind, _: fn() -> &'static str) -> TaskHandle {
        self.set_kind(kind);
        match self.content() {
            HandleContent::Refused(task) if kind != Kind::Future => refuse_closure(task),
            _ => {}
        }
        self
    }

    #[inline]
    fn future<F: Future>(self, task: F) -> Instrumented<F> {
        self.set_kind(Kind::Future);
        future(self, task)
    }

    fn passed_through(self, ty: fn() -> &'static str) {
        if let Some(site) = self.retract() {
            withdraw(site);
            note_passed_through(site, ty);
        }
    }
}

/// Counts an argument that is of no known kind of task. A reference is never a task: a spawn takes what it runs.
#[cold]
pub(super) fn note_passed_through(site: &Site, ty: fn() -> &'static str) {
    if !ty().starts_with('&') && !runtime_flags::has(runtime_flags::OFF) {
        site.counts.passed_through.fetch_add(1, Ordering::Relaxed);
    }
}

/// Declares types that are asked in turn, for [`Untouched`] is the last: each dereferences to the next.
macro_rules! ask {
    ($($asked:ident => $next:ident;)*) => {$(
        #[doc(hidden)]
        #[derive(Debug)]
        pub struct $asked<T>($next<T>);

        impl<T> $asked<T> {
            const ANY: Self = $asked($next::ANY);
        }

        impl<T> Deref for $asked<T> {
            type Target = $next<T>;

            #[inline]
            fn deref(&self) -> &$next<T> {
                &self.0
            }
        }
    )*};
}

// Stand for the type of a task, without holding it.
ask! {
    Probe => ProbeFuture;
    ProbeFuture => ProbeFunction;
    ProbeFunction => Untouched;
}

// Stand for the type of a function.
ask! {
    Function => FunctionMut;
    FunctionMut => FunctionOnce;
    FunctionOnce => Untouched;
}

// The same for a box, by what is in it.
ask! {
    Boxed => BoxedMut;
    BoxedMut => BoxedOnce;
    BoxedOnce => BoxedFuture;
    BoxedFuture => Untouched;
}

/// An argument that is neither a future nor a function: a bundle of components, a path, a string.
#[doc(hidden)]
#[derive(Debug)]
pub struct Untouched<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    #[inline]
    pub fn new(_: &T) -> Self {
        Self::ANY
    }
}

impl<B: InBox> Probe<B> {
    #[inline]
    pub fn kind(&self) -> B::Kind {
        B::KIND
    }
}

impl<F: Future> ProbeFuture<F> {
    #[inline]
    pub fn kind(&self) -> AnyFuture {
        AnyFuture
    }
}

impl<F: FnOnce() -> R, R> ProbeFunction<F> {
    #[inline]
    pub fn kind(&self) -> Function<F> {
        Function::ANY
    }
}

impl<T> Untouched<T> {
    const ANY: Self = Untouched(PhantomData);

    #[inline]
    pub fn kind(&self) -> Self {
        Self::ANY
    }

    /// The type is known from the probe, so a `&mut` variable is reborrowed, as by the callee itself.
    #[inline(always)]
    pub fn wrap(&self, handle: impl IntoHandle, task: T) -> T {
        handle.passed_through(type_name::<T>);
        task
    }

    #[inline(always)]
    pub fn blocked(&self, task: T) -> T {
        task
    }

    #[inline(always)]
    pub fn guess(&self, _: Guessed, task: T) -> T {
        task
    }
}

/// A box that may have to stay one. A trait, for two types that can be asked at once would both fit a
/// type that is not known, and that would be a second error beside the user's.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait InBox {
    type Kind;
    const KIND: Self::Kind;
}

impl<F: Future + ?Sized> InBox for Pin<Box<F>> {
    type Kind = PinnedBox;
    const KIND: PinnedBox = PinnedBox;
}

impl<F: ?Sized> InBox for Box<F> {
    type Kind = Boxed<Box<F>>;
    const KIND: Boxed<Box<F>> = Boxed::ANY;
}

/// The kind of a pinned box of a future.
#[doc(hidden)]
#[derive(Debug)]
pub struct PinnedBox;

impl PinnedBox {
    /// Stays a pinned box, so that it still coerces to `Pin<Box<dyn Future>>`.
    #[inline]
    pub fn wrap<F: Future + ?Sized>(
        &self,
        handle: impl IntoHandle,
        task: Pin<Box<F>>,
    ) -> Pin<Box<Instrumented<Pin<Box<F>>>>> {
        Box::pin(handle.future(task))
    }

    #[inline]
    pub fn guess<T>(&self, site: Guessed, task: T) -> T {
        site.announce();
        task
    }

    #[inline]
    pub fn blocked<F: Future + ?Sized>(&self, task: Pin<Box<F>>) -> Pin<Box<Blocked<Pin<Box<F>>>>> {
        Box::pin(Blocked::new(task))
    }
}

/// The kind of any other future.
#[doc(hidden)]
#[derive(Debug)]
pub struct AnyFuture;

impl AnyFuture {
    #[inline]
    pub fn wrap<F: Future>(&self, handle: impl IntoHandle, task: F) -> Instrumented<F> {
        handle.future(task)
    }

    #[inline]
    pub fn guess<T>(&self, site: Guessed, task: T) -> T {
        site.announce();
        task
    }

    #[inline]
    pub fn blocked<F: Future>(&self, task: F) -> Blocked<F> {
        Blocked::new(task)
    }
}

impl<F: Future + Unpin + ?Sized> BoxedFuture<Box<F>> {
    /// Stays a box, so that it still coerces to `Box<dyn Future + Unpin>`.
    #[inline]
    pub fn wrap(&self, handle: impl IntoHandle, task: Box<F>) -> Box<Instrumented<Box<F>>> {
        Box::new(handle.future(task))
    }

    #[inline]
    pub fn guess(&self, site: Guessed, task: Box<F>) -> Box<F> {
        site.announce();
        task
    }

    #[inline]
    pub fn blocked(&self, task: Box<F>) -> Box<Blocked<Box<F>>> {
        Box::new(Blocked::new(task))
    }
}

/// Declares how a function is wrapped: in a closure that implements the same trait. It mentions what it owns in the
/// order in which that is to be dropped.
macro_rules! wrap_functions {
    ($($asked:ident, $boxed:ident, $bound:ident, $enter:ident, $($mutable:ident)?;)*) => {$(
        impl<F: $bound() -> R, R> $asked<F> {
            #[inline]
            pub fn wrap(
                &self,
                handle: impl IntoHandle,
                $($mutable)? task: F,
            // Errors quote this line.
            ) -> impl $bound() -> R { // `#[birthmark::instrument(skip)]` undoes this
                let (opening, closing) = handle.into_handle(Kind::Job, type_name::<F>).closure();
                move || {
                    let result = {
                        let _entered = opening.$enter();
                        task()
                    };
                    closing.mention();
                    result
                }
            }

            #[inline]
            pub fn guess(&self, site: Guessed, task: F) -> F {
                site.announce();
                task
            }
        }

        impl<F: $bound() -> R + ?Sized, R> $boxed<Box<F>> {
            /// Stays a box, so that it still coerces to a box of a trait object.
            #[inline]
            pub fn wrap(&self, handle: impl IntoHandle, task: Box<F>) -> Box<impl $bound() -> R> {
                Box::new($asked::<Box<F>>::ANY.wrap(handle, task))
            }

            #[inline]
            pub fn guess(&self, site: Guessed, task: Box<F>) -> Box<F> {
                site.announce();
                task
            }
        }
    )*};
}

wrap_functions! {
    Function, Boxed, Fn, enter, ;
    FunctionMut, BoxedMut, FnMut, enter, mut;
    FunctionOnce, BoxedOnce, FnOnce, enter_owned, ;
}
