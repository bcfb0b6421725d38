// A spawn at the start of a statement, in the tail of a block, in the middle of an expression.
birthmark_ui_tests::twice! {
    use std::thread;

    async fn one() -> u32 {
        1
    }

    async fn tail() -> Result<u32, tokio::task::JoinError> {
        tokio::spawn(one()).await
    }

    async fn question() -> Result<u32, tokio::task::JoinError> {
        tokio::spawn(one()).await?;
        let two = tokio::spawn(one()).await? + tokio::spawn(async { 1 }).await?;
        Ok(two)
    }

    struct Two(u32, u32);

    fn spawn<F: FnOnce() -> u32>(f: F) -> Two {
        Two(f(), 2)
    }

    fn one_now() -> u32 {
        1
    }

    pub async fn all() -> u32 {
        tokio::spawn(one()).abort();
        tokio::spawn(one());
        thread::spawn(one_now).join().unwrap();
        let _ = tokio::spawn(one());
        if tokio::spawn(one()).await.is_ok() {
            thread::spawn(one_now).join().ok();
        }
        let sum = spawn(one_now).0 + spawn(one_now).1 * spawn(|| 5).0;
        let shifted = spawn(one_now).0 as u8 as u32;
        let closure = || spawn(one_now).1;
        let blocks = spawn(|| { if sum > 3 { 1 } else { 2 } } + 1).0;
        let unsafes = spawn(|| unsafe { one_later() }.pow(2)).0;
        let matches = spawn(|| match sum { 0 => 1, n => n }).0;
        match thread::spawn(one_now).join() {
            Ok(n) => n + sum + shifted + closure() + blocks + unsafes + matches + tail().await.unwrap() + question().await.unwrap(),
            Err(_) => unreachable!(),
        }
    }

    unsafe fn one_later() -> u32 {
        3
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::all()), runtime.block_on(marked::all()));
}
