//! With birthmark, in a span of the spawner: what carries the span into the task.

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::Spawn;

/// `.in_current_span()` at an annotated spawn.
#[derive(Debug)]
pub enum InCurrentSpan {}

#[birthmark::instrument]
impl Spawn for InCurrentSpan {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(future.in_current_span())
    }
}
