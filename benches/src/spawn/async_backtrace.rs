//! With async-backtrace: one frame per task.

use tokio::task::JoinHandle;

use super::Spawn;

/// `frame!(…)` at the spawn.
#[derive(Debug)]
pub enum AsyncBacktrace {}

impl Spawn for AsyncBacktrace {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(async_backtrace::frame!(future))
    }
}
