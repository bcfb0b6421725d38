//! How a frame knows its site: by its type, or by its value.

use core::marker::PhantomData;

use super::{FrameSite, FrameSites};

/// A source of a frame's site.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub trait SiteSource {
    /// The site.
    fn site(&self) -> &'static FrameSite;
}

/// The `N`th site of a table.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct ConstSite<T, const N: usize>(PhantomData<T>);

impl<T: FrameSites, const N: usize> ConstSite<T, N> {
    const SITE: &'static FrameSite = &T::SITES[N];
}

impl<T: FrameSites, const N: usize> SiteSource for ConstSite<T, N> {
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
pub struct DynSite(&'static FrameSite);

impl SiteSource for DynSite {
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

    use super::{ConstSite, FrameSites};
    use crate::frame::{Awaited, FrameOnDrop, Framed};

    /// Wraps what is awaited. Any type is accepted, so that the compiler reports a value that is not a future at the
    /// `.await`, and only there.
    #[inline]
    pub fn frame<I, T: FrameSites, const N: usize>(awaited: I) -> Awaited<I, ConstSite<T, N>> {
        let site = ConstSite(PhantomData);
        Awaited { awaited, site }
    }

    /// Wraps a branch of a macro that awaits it.
    #[inline]
    #[track_caller]
    pub fn branch<I: IntoFuture, T: FrameSites, const N: usize>(
        branch: I,
    ) -> Framed<I::IntoFuture, ConstSite<T, N>> {
        frame(branch).into_future()
    }

    /// Returns the wrapper of a branch that is a future itself.
    #[inline]
    pub fn frame_on_drop<T: FrameSites, const N: usize>() -> FrameOnDrop<ConstSite<T, N>> {
        FrameOnDrop::of(ConstSite(PhantomData))
    }
}

/// A future with a frame is two words larger than without. So a program compiles fastest: a type more for each
/// `.await` takes several times what is done with it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub mod by_value {
    use core::future::IntoFuture;

    use super::{DynSite, FrameSites};
    use crate::frame::{Awaited, FrameOnDrop, Framed};

    /// As [`by_type::frame`](super::by_type::frame).
    #[inline]
    pub fn frame<I, T: FrameSites, const N: usize>(awaited: I) -> Awaited<I, DynSite> {
        let site = DynSite(&T::SITES[N]);
        Awaited { awaited, site }
    }

    /// As [`by_type::branch`](super::by_type::branch).
    #[inline]
    #[track_caller]
    pub fn branch<I: IntoFuture, T: FrameSites, const N: usize>(
        branch: I,
    ) -> Framed<I::IntoFuture, DynSite> {
        frame::<I, T, N>(branch).into_future()
    }

    /// As [`by_type::frame_on_drop`](super::by_type::frame_on_drop).
    #[inline]
    pub fn frame_on_drop<T: FrameSites, const N: usize>() -> FrameOnDrop<DynSite> {
        FrameOnDrop::of(DynSite(&T::SITES[N]))
    }
}
