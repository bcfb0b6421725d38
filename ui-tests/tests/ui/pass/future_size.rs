// A future grows by a word when it is spawned, and by one for each level at which it awaits, or two in a debug
// build, besides what aligning them takes.
use std::future::Future;

fn spawn<F: Future>(task: F) -> usize {
    size_of_val(&task)
}

async fn work(input: [u8; 100]) -> usize {
    std::future::ready(()).await;
    input.len()
}

birthmark_ui_tests::twice! {
    pub fn sizes() -> Vec<usize> {
        let buffer = [0; 1000];
        vec![
            super::spawn(super::work([0; 100])),
            super::spawn(async move {
                std::future::ready(()).await;
                buffer.len()
            }),
            super::spawn(std::future::pending::<()>()),
        ]
    }
}

fn main() {
    let most = if cfg!(debug_assertions) { 40 } else { 32 };
    for (plain, marked) in plain::sizes().into_iter().zip(marked::sizes()) {
        assert!(marked > plain && marked <= plain + most, "{plain} grew to {marked}");
    }
}
