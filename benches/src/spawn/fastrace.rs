//! With fastrace: a root span per task.

use fastrace::Span;
use fastrace::future::FutureExt as _;
use fastrace::prelude::SpanContext;
use tokio::task::JoinHandle;

use super::Spawn;

/// `.in_span(…)` at the spawn.
#[derive(Debug)]
pub enum Fastrace {}

impl Spawn for Fastrace {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        let span = Span::root("task", SpanContext::random());
        tokio::spawn(future.in_span(span))
    }
}
