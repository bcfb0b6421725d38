//! Futures around another one, without an effect.

/// Declares a future that is the one within it. `$output` is the result for the result of that one.
///
/// Not public API. Used by birthmark's own crates.
#[doc(hidden)]
#[macro_export]
macro_rules! __passes_on {
    ($(
        $(#[$attribute:meta])*
        pub struct $type:ident<F>: |$inner:ident| $result:expr => $output:ty;
    )*) => {$(
        $(#[$attribute])*
        #[must_use = "futures do nothing unless polled"]
        pub struct $type<F>(F);

        impl<F> $type<F> {
            #[allow(dead_code, reason = "some futures are made in one place only")]
            #[inline]
            pub(crate) fn around(future: F) -> Self {
                $type(future)
            }
        }

        impl<F> core::fmt::Debug for $type<F> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }

        impl<F: core::future::Future> core::future::Future for $type<F> {
            type Output = $output;

            #[inline]
            fn poll(
                self: core::pin::Pin<&mut Self>,
                context: &mut core::task::Context<'_>,
            ) -> core::task::Poll<$output> {
                // SAFETY: the field of a pinned value is pinned here and everywhere else. Its drop is that of the whole.
                let future = unsafe { self.map_unchecked_mut(|this| &mut this.0) };
                future.poll(context).map(|$inner| $result)
            }
        }
    )*};
}

pub use crate::__passes_on as passes_on;
