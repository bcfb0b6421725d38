//! Limits on what one stack may cost.

/// Limits on one stack. The walk stops at a limit, and the stack is then marked with [`Missing::Limit`].
///
/// [`Missing::Limit`]: crate::Missing::Limit
///
/// The memory of a process may have cycles and damaged lengths, so each loop of the walk counts against a limit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Largest depth of nested futures.
    pub depth: usize,
    /// Largest number of values that are visited in memory.
    pub nodes: usize,
    /// Largest number of bytes that are copied from memory.
    pub bytes: u64,
    /// Largest number of entries of debug information that are read.
    pub entries: u64,
    /// Number of attempts at a stack that changes while it is read.
    pub attempts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 256,
            nodes: 20_000,
            bytes: 16 << 20,
            entries: 20_000_000,
            attempts: 50,
        }
    }
}
