//! Polls of what a thread blocks on are polls of its task.

use birthmark_test_support as _;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Runtime};

/// A future that is pending a number of times, and then ready with the count of its polls.
struct Counts {
    left: u32,
    polls: u32,
}

fn counts() -> Counts {
    Counts { left: 3, polls: 0 }
}

impl Future for Counts {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.polls += 1;
        if self.left == 0 {
            return Poll::Ready(self.polls);
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The polls of the calling task, as a dump has them.
fn own_polls() -> u32 {
    birthmark::current().expect("this is a task").polls()
}

/// Asserts that `f` polls its task as often as it returns.
#[track_caller]
fn assert_counts(f: impl FnOnce() -> u32) {
    let before = own_polls();
    let polls = f();
    assert!(polls > 1, "it was polled {polls} times");
    assert_eq!(own_polls() - before, polls);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Runs the test on a thread with a record.
#[birthmark::instrument]
fn apart(test: impl FnOnce() + Send + 'static) {
    std::thread::spawn(test).join().unwrap();
}

/// Functions of the program's own.
#[birthmark::instrument]
mod own {
    use super::*;

    pub fn block_on<F: Future>(future: F) -> F::Output {
        futures::executor::block_on(async { future.await })
    }

    pub struct Bridge;

    impl Bridge {
        pub fn block_on(&self, future: &mut dyn FnMut() -> u32) -> u32 {
            future()
        }
    }

    pub struct Elsewhere(pub tokio::runtime::Handle);

    impl Elsewhere {
        /// Has another task poll the future.
        pub fn block_on<F>(&self, future: F) -> F::Output
        where
            F: Future<Output: Send + 'static> + Send + 'static,
        {
            futures::executor::block_on(self.0.spawn(future)).unwrap()
        }
    }

    #[test]
    fn argument_that_is_no_future_stays_as_it_is() {
        assert_eq!(Bridge.block_on(&mut || 7), 7);
    }
}

#[birthmark::instrument]
mod instrumented {
    use super::*;

    #[test]
    fn polls_are_counted_in_each_function_that_blocks() {
        apart(|| {
            let runtime = runtime();
            let handle = runtime.handle().clone();
            assert_counts(|| runtime.block_on(counts()));
            assert_counts(|| runtime.block_on(async { counts().await }));
            assert_counts(|| Runtime::block_on(&runtime, counts()));
            assert_counts(|| handle.block_on(counts()));
            assert_counts(|| tokio::task::LocalSet::new().block_on(&runtime, counts()));
            assert_counts(|| runtime.block_on(tokio::task::LocalSet::new().run_until(counts())));
            assert_counts(|| futures::executor::block_on(counts()));
            assert_counts(|| futures::executor::LocalPool::new().run_until(counts()));
            assert_counts(|| smol::block_on(counts()));
            assert_counts(|| actix_rt::Runtime::new().unwrap().block_on(counts()));
        });
    }

    #[test]
    fn polls_are_counted_in_the_arguments_of_a_macro() {
        apart(|| {
            let before = own_polls();
            assert_eq!(futures::executor::block_on(counts()), 4);
            assert_eq!(own_polls() - before, 4);
        });
    }

    #[test]
    fn values_keep_their_types_and_borrows() {
        apart(|| {
            let mut counted = counts();
            assert_counts(|| futures::executor::block_on(&mut counted));
            let mut pinned = pin!(counts());
            assert_counts(|| futures::executor::block_on(pinned.as_mut()));
            assert_counts(|| block_on_box(Box::pin(counts())));
            let boxed: Pin<Box<dyn Future<Output = u32>>> = Box::pin(counts());
            assert_counts(|| block_on_box(boxed));
            let text = String::from("borrowed");
            let borrowed = futures::executor::block_on(async { &text });
            assert!(std::ptr::eq(borrowed, &text));
            let Result::<_, ()>::Ok(moved) = futures::executor::block_on(async { Ok(text) }) else {
                unreachable!()
            };
            assert_eq!(moved, "borrowed");
            let locked = std::sync::Mutex::new(counts());
            assert_counts(|| futures::executor::block_on(&mut *locked.lock().unwrap()));
        });
    }

    fn block_on_box(future: Pin<Box<dyn Future<Output = u32> + '_>>) -> u32 {
        own::block_on(future)
    }

    #[test]
    fn function_that_hands_the_future_on_counts_once() {
        apart(|| {
            assert_counts(|| own::block_on(counts()));
            assert_counts(|| own::block_on(async { counts().await }));
        });
    }

    #[test]
    fn future_that_another_task_polls_is_not_counted_there() {
        apart(|| {
            let runtime = Builder::new_multi_thread().worker_threads(1).build();
            let runtime = runtime.unwrap();
            let elsewhere = own::Elsewhere(runtime.handle().clone());
            let (polls, recorded) = elsewhere.block_on(async {
                let polls = counts().await;
                (polls, own_polls())
            });
            assert_eq!(recorded, polls);
        });
    }

    #[test]
    fn blocking_job_counts_what_it_blocks_on_beside_its_call() {
        apart(|| {
            let runtime = runtime();
            let handle = runtime.handle().clone();
            let job = move || {
                assert_eq!(own_polls(), 1);
                assert_counts(|| handle.block_on(counts()));
            };
            runtime.block_on(async { tokio::task::spawn_blocking(job).await.unwrap() });
        });
    }

    #[test]
    fn wait_within_a_poll_is_part_of_that_poll() {
        apart(|| {
            let runtime = runtime();
            // Of a future with a record.
            let polls = runtime.block_on(async {
                let task = async {
                    futures::executor::block_on(counts());
                    own_polls()
                };
                tokio::spawn(task).await.unwrap()
            });
            assert_eq!(polls, 1);
            // Of the thread itself.
            assert_counts(|| {
                runtime.block_on(async {
                    let polls = counts().await;
                    futures::executor::block_on(counts());
                    polls
                })
            });
        });
    }

    #[test]
    fn panic_of_a_poll_ends_the_wait() {
        apart(|| {
            let panics = || futures::executor::block_on(async { panic!("as it should") });
            std::panic::catch_unwind(panics).unwrap_err();
            assert_counts(|| futures::executor::block_on(counts()));
        });
    }

    #[test]
    fn dumps_and_diffs_have_the_polls_of_a_thread() {
        apart(|| {
            let own = birthmark::current().unwrap();
            assert!(!own.to_string().contains(" poll"), "{own}");
            let before = birthmark::dump();
            let polls = runtime().block_on(counts());
            let after = birthmark::dump();
            let is_own = |task: birthmark::Task| task.id() == own.id();
            let diff = after.diff(&before);
            assert!(!diff.unchanged_tasks().any(is_own) && !diff.running_tasks().any(is_own));
            let text = birthmark::current().unwrap().to_string();
            assert!(text.contains(&format!("thread, {polls} polls")), "{text}");
            let json: serde_json::Value = serde_json::from_str(&after.json().to_string()).unwrap();
            let tasks = json["tasks"].as_array().unwrap();
            let task = tasks.iter().find(|task| task["id"] == own.id().as_u64());
            assert_eq!(task.unwrap()["polls"], polls);
        });
    }

    #[test]
    fn thread_without_a_record_gets_none() {
        assert!(birthmark::current().is_none());
        assert_eq!(futures::executor::block_on(counts()), 4);
        assert!(birthmark::current().is_none());
    }
}

/// Attributes that block on the body of a function, in both orders.
mod entries {
    use super::*;

    mod before {
        use super::*;

        #[tokio::main(flavor = "current_thread")]
        #[birthmark::instrument]
        pub async fn main() -> u32 {
            counts().await
        }
    }

    mod after {
        use super::*;

        #[birthmark::instrument]
        #[tokio::main(flavor = "current_thread")]
        pub async fn main() -> Result<u32, Box<dyn std::error::Error>> {
            let polls: u32 = "0".parse()?;
            Ok(polls + counts().await)
        }
    }

    #[birthmark::instrument]
    mod around {
        use super::*;

        #[tokio::main(flavor = "current_thread")]
        #[birthmark::instrument]
        pub async fn main() -> u32 {
            if false {
                return 0;
            }
            counts().await
        }
    }

    #[birthmark::instrument]
    mod of_actix {
        use super::*;

        #[actix_rt::main]
        pub async fn main() -> u32 {
            counts().await
        }
    }

    #[test]
    fn body_of_a_main_function_is_counted_once() {
        apart(|| {
            assert_counts(before::main);
            assert_counts(|| after::main().unwrap());
            assert_counts(around::main);
            assert_counts(of_actix::main);
        });
    }
}
