//! Fallback for builds without native stacks.

use birthmark_dump::{NativeStack, StackError};

/// Returns the reason for which the threads have no stack.
pub(super) fn take(ids: &[u64]) -> Vec<Result<NativeStack, StackError>> {
    let why = if cfg!(feature = "native-stacks") {
        StackError::Platform
    } else {
        StackError::Feature
    };
    vec![Err(why); ids.len()]
}
