//! Fallback for builds without stacks out of debug information.

use birthmark_dump::__private::{AwaitReading, WORDS};
use birthmark_dump::MissingFrames;

/// Returns the reason for which there are no stacks.
pub(crate) fn read(_locals: bool, _reading: &mut dyn AwaitReading) -> Result<(), MissingFrames> {
    Err(if cfg!(feature = "debug-stacks") {
        MissingFrames::new("debug information is not read on this platform", None)
    } else {
        MissingFrames::new(
            "birthmark was built without its feature `debug-stacks`",
            Some(
                "enable the feature, or pass `--runtime-features debug-stacks` to cargo birthmark",
            ),
        )
    })
}

/// Returns `None`.
pub(crate) fn words_around(_address: u64) -> Option<[u64; WORDS]> {
    None
}
