// Thirty async functions can be nested within the limit on recursion that the compiler sets by itself.
fn is_send<T: Send>(value: T) -> T {
    value
}

#[birthmark::instrument]
mod marked {
    pub async fn a0() -> u32 { std::future::ready(1).await }
    pub async fn a1() -> u32 { a0().await + 1 }
    pub async fn a2() -> u32 { a1().await + 1 }
    pub async fn a3() -> u32 { a2().await + 1 }
    pub async fn a4() -> u32 { a3().await + 1 }
    pub async fn a5() -> u32 { a4().await + 1 }
    pub async fn a6() -> u32 { a5().await + 1 }
    pub async fn a7() -> u32 { a6().await + 1 }
    pub async fn a8() -> u32 { a7().await + 1 }
    pub async fn a9() -> u32 { a8().await + 1 }
    pub async fn a10() -> u32 { a9().await + 1 }
    pub async fn a11() -> u32 { a10().await + 1 }
    pub async fn a12() -> u32 { a11().await + 1 }
    pub async fn a13() -> u32 { a12().await + 1 }
    pub async fn a14() -> u32 { a13().await + 1 }
    pub async fn a15() -> u32 { a14().await + 1 }
    pub async fn a16() -> u32 { a15().await + 1 }
    pub async fn a17() -> u32 { a16().await + 1 }
    pub async fn a18() -> u32 { a17().await + 1 }
    pub async fn a19() -> u32 { a18().await + 1 }
    pub async fn a20() -> u32 { a19().await + 1 }
    pub async fn a21() -> u32 { a20().await + 1 }
    pub async fn a22() -> u32 { a21().await + 1 }
    pub async fn a23() -> u32 { a22().await + 1 }
    pub async fn a24() -> u32 { a23().await + 1 }
    pub async fn a25() -> u32 { a24().await + 1 }
    pub async fn a26() -> u32 { a25().await + 1 }
    pub async fn a27() -> u32 { a26().await + 1 }
    pub async fn a28() -> u32 { a27().await + 1 }
    pub async fn a29() -> u32 { a28().await + 1 }
}

fn main() {
    let mut future = Box::pin(is_send(marked::a29()));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(std::future::Future::poll(future.as_mut(), &mut context), std::task::Poll::Ready(30));
}
