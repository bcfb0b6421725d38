//! Stacks of other threads are not known here.

pub(crate) fn lender<T>(_from: usize, _task_of: impl Fn(u64) -> Option<T>) -> Option<T> {
    None
}
