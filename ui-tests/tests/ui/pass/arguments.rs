// Spawns in arguments of calls and macros; `?` and `.await` in the argument of a spawn.
birthmark_ui_tests::twice! {
    use std::thread;

    async fn ready<T>(value: T) -> T {
        value
    }

    fn fallible(n: u32) -> Result<impl std::future::Future<Output = u32> + Send, String> {
        if n > 100 { Err(format!("{n} is too much")) } else { Ok(ready(n)) }
    }

    fn join(handle: thread::JoinHandle<u32>) -> u32 {
        handle.join().unwrap()
    }

    async fn question(n: u32) -> Result<u32, String> {
        let task = tokio::spawn(fallible(n)?);
        task.await.map_err(|error| error.to_string())
    }

    pub async fn run() -> String {
        let mut out = Vec::new();
        out.push(join(thread::spawn(|| 1)));
        out.push(join(thread::spawn(|| join(thread::spawn(|| 2)))));
        out.push(question(3).await.unwrap());
        out.push(question(300).await.unwrap_err().len() as u32);
        out.push(tokio::spawn(ready(ready(4).await)).await.unwrap());
        out.push(tokio::spawn(async { tokio::spawn(ready(ready(5))).await.unwrap().await }).await.unwrap());
        out.extend(vec![thread::spawn(|| 6), thread::spawn(move || 7)].into_iter().map(join));
        let (a, b) = tokio::join!(tokio::spawn(async { 8 }), tokio::spawn(ready(9)));
        out.extend([a.unwrap(), b.unwrap()]);
        let both = tokio::try_join!(tokio::spawn(ready(10)), tokio::spawn(async { 11 }));
        let (a, b) = both.unwrap();
        out.extend([a, b]);
        tokio::select! {
            biased;
            value = tokio::spawn(async { std::future::pending::<u32>().await }) => out.push(value.unwrap()),
            value = tokio::spawn(ready(12)) => {
                let more = thread::spawn(move || 13);
                out.extend([value.unwrap(), more.join().unwrap()]);
            }
        }
        assert!(thread::spawn(|| true).join().unwrap());
        assert_eq!(thread::spawn(|| 14).join().unwrap(), 14, "not {}", thread::spawn(|| 14).join().unwrap());
        assert!(matches!(thread::spawn(|| Some(15)).join(), Ok(Some(n)) if n == 15));
        format!("{out:?} {:?} {}", thread::spawn(|| 16).join().unwrap(), tokio::spawn(ready(17)).await.unwrap())
    }

    pub fn message() -> &'static str {
        let panic = std::panic::catch_unwind(|| assert!(std::thread::spawn(|| 3 == 4).join().unwrap())).unwrap_err();
        panic.downcast_ref::<&'static str>().copied().expect("the payload is a &'static str")
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::run()), runtime.block_on(marked::run()));
    assert_eq!(plain::message(), marked::message());
}
