//! Guards against stacks that change while they are read.

/// Count that tells whether a future changed.
///
/// The owner of a future makes the count odd before each poll and even after it. A reader takes the count before and
/// after it reads. The copy is of one moment if both are the same even number.
///
/// The owner writes the odd count, and then a release fence precedes the poll. The even count is a release store. A
/// count of this process is loaded with acquire ordering.
pub trait Guard {
    /// Returns the present count, or `None` if the future is gone.
    fn sequence(&self) -> Option<u64>;
}

impl<F: Fn() -> Option<u64>> Guard for F {
    fn sequence(&self) -> Option<u64> {
        self()
    }
}

/// Guard of a future that does not change, such as one of a stopped process or of a core file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unchanging;

impl Guard for Unchanging {
    fn sequence(&self) -> Option<u64> {
        Some(0)
    }
}
