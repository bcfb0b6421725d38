//! Native stacks, where there are none.

use birthmark_dump::{NativeStack, StackError};

/// Says why there is none, for each of these threads.
pub(super) fn take(ids: &[u64]) -> Vec<Result<NativeStack, StackError>> {
    let why = if cfg!(feature = "native-stacks") {
        StackError::Platform
    } else {
        StackError::Feature
    };
    vec![Err(why); ids.len()]
}
