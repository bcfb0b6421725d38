//! With tracing: a span per task.

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::Spawn;

/// `.instrument(info_span!(…))` at the spawn.
#[derive(Debug)]
pub enum Tracing {}

impl Spawn for Tracing {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(future.instrument(tracing::info_span!("task")))
    }
}
