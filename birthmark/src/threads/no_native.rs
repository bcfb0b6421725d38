//! Fallback for builds without native stacks.

use birthmark_dump::{NativeStack, StackError};

/// Returns the reason for which the threads have no stack.
pub(super) fn take(ids: &[u64]) -> Vec<Result<NativeStack, StackError>> {
    vec![Err(why()); ids.len()]
}

fn why() -> StackError {
    match cfg!(feature = "native-stacks") {
        true => StackError::Platform,
        false => StackError::Feature,
    }
}

pub(super) mod here {
    //! The stack of the calling thread, which is not taken.

    use birthmark_dump::{NativeStack, StackError};

    /// Returns no address.
    pub(in crate::threads) fn take(_addresses: &mut [u64]) -> (usize, bool) {
        (0, true)
    }

    /// Returns the reason.
    pub(in crate::threads) fn look_up(
        _stacks: &[(&[u64], bool)],
    ) -> Result<Vec<NativeStack>, StackError> {
        Err(super::why())
    }
}
