// Tasks of every type: boxes, trait objects, generics, futures that are not Send, function pointers.
birthmark_ui_tests::twice! {
    use std::future::Future;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::thread;

    type Boxed = Pin<Box<dyn Future<Output = u32> + Send>>;
    type Job = Box<dyn FnOnce() -> u32 + Send>;

    struct Executor;

    impl Executor {
        fn spawn(&self, task: Boxed) -> u32 {
            futures::executor::block_on(task)
        }
        fn execute(&self, job: Job) -> u32 {
            job()
        }
        fn spawn_fn(&self, mut job: Box<dyn FnMut() -> u32>) -> u32 {
            job() + job()
        }
        fn spawn_local(&self, task: Pin<Box<dyn Future<Output = u32>>>) -> u32 {
            futures::executor::block_on(task)
        }
        fn spawn_ok<F: Fn() -> u32>(&self, job: F) -> u32 {
            job() + job()
        }
    }

    async fn number(n: u32) -> u32 {
        n
    }

    fn nine() -> u32 {
        9
    }

    fn boxed() -> Boxed {
        Box::pin(number(1))
    }

    fn generic<F>(task: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { tokio::spawn(task).await.unwrap() })
    }

    fn generic_job<F, R>(job: F) -> R
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        thread::spawn(job).join().unwrap()
    }

    async fn local() -> u32 {
        let set = tokio::task::LocalSet::new();
        let shared = Rc::new(20);
        let copy = shared.clone();
        let a = set.spawn_local(async move { *copy });
        let b = set.spawn_local({
            let shared = shared.clone();
            async move { number(*shared).await }
        });
        set.await;
        a.await.unwrap() + b.await.unwrap()
    }

    pub fn run() -> Vec<u32> {
        let executor = Executor;
        let captured = 7;
        let job: Job = Box::new(move || captured);
        let pointer: fn() -> u32 = nine;
        vec![
            executor.spawn(boxed()),
            executor.spawn(Box::pin(number(2))),
            executor.spawn(Box::pin(async { 3 })),
            executor.spawn({ let n = 4; Box::pin(async move { n }) }),
            executor.spawn(if captured > 3 { Box::pin(number(5)) } else { boxed() }),
            executor.spawn(match captured { 1 => boxed(), n => Box::pin(async move { n }) }),
            executor.spawn(Box::pin(async { 6_u32 }) as Boxed),
            executor.execute(job),
            executor.execute(Box::new(move || captured)),
            executor.execute(Box::new(|| 8)),
            executor.execute(Box::new(nine)),
            executor.spawn_fn(Box::new(move || captured)),
            executor.spawn_local(Box::pin(local_number(Rc::new(3)))),
            executor.spawn_ok(move || captured),
            executor.spawn_ok(nine),
            thread::spawn(nine).join().unwrap(),
            thread::spawn(pointer).join().unwrap(),
            thread::spawn(nine as fn() -> u32).join().unwrap(),
            generic(number(10)),
            generic_job(|| 11),
            generic_job(nine),
        ]
    }

    async fn local_number(n: Rc<u32>) -> u32 {
        *n
    }

    pub async fn run_local() -> u32 {
        local().await
    }
}

fn main() {
    assert_eq!(plain::run(), marked::run());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::run_local()), runtime.block_on(marked::run_local()));
}
