//! Every emission once, for `tests/clippy.rs` to lint with and without the attribute.

/// A server.
#[derive(Debug, Clone, Copy)]
pub struct Server;

async fn work(n: u32) -> u32 {
    n
}

fn job() -> u32 {
    1
}

#[cfg_attr(feature = "instrumented", birthmark::instrument)]
impl Server {
    /// Futures, named and roots.
    pub async fn futures(&self) -> u32 {
        let task = work(1);
        let first = tokio::spawn(task).await.unwrap_or(0);
        let second = tokio::spawn(async { 2 }).await.unwrap_or(0);
        let third = tokio::spawn(birthmark::named!("{first}" => birthmark::root!(work(3))))
            .await
            .unwrap_or(0);
        let both = tokio::join!(tokio::spawn(work(4)), tokio::spawn(async { 5 }));
        let boxed = tokio::spawn(Box::pin(work(6))).await.unwrap_or(0);
        assert!(tokio::spawn(work(7)).await.is_ok());
        first + second + third + both.0.unwrap_or(0) + both.1.unwrap_or(0) + boxed
    }

    /// Threads and jobs.
    pub fn threads(&self, text: &str) -> usize {
        let by_name = std::thread::spawn(job).join().unwrap_or(0);
        let moved = std::thread::spawn(move || -> u32 { by_name })
            .join()
            .unwrap_or(0) as usize;
        let built = std::thread::Builder::new()
            .spawn(|| 1_usize)
            .map(|handle| handle.join().unwrap_or(0))
            .unwrap_or(0);
        let scoped = std::thread::scope(|s| s.spawn(|| text.len()).join().unwrap_or(0));
        let mut count = 0;
        rayon::scope(|s| s.spawn(|_| count += 1));
        moved + built + scoped + count
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(
        runtime.block_on(Server.futures()) as usize + Server.threads("four"),
        28
    );
}
