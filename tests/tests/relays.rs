//! Functions that hand a task on: one task has one record, which is that of the first instrumented call.

use birthmark_test_support as _;

use std::cell::Cell;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use birthmark::Kind::{self, Blocking, Future as FutureKind, Thread};
use birthmark::{Outcome, Spawn, SpawnHook, TaskRef};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Functions that hand their task on.
#[birthmark::instrument]
mod wrappers {
    use super::*;

    pub fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) -> JoinHandle<()> {
        tokio::spawn(task)
    }

    pub fn spawn_boxed(task: BoxFuture) -> JoinHandle<()> {
        tokio::spawn(task)
    }

    pub fn spawn_blocking(task: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        tokio::task::spawn_blocking(task)
    }

    pub fn spawn_thread(task: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(task);
    }

    pub async fn spawn_and_wait(task: impl FnOnce() + Send + 'static) {
        tokio::task::spawn_blocking(task).await.unwrap();
    }

    #[derive(Clone)]
    pub struct Executor(pub Handle);

    impl Executor {
        /// As lighthouse does.
        pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static, _name: &'static str) {
            if let Some(task) = self.monitored(task) {
                self.0.spawn(task);
            }
        }

        fn monitored<F: Future<Output = ()> + Send + 'static>(
            &self,
            task: F,
        ) -> Option<impl Future<Output = ()> + Send + 'static> {
            Some(futures::FutureExt::map(task, |_| ()))
        }

        /// As materialize does.
        pub fn spawn_named<F>(&self, name: impl FnOnce() -> String, task: F)
        where
            F: Future<Output = ()> + Send + 'static,
        {
            assert!(!name().is_empty());
            self.0.spawn(async move {
                tokio::task::yield_now().await;
                task.await;
                tokio::task::yield_now().await;
            });
        }

        pub fn spawn_job(&self, task: impl FnOnce() + Send + 'static) {
            std::thread::spawn(move || {
                let before = 1;
                task();
                assert_eq!(before, 1);
            });
        }

        /// As the methods of a `JoinSet` do.
        pub fn spawn_on<F>(&self, task: F, handle: &Handle)
        where
            F: Future<Output = ()> + Send + 'static,
        {
            handle.spawn(task);
        }

        /// As sqlx does.
        #[track_caller]
        pub fn spawn_tracked<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
            self.0.spawn(task);
        }

        /// A wrapper of a wrapper.
        pub fn spawn_twice<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
            self.spawn(task, "twice");
        }

        /// Spawns a task of its own beside.
        pub fn spawn_beside<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
            self.0.spawn(beside());
            self.0.spawn(task);
        }
    }

    impl Executor {
        /// Has a wrapper spawn a task of its own first.
        pub fn spawn_behind<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
            self.spawn(beside(), "beside");
            spawn_boxed(Box::pin(beside()));
            self.0.spawn(task);
        }

        /// As [`Executor::spawn_behind`], of a wrapper that panics.
        pub fn spawn_behind_panic<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
            let broken = std::panic::AssertUnwindSafe(|| Broken.spawn(beside()));
            std::panic::catch_unwind(broken).map(drop).unwrap_err();
            self.0.spawn(task);
        }
    }

    pub async fn beside() {
        pending().await
    }
}

async fn job() {
    pending().await
}

/// The role and the kind of each child of the calling task.
fn children() -> Vec<(String, Kind)> {
    let own = birthmark::current().expect("this is a task").id();
    let tasks = birthmark::tasks().into_iter();
    let mut found: Vec<_> = tasks
        .filter(|task| task.parent() == Some(own))
        .map(|task| (task.role().to_owned(), task.kind()))
        .collect();
    found.sort();
    found
}

fn expected(roles: &[(&str, Kind)]) -> Vec<(String, Kind)> {
    let roles = roles.iter();
    roles
        .map(|(role, kind)| ((*role).to_owned(), *kind))
        .collect()
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap()
}

/// A job that runs until the sender is gone.
fn held() -> (Sender<()>, impl FnOnce() + Send + 'static) {
    let (keep, wait): (_, Receiver<()>) = channel();
    let job = move || {
        let _ = wait.recv();
    };
    (keep, job)
}

/// Runs on a thread of its own, so that its children are its own.
#[birthmark::instrument]
fn apart(test: impl FnOnce(&Runtime) + Send + 'static) {
    let thread = std::thread::spawn(move || {
        let runtime = runtime();
        let _entered = runtime.enter();
        test(&runtime);
    });
    thread.join().unwrap();
}

#[birthmark::instrument(also(
    spawn_boxed,
    spawn_thread,
    spawn_and_wait,
    spawn_named,
    spawn_job,
    spawn_twice,
    spawn_beside
))]
mod instrumented {
    use super::wrappers::{self, Executor};
    use super::*;

    #[test]
    fn future_of_a_generic_wrapper_has_one_record() {
        apart(|_| {
            wrappers::spawn(job());
            wrappers::spawn(async { job().await });
            assert_eq!(
                children(),
                expected(&[("job", FutureKind), ("job", FutureKind)])
            );
        });
    }

    #[test]
    fn text_beside_a_task_is_its_name_unless_it_inherits_one() {
        apart(|runtime| {
            let executor = Executor(runtime.handle().clone());
            let names = || {
                let own = birthmark::current().expect("this is a task").id();
                let tasks = birthmark::tasks().into_iter();
                let children = tasks.filter(|task| task.parent() == Some(own));
                let mut names: Vec<_> = children
                    .map(|task| task.name().expect("it has a name").as_str().to_owned())
                    .collect();
                names.sort();
                names
            };
            executor.spawn(job(), "notifier");
            executor.spawn_named(|| "storage {1}".to_owned(), job());
            assert_eq!(names(), ["notifier", "storage {1}"]);
            birthmark::set_name("req-7");
            executor.spawn(job(), "third");
            assert_eq!(names(), ["notifier", "req-7", "storage {1}"]);
            assert_eq!(children(), vec![("job".to_owned(), FutureKind); 3]);
        });
    }

    #[test]
    fn boxed_future_has_one_record() {
        apart(|_| {
            wrappers::spawn_boxed(Box::pin(job()));
            let boxed: BoxFuture = Box::pin(job());
            wrappers::spawn_boxed(boxed);
            assert_eq!(
                children(),
                expected(&[("job", FutureKind), ("job", FutureKind)])
            );
        });
    }

    #[test]
    fn future_that_a_method_wraps_has_one_record() {
        fn start(executor: Executor) {
            executor.spawn(job(), "job");
            executor.spawn_named(|| "job".to_owned(), job());
            executor.spawn_twice(job());
        }
        apart(|runtime| {
            start(Executor(runtime.handle().clone()));
            assert_eq!(children(), expected(&[("job", FutureKind); 3]));
        });
    }

    #[test]
    fn kind_of_a_closure_is_that_of_the_inner_callee() {
        apart(|runtime| {
            let executor = Executor(runtime.handle().clone());
            let (_keep, job) = held();
            wrappers::spawn_blocking(job);
            let (_keep2, job) = held();
            wrappers::spawn_thread(Box::new(job));
            let (_keep3, job) = held();
            executor.spawn_job(move || job());
            let roles = [("held", Thread), ("held", Thread), ("held", Blocking)];
            assert_eq!(children(), expected(&roles));
        });
    }

    #[test]
    fn closure_of_an_async_wrapper_has_one_record() {
        apart(|runtime| {
            runtime.block_on(async {
                let (seen, saw) = channel();
                let own = birthmark::current().unwrap().id();
                wrappers::spawn_and_wait(move || {
                    let all = birthmark::tasks();
                    let of_own = all.iter().filter(|task| task.parent() == Some(own));
                    seen.send(of_own.count()).unwrap();
                })
                .await;
                assert_eq!(saw.recv(), Ok(1));
            });
        });
    }

    #[test]
    fn task_that_a_wrapper_spawns_beside_has_its_own_record() {
        apart(|runtime| {
            Executor(runtime.handle().clone()).spawn_beside(job());
            assert_eq!(
                children(),
                expected(&[("beside", FutureKind), ("job", FutureKind)])
            );
        });
    }

    #[test]
    fn task_that_a_wrapper_hands_to_another_wrapper_beside_has_one_record() {
        apart(|runtime| {
            let executor = Executor(runtime.handle().clone());
            executor.spawn_behind(job());
            executor.spawn_behind_panic(job());
            let roles = ["beside", "beside", "job", "job"];
            assert_eq!(children(), expected(&roles.map(|role| (role, FutureKind))));
        });
    }

    #[test]
    fn wrapper_called_after_a_callee_that_hands_nothing_on_records() {
        apart(|runtime| {
            let handle = runtime.handle();
            handle.spawn(job());
            super::plain::spawn();
            assert_eq!(
                children(),
                expected(&[("job", FutureKind), ("job", FutureKind)])
            );
        });
    }

    #[test]
    fn wrapper_called_after_a_callee_that_panics_records() {
        fn start(executor: &Broken) {
            executor.spawn(job());
        }
        async fn wait(executor: &Broken) {
            executor.spawn(job()).await.unwrap();
        }
        apart(|runtime| {
            let left: [&dyn Fn(); 2] = [&|| start(&Broken), &|| runtime.block_on(wait(&Broken))];
            for left in left {
                catch_unwind(AssertUnwindSafe(left)).unwrap_err();
                super::plain::spawn();
            }
            assert_eq!(children(), expected(&[("job", FutureKind); 2]));
        });
    }

    #[test]
    fn wrapper_called_after_an_argument_that_returns_records() {
        fn start(executor: &Executor, handle: Option<&Handle>) -> Option<()> {
            executor.spawn_on(job(), handle?);
            Some(())
        }
        apart(|runtime| {
            let executor = Executor(runtime.handle().clone());
            assert_eq!(start(&executor, None), None);
            super::plain::spawn();
            assert_eq!(children(), expected(&[("job", FutureKind)]));
        });
    }

    #[test]
    fn wrapper_that_another_task_awaits_meanwhile_records() {
        apart(|_| {
            let runtime = Builder::new_current_thread().build().unwrap();
            // The callee hands nothing on, so that the call remains announced to a function of this name.
            let waiting = runtime.spawn(async {
                super::plain::Waits.spawn_and_wait(|| ()).await;
            });
            runtime.block_on(async { tokio::task::yield_now().await });
            let role = runtime.block_on(super::plain::spawn_and_wait());
            assert_eq!(
                role,
                Some(("spawn_and_wait::{closure}".to_owned(), Blocking))
            );
            waiting.abort();
        });
    }

    #[test]
    fn hooks_are_told_once() {
        apart(|_| {
            let _alone = alone();
            let counts = Counts::default();
            let seen = counts.0.clone();
            let hook = birthmark::add_hook(counts);
            WATCHED.set(true);
            let mut handle = wrappers::spawn(async {});
            super::drive(&mut handle).unwrap();
            WATCHED.set(false);
            drop(hook);
            assert_eq!(*seen.lock().unwrap(), ["spawn future", "end completed"]);
        });
    }

    #[test]
    fn refusal_reaches_the_caller_of_the_wrapper() {
        apart(|_| {
            let _alone = alone();
            let hook = birthmark::add_hook(|spawn: &mut Spawn<'_>| {
                if WATCHED.get() {
                    spawn.refuse("full");
                }
            });
            WATCHED.set(true);
            let mut handle = wrappers::spawn(async {});
            WATCHED.set(false);
            drop(hook);
            assert!(super::drive(&mut handle).unwrap_err().is_cancelled());
            assert_eq!(children(), []);
        });
    }
}

/// An executor that takes no task.
struct Broken;

impl Broken {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: F) -> JoinHandle<()> {
        drop(task);
        panic!("the executor is broken");
    }
}

/// Waits for a task outside of any.
fn drive<F: Future + Unpin>(future: &mut F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let waited = tokio::time::timeout(Duration::from_secs(60), future);
        waited.await.expect("the task ends within a minute")
    })
}

thread_local! {
    /// Hooks of these tests look at the spawns of one thread.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the hooks of one test from the spawns of another.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(|error| error.into_inner())
}

#[derive(Default)]
struct Counts(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl SpawnHook for Counts {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        if WATCHED.get() {
            self.0
                .lock()
                .unwrap()
                .push(format!("spawn {}", spawn.kind()));
        }
    }

    fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
        if task.role().starts_with("hooks_are_told_once") {
            self.0.lock().unwrap().push(format!("end {outcome}"));
        }
    }
}

/// Callers that are not instrumented.
mod plain {
    use super::*;

    pub fn spawn_counted(count: &mut u32) -> u32 {
        *count += 1;
        *count
    }

    pub fn spawn_borrowed(count: &mut u32) -> &mut u32 {
        *count += 1;
        count
    }

    pub fn spawn_number(executor: &wrappers::Executor, number: u32) {
        numbers::spawn_number(executor, number);
    }

    #[birthmark::instrument]
    mod numbers {
        use super::*;

        pub fn spawn_number(executor: &wrappers::Executor, number: u32) {
            executor.0.spawn(start_number(number));
        }

        async fn start_number(_: u32) {
            pending().await
        }
    }

    pub fn spawn() {
        wrappers::spawn(job());
    }

    #[test]
    fn task_of_a_plain_caller_has_the_role_of_its_type() {
        apart(|runtime| {
            let executor = wrappers::Executor(runtime.handle().clone());
            wrappers::spawn(job());
            wrappers::spawn_boxed(Box::pin(job()));
            wrappers::spawn(async { job().await });
            executor.spawn_on(job(), runtime.handle());
            let (_keep, held) = held();
            wrappers::spawn_blocking(held);
            let within = "task_of_a_plain_caller_has_the_role_of_its_type";
            let block = format!("{within}::{{async}}");
            // The box is of any future.
            let roles = [
                ("held::{closure}", Blocking),
                ("job", FutureKind),
                ("job", FutureKind),
                ("spawn_boxed::{task}", FutureKind),
                (&*block, FutureKind),
            ];
            assert_eq!(children(), expected(&roles));
        });
    }

    /// Returns the line of the only child.
    fn line_of_child() -> u32 {
        let own = birthmark::current().expect("this is a task").id();
        let mut tasks = birthmark::tasks().into_iter();
        let child = tasks.find(|task| task.parent() == Some(own));
        child.expect("a child").site().expect("a place").line()
    }

    #[test]
    fn task_of_a_function_that_tracks_its_caller_has_the_line_of_the_caller() {
        apart(|runtime| {
            let executor = wrappers::Executor(runtime.handle().clone());
            let line = line!() + 1;
            executor.spawn_tracked(job());
            assert_eq!(line_of_child(), line);
        });
    }

    #[test]
    fn wrapper_of_a_plain_caller_records() {
        apart(|runtime| {
            let executor = wrappers::Executor(runtime.handle().clone());
            wrappers::spawn(job());
            executor.spawn(job(), "job");
            executor.spawn_twice(job());
            let _handles = [1, 2].map(|_| job()).map(wrappers::spawn);
            let found = children();
            assert_eq!(found.len(), 5, "{found:?}");
            assert!(
                found.iter().all(|(_, kind)| *kind == FutureKind),
                "{found:?}"
            );
        });
    }

    /// Has a job run by an async wrapper. Returns its role and its kind.
    pub async fn spawn_and_wait() -> Option<(String, Kind)> {
        let (seen, saw) = channel();
        wrappers::spawn_and_wait(move || {
            let task = birthmark::current().map(|task| (task.role().to_owned(), task.kind()));
            seen.send(task).unwrap();
        })
        .await;
        saw.recv().unwrap()
    }

    /// An executor that never runs its jobs.
    pub struct Waits;

    impl Waits {
        pub async fn spawn_and_wait(&self, task: impl FnOnce() + Send + 'static) {
            pending::<()>().await;
            task();
        }
    }

    #[test]
    fn async_wrapper_of_a_plain_caller_records() {
        apart(|runtime| {
            let (role, kind) = runtime.block_on(spawn_and_wait()).expect("it is recorded");
            assert_eq!(
                (role.as_str(), kind),
                ("spawn_and_wait::{closure}", Blocking)
            );
        });
    }
}

/// Wrappers that are known by what they do, because they are in the same item as their callers.
#[birthmark::instrument]
mod in_sight {
    use super::*;

    fn start<F: Future<Output = ()> + Send + 'static>(task: F) {
        tokio::spawn(task);
    }

    struct Pool(Handle);

    impl Pool {
        fn launch(&self, task: BoxFuture) {
            self.0.spawn(task);
        }

        fn run(&self, task: impl FnOnce() + Send + 'static) {
            self.0.spawn_blocking(task);
        }
    }

    fn start_all(pool: &Pool) -> Sender<()> {
        let (keep, job) = held();
        start(super::job());
        start(async { super::job().await });
        pool.launch(Box::pin(super::job()));
        pool.run(job);
        keep
    }

    /// A function with a task of its own is no callee, because it does more than to hand on.
    fn start_beside(pool: &Pool, task: impl Future<Output = ()> + Send + 'static) {
        start(beside());
        pool.0.spawn(task);
    }

    async fn beside() {
        pending().await
    }

    #[test]
    fn task_of_a_wrapper_in_sight_has_one_record_with_the_role_of_the_caller() {
        apart(|runtime| {
            let _keep = start_all(&Pool(runtime.handle().clone()));
            let roles = [
                ("held", Blocking),
                ("job", FutureKind),
                ("job", FutureKind),
                ("job", FutureKind),
            ];
            assert_eq!(children(), expected(&roles));
        });
    }

    #[test]
    fn task_of_a_wrapper_in_sight_has_one_record_beside_a_task_that_was_handed() {
        apart(|runtime| {
            start_beside(&Pool(runtime.handle().clone()), super::job());
            let roles = [("beside", FutureKind), ("job", FutureKind)];
            assert_eq!(children(), expected(&roles));
        });
    }
}

/// Callers that do not see the signature of the wrapper, whose name is like that of a spawn.
#[birthmark::instrument]
mod out_of_sight {
    use super::wrappers::{self, Executor};
    use super::*;

    #[test]
    fn task_of_a_wrapper_with_a_name_like_a_spawn_is_the_callers() {
        apart(|runtime| {
            let (_keep, work) = held();
            let executor = Executor(runtime.handle().clone());
            executor.spawn_twice(job());
            executor.spawn_twice(async { job().await });
            wrappers::spawn_boxed(Box::pin(job()));
            let boxed = Box::pin(job());
            wrappers::spawn_boxed(boxed);
            executor.spawn_job(move || work());
            let roles = [
                ("held", Thread),
                ("job", FutureKind),
                ("job", FutureKind),
                ("job", FutureKind),
                ("job", FutureKind),
            ];
            assert_eq!(children(), expected(&roles));
        });
    }

    #[test]
    fn task_of_an_async_wrapper_is_the_callers() {
        apart(|runtime| {
            runtime.block_on(async {
                let (seen, saw) = channel();
                let role = move || {
                    let task = birthmark::current().map(|task| task.role().to_owned());
                    seen.send(task).unwrap();
                };
                wrappers::spawn_and_wait(role).await;
                let role = "task_of_an_async_wrapper_is_the_callers::{closure}";
                assert_eq!(saw.recv().unwrap().as_deref(), Some(role));
            });
        });
    }

    #[test]
    fn wrapper_of_a_wrapper_keeps_the_first_call() {
        fn spawn_all(executor: &Executor, task: impl Future<Output = ()> + Send + 'static) {
            executor.spawn_twice(task);
        }
        apart(|runtime| {
            spawn_all(&Executor(runtime.handle().clone()), job());
            assert_eq!(children(), expected(&[("job", FutureKind)]));
        });
    }

    #[test]
    fn task_that_a_guessed_callee_spawns_of_its_own_is_its_own() {
        apart(|runtime| {
            let executor = Executor(runtime.handle().clone());
            super::plain::spawn_number(&executor, 7);
            spawn_nothing(job());
            super::plain::spawn();
            let roles = [("job", FutureKind), ("start_number", FutureKind)];
            let found = children();
            assert_eq!(found, expected(&roles));
        });
    }

    /// Borrows what a guess must not move.
    fn spawn_borrowed(count: &mut u32) -> &mut u32 {
        *count += 1;
        count
    }

    fn spawn_nothing(task: impl Future) {
        drop(task);
    }

    #[test]
    fn argument_that_is_no_task_stays_as_it_is() {
        let mut count = 0;
        let counted = &mut count;
        assert_eq!(super::plain::spawn_counted(counted), 1);
        *super::plain::spawn_borrowed(counted) += 1;
        *spawn_borrowed(counted) += 1;
        assert_eq!(count, 5);
    }
}
