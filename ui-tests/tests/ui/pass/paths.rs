// However the callee is written, the call means what it meant.
birthmark_ui_tests::twice! {
    use std::thread as os;
    use tokio as rt;
    use tokio::spawn;
    use tokio::task::JoinSet;

    async fn double(n: u32) -> u32 {
        n * 2
    }

    struct Pool<T>(T);

    impl<T> Pool<T> {
        fn start<F: FnOnce() -> R, R>(f: F) -> R {
            f()
        }
        fn spawn<F: FnOnce() -> R, R>(&self, f: F) -> R {
            f()
        }
        fn get(&self) -> &Self {
            self
        }
    }

    pub async fn run() -> Vec<u32> {
        let mut all = vec![
            spawn(double(1)).await.unwrap(),
            rt::spawn(double(2)).await.unwrap(),
            ::tokio::task::spawn(double(3)).await.unwrap(),
            tokio::spawn::<_>(double(4)).await.unwrap(),
            os::spawn(|| 5).join().unwrap(),
            ::std::thread::spawn::<_, u32>(|| "6".parse().unwrap()).join().unwrap(),
            os::Builder::new().name("seven".into()).spawn(|| 7).unwrap().join().unwrap(),
            Pool(1).get().get().spawn(|| 8),
            Pool::<i8>::spawn(&Pool(1), || 9),
            Pool::<i8>::start(|| <Pool<i8>>::spawn(&Pool(1), || 10)),
            (tokio::spawn)(double(5)).await.unwrap(),
        ];
        let mut set = JoinSet::new();
        tokio::task::JoinSet::spawn(&mut set, double(6));
        JoinSet::<u32>::spawn(&mut set, double(6));
        set.spawn(double(6)).abort();
        while let Some(done) = set.join_next().await {
            all.extend(done.ok().filter(|_| all.len() < 12));
        }
        all
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::run()), runtime.block_on(marked::run()));
}
