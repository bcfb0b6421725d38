//! The type-directed adaptor: what becomes of a task argument that is not a literal.
//!
//! Autoref specialisation: [`adapt!`](crate::__adapt) calls `kind` on a reference to a reference …
//! to a [`Probe`], and method lookup takes the first of the traits below that holds for the type,
//! counting references down. What no trait wants is passed through by [`ViaAny`].

#![allow(clippy::unused_self, reason = "tags carry types, not values")]

use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;

use crate::birth::{birth_of_kind, Birth};
use crate::future::{future, Instrumented};
use crate::kind::Kind;
use crate::site::Site;

/// Stands for the type of a value, without holding it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    #[inline]
    pub fn new(_: &T) -> Self {
        Probe(PhantomData)
    }
}

/// From what a birth is made once the adaptor knows the kind of the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait IntoBirth {
    fn born(self, kind: Kind) -> Birth;
}

/// The common case: the task is born when its argument has been evaluated.
impl IntoBirth for &'static Site {
    #[inline]
    fn born(self, kind: Kind) -> Birth {
        birth_of_kind(self, kind)
    }
}

/// Under `named!`, whose arguments must be evaluated before the task's own.
impl IntoBirth for Birth {
    #[inline]
    fn born(self, kind: Kind) -> Birth {
        self.set_kind(kind);
        self
    }
}

/// Declares a trait that is implemented for some probes, and the tag that it answers with.
macro_rules! via {
    ($via:ident -> $tag:ident) => {
        #[doc(hidden)]
        #[derive(Debug)]
        pub struct $tag;

        #[doc(hidden)]
        pub trait $via {
            #[inline]
            fn kind(&self) -> $tag {
                $tag
            }
        }
    };
}

via!(ViaPinnedBox -> PinnedBox);
via!(ViaBoxedFn -> BoxedFn);
via!(ViaBoxedFnMut -> BoxedFnMut);
via!(ViaBoxedFnOnce -> BoxedFnOnce);
via!(ViaBoxedFuture -> BoxedFuture);
via!(ViaFuture -> AnyFuture);
via!(ViaFn -> AnyFn);
via!(ViaFnMut -> AnyFnMut);
via!(ViaFnOnce -> AnyFnOnce);

impl<F: Future + ?Sized> ViaPinnedBox for &&&&&&&&Probe<Pin<Box<F>>> {}
impl<F: Fn() -> R + ?Sized, R> ViaBoxedFn for &&&&&&&Probe<Box<F>> {}
impl<F: FnMut() -> R + ?Sized, R> ViaBoxedFnMut for &&&&&&Probe<Box<F>> {}
impl<F: FnOnce() -> R + ?Sized, R> ViaBoxedFnOnce for &&&&&Probe<Box<F>> {}
impl<F: Future + Unpin + ?Sized> ViaBoxedFuture for &&&&&Probe<Box<F>> {}
impl<F: Future> ViaFuture for &&&&Probe<F> {}
impl<F: Fn() -> R, R> ViaFn for &&&Probe<F> {}
impl<F: FnMut() -> R, R> ViaFnMut for &&Probe<F> {}
impl<F: FnOnce() -> R, R> ViaFnOnce for &Probe<F> {}

impl PinnedBox {
    /// Stays a pinned box, so that it still coerces to `Pin<Box<dyn Future>>`.
    #[inline]
    pub fn wrap<F: Future + ?Sized>(
        self,
        birth: impl IntoBirth,
        task: Pin<Box<F>>,
    ) -> Pin<Box<Instrumented<Pin<Box<F>>>>> {
        Box::pin(future(birth.born(Kind::Future), task))
    }
}

impl BoxedFuture {
    /// Stays a box, so that it still coerces to `Box<dyn Future + Unpin>`.
    #[inline]
    pub fn wrap<F: Future + Unpin + ?Sized>(
        self,
        birth: impl IntoBirth,
        task: Box<F>,
    ) -> Box<Instrumented<Box<F>>> {
        Box::new(future(birth.born(Kind::Future), task))
    }
}

impl AnyFuture {
    #[inline]
    pub fn wrap<F: Future>(self, birth: impl IntoBirth, task: F) -> Instrumented<F> {
        future(birth.born(Kind::Future), task)
    }
}

/// Declares how a closure is wrapped: in a closure that implements the same trait.
macro_rules! wrap_closures {
    ($($tag:ident, $boxed:ident, $bound:ident, $($mutable:ident)?;)*) => {$(
        impl $tag {
            #[inline]
            pub fn wrap<F: $bound() -> R, R>(self, birth: impl IntoBirth, $($mutable)? task: F) -> impl $bound() -> R {
                let birth = birth.born(Kind::Job);
                move || {
                    let _entered = birth.enter();
                    task()
                }
            }
        }

        impl $boxed {
            /// Stays a box, so that it still coerces to a box of a trait object.
            #[inline]
            pub fn wrap<F: $bound() -> R + ?Sized, R>(self, birth: impl IntoBirth, task: Box<F>) -> Box<impl $bound() -> R> {
                Box::new($tag.wrap(birth, task))
            }
        }
    )*};
}

wrap_closures! {
    AnyFn, BoxedFn, Fn, ;
    AnyFnMut, BoxedFnMut, FnMut, mut;
    AnyFnOnce, BoxedFnOnce, FnOnce, ;
}

/// What is neither a future nor a function: a bundle of components, a path, a string.
#[doc(hidden)]
#[derive(Debug)]
pub struct Untouched<T>(PhantomData<fn() -> T>);

#[doc(hidden)]
pub trait ViaAny {
    /// The type under the probe. Naming it in the tag lets a `&mut` variable be reborrowed, as the
    /// callee itself would.
    type Task;

    #[inline]
    fn kind(&self) -> Untouched<Self::Task> {
        Untouched(PhantomData)
    }
}

impl<T> ViaAny for Probe<T> {
    type Task = T;
}

impl<T> Untouched<T> {
    #[inline(always)]
    pub fn wrap(self, _birth: impl IntoBirth, task: T) -> T {
        task
    }
}
