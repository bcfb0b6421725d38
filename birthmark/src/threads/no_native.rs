//! Native stacks, where there are none.

use birthmark_dump::{NativeStack, NoStack};

/// Says why there is none, for each of these threads.
pub(super) fn take(ids: &[u64]) -> Vec<Result<NativeStack, NoStack>> {
    let why = if cfg!(feature = "native-stacks") {
        NoStack::Platform
    } else {
        NoStack::Feature
    };
    vec![Err(why); ids.len()]
}
