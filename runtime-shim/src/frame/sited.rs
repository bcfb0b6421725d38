//! How a frame knows its site: by its type, or by its value.

use core::marker::PhantomData;

use super::{FrameSite, FrameSites};

/// A source of a frame's site.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait Sited {
    /// The site.
    fn site(&self) -> &'static FrameSite;
}

/// The `N`th site of a table.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nth<T, const N: usize>(PhantomData<T>);

impl<T: FrameSites, const N: usize> Nth<T, N> {
    const SITE: &'static FrameSite = &T::SITES[N];
}

impl<T: FrameSites, const N: usize> Sited for Nth<T, N> {
    #[inline(always)]
    fn site(&self) -> &'static FrameSite {
        Self::SITE
    }
}

/// Any site. A type of its own, for with a lifetime in the type of each frame there is more to prove.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct AnySite(&'static FrameSite);

impl Sited for AnySite {
    #[inline]
    fn site(&self) -> &'static FrameSite {
        self.0
    }
}

/// A future with a frame is a word larger than without, and knows its site by its type. So a program runs fastest.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub mod by_type {
    use core::future::IntoFuture;
    use core::marker::PhantomData;

    use super::{FrameSites, Nth};
    use crate::frame::{Awaited, Framed, Held};

    /// Wraps what is awaited. Any type is accepted, so that the compiler reports a value that is not a future at the
    /// `.await`, and only there.
    #[inline]
    pub fn frame<I, T: FrameSites, const N: usize>(awaited: I) -> Awaited<I, Nth<T, N>> {
        let site = Nth(PhantomData);
        Awaited { awaited, site }
    }

    /// Wraps a branch of a macro that awaits it.
    #[inline]
    #[track_caller]
    pub fn branch<I: IntoFuture, T: FrameSites, const N: usize>(
        branch: I,
    ) -> Framed<I::IntoFuture, Nth<T, N>> {
        frame(branch).into_future()
    }

    /// Returns the wrapper of a branch that is a future itself.
    #[inline]
    pub fn held<T: FrameSites, const N: usize>() -> Held<Nth<T, N>> {
        Held::of(Nth(PhantomData))
    }
}

/// A future with a frame is two words larger than without. So a program compiles fastest: a type more for each
/// `.await` takes several times what is done with it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub mod by_value {
    use core::future::IntoFuture;

    use super::{AnySite, FrameSites};
    use crate::frame::{Awaited, Framed, Held};

    /// As [`by_type::frame`](super::by_type::frame).
    #[inline]
    pub fn frame<I, T: FrameSites, const N: usize>(awaited: I) -> Awaited<I, AnySite> {
        let site = AnySite(&T::SITES[N]);
        Awaited { awaited, site }
    }

    /// As [`by_type::branch`](super::by_type::branch).
    #[inline]
    #[track_caller]
    pub fn branch<I: IntoFuture, T: FrameSites, const N: usize>(
        branch: I,
    ) -> Framed<I::IntoFuture, AnySite> {
        frame::<I, T, N>(branch).into_future()
    }

    /// As [`by_type::held`](super::by_type::held).
    #[inline]
    pub fn held<T: FrameSites, const N: usize>() -> Held<AnySite> {
        Held::of(AnySite(&T::SITES[N]))
    }
}
