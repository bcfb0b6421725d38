//! Native stacks on platforms where they are not taken.

use birthmark_dump::{NativeStack, StackError, SystemCall};
use birthmark_stacks::{CoreThread, DebugInfo};

use crate::memory::Memory;

pub(crate) fn of_process(
    _process: u32,
    _memory: &Memory,
    _modules: impl Iterator<Item = u64>,
    threads: &[u64],
) -> Walks {
    Walks(threads.len())
}

pub(crate) fn of_core_file(
    _memory: &Memory,
    _modules: impl Iterator<Item = u64>,
    threads: &[&CoreThread],
) -> Walks {
    Walks(threads.len())
}

pub(crate) fn system_call(_thread: &CoreThread) -> Option<SystemCall> {
    None
}

/// A number of threads without stacks.
pub(crate) struct Walks(usize);

impl Walks {
    pub(crate) fn stacks(self, _info: Option<&DebugInfo>) -> Vec<Result<NativeStack, StackError>> {
        vec![Err(StackError::Platform); self.0]
    }
}
