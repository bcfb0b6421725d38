//! A service whose log lines show the span of the request and the task, although no spawn passes a span.
//!
//!     cargo run --example logs_and_traces

use birthmark_tracing::{Panics, TaskLayer, with_task};
use tracing_subscriber::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    birthmark::install();
    birthmark_tracing::builder().panics(Panics::Event).install();
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_ansi(false)
        .map_event_format(with_task);
    tracing_subscriber::registry()
        .with(TaskLayer::new())
        .with(lines)
        .init();
    service::handle(7).await;
}

/// An ordinary service with the attribute.
#[birthmark::instrument]
mod service {
    use tracing::{Instrument, info, info_span};

    pub async fn handle(id: u64) {
        birthmark::set_name(format_args!("req-{id}"));
        respond().instrument(info_span!("request", id)).await;
    }

    async fn respond() {
        tokio::spawn(load_prices()).await.unwrap();
        let total = tokio::task::spawn_blocking(add_up).await.unwrap();
        info!(total, "responded");
        let task = tokio::spawn(audit());
        tokio::task::yield_now().await;
        print!("{}", birthmark::dump());
        task.abort();
        assert!(tokio::spawn(fail()).await.is_err());
    }

    async fn load_prices() {
        info!("loading");
    }

    fn add_up() -> u32 {
        info!("adding");
        [2, 3, 5].iter().sum()
    }

    async fn audit() {
        std::future::pending::<()>().await;
    }

    async fn fail() {
        panic!("the disk is full");
    }
}
