//! Where in its code a task stands: its frames, through whatever is between them.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use birthmark::{Filter, Frame, State, Task};
use birthmark_integration_tests::{block_on, wait_for, wait_for_role, yield_once};

/// The frames of a task, as `depth function awaited`.
fn frames(task: &Task) -> Vec<String> {
    let one = |frame: &Frame| {
        let (site, held) = (frame.site(), if frame.is_idle() { " held" } else { "" });
        format!(
            "{} {} {}{held}",
            frame.depth(),
            site.function(),
            site.awaited()
        )
    };
    task.stack().frames().iter().map(one).collect()
}

/// A suspended task of a role, once it has the frames that are expected.
#[track_caller]
fn expect(role: &str, expected: &[&str]) -> Task {
    let mut last = Vec::new();
    let found = wait_for_role(role, State::is_suspended);
    drop(found);
    wait_for(&format!("{role} stands at {expected:#?}"), || {
        let task = wait_for_role(role, State::is_suspended);
        last = frames(&task);
        (last == expected && !task.stack().may_be_stale()).then_some(task)
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[birthmark::instrument]
mod frames {
    use super::*;

    async fn outer_of_three() {
        middle_of_three().await;
    }

    async fn middle_of_three() {
        yield_once().await;
        inner_of_three().await;
    }

    async fn inner_of_three() {
        pending::<()>().await;
    }

    #[expect(clippy::await_holding_lock, reason = "the guard is what is tested")]
    pub(super) async fn temporaries_of_branches() -> u8 {
        let mut turns = std::sync::Mutex::new(Box::pin(yield_once()));
        tokio::select! {
            () = &mut pending::<()>() => return 1,
            () = std::pin::pin!(pending()) => return 2,
            () = { let _unused = 0; &mut pending::<()>() } => return 3,
            () = if turns.is_poisoned() { &mut pending::<()>() } else { &mut pending() } => return 4,
            () = &mut *turns.get_mut().unwrap() => {}
        }
        tokio::select! {
            biased;
            () = &mut *turns.lock().unwrap(), if false => 5,
            x = &mut std::future::ready((&mut std::future::ready(6)).await) => x,
        }
    }

    #[test]
    fn nested_functions_are_nested_frames() {
        let runtime = runtime();
        runtime.spawn(outer_of_three());
        let task = expect(
            "outer_of_three",
            &[
                "0 outer_of_three middle_of_three",
                "1 middle_of_three inner_of_three",
                "2 inner_of_three pending",
            ],
        );
        let site = task.stack().frames()[2].site();
        assert!(site.file().ends_with("tests/frames.rs"));
        let text = task.stack().to_string();
        assert!(text.contains("\n    in inner_of_three at "), "{text}");
        assert!(text.ends_with(", awaiting pending\n"), "{text}");
    }

    async fn with_a_timeout() {
        let long = Duration::from_secs(1 << 30);
        let _ = tokio::time::timeout(long, inner_of_three()).await;
    }

    #[test]
    fn through_a_combinator() {
        let runtime = runtime();
        runtime.spawn(with_a_timeout());
        expect(
            "with_a_timeout",
            &[
                "0 with_a_timeout inner_of_three",
                "1 inner_of_three pending",
            ],
        );
    }

    async fn with_branches() {
        tokio::join!(outer_of_three(), with_a_timeout());
    }

    #[test]
    fn all_branches_of_a_join() {
        let runtime = runtime();
        runtime.spawn(with_branches());
        expect(
            "with_branches",
            &[
                "0 with_branches outer_of_three",
                "1 outer_of_three middle_of_three",
                "2 middle_of_three inner_of_three",
                "3 inner_of_three pending",
                "0 with_branches with_a_timeout",
                "1 with_a_timeout inner_of_three",
                "2 inner_of_three pending",
            ],
        );
    }

    mod imported {
        use super::*;
        use tokio::join;

        pub async fn with_branches() {
            join!(inner_of_three(), inner_of_three());
        }
    }

    async fn with_an_imported_macro() {
        imported::with_branches().await;
    }

    #[test]
    fn branches_of_a_macro_that_is_imported() {
        let runtime = runtime();
        runtime.spawn(with_an_imported_macro());
        expect(
            "with_an_imported_macro",
            &[
                "0 with_an_imported_macro with_branches",
                "1 with_branches inner_of_three",
                "2 inner_of_three pending",
                "1 with_branches inner_of_three",
                "2 inner_of_three pending",
            ],
        );
    }

    async fn with_selected_branches() {
        let held = outer_of_three();
        tokio::pin!(held);
        for _ in 0..3 {
            tokio::select! {
                biased;
                _ = &mut held => unreachable!("it is pending"),
                () = yield_once() => {}
            }
        }
        inner_of_three().await;
    }

    #[test]
    fn future_that_is_kept_and_not_polled_is_marked() {
        let runtime = runtime();
        runtime.spawn(with_selected_branches());
        expect(
            "with_selected_branches",
            &[
                "0 outer_of_three middle_of_three held",
                "1 middle_of_three inner_of_three",
                "2 inner_of_three pending",
                "0 with_selected_branches inner_of_three",
                "1 inner_of_three pending",
            ],
        );
    }

    async fn with_branches_by_lot() {
        tokio::select! {
            () = inner_of_three() => {}
            () = middle_of_three() => {}
            () = outer_of_three() => {}
        }
    }

    #[test]
    fn branches_are_in_the_order_of_the_source() {
        let runtime = runtime();
        (0..64).for_each(|_| drop(runtime.spawn(with_branches_by_lot())));
        let all: Filter = "role=with_branches_by_lot&state=suspended".parse().unwrap();
        let dump = wait_for("all wait in three branches", || {
            let dump = birthmark::dump().filter(&all);
            let settled =
                |task: Task| task.stack().frames().len() == 9 && !task.stack().may_be_stale();
            (dump.len() == 64 && dump.tasks().all(settled)).then_some(dump)
        });
        let groups = dump.groups();
        assert_eq!(groups.list().len(), 1, "{groups}");
        let frames = frames(&dump.tasks().next().unwrap());
        let outermost: Vec<_> = frames
            .iter()
            .filter(|frame| frame.starts_with('0'))
            .collect();
        assert_eq!(
            outermost,
            [
                "0 with_branches_by_lot inner_of_three",
                "0 with_branches_by_lot middle_of_three",
                "0 with_branches_by_lot outer_of_three",
            ]
        );
    }

    fn nested(depth: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            match depth {
                0 => pending().await,
                _ => nested(depth - 1).await,
            }
        })
    }

    async fn deep() {
        nested(19).await;
    }

    #[test]
    fn frames_without_room_are_counted() {
        let runtime = runtime();
        runtime.spawn(deep());
        let task = wait_for("deep is suspended", || {
            let task = wait_for_role("deep", State::is_suspended);
            (!task.stack().may_be_stale()).then_some(task)
        });
        assert_eq!(task.stack().frames().len(), 14);
        assert_eq!(task.stack().omitted_frames(), 21 - 14);
    }

    #[test]
    fn under_main_or_a_thread() {
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            block_on(async move {
                let here = async { birthmark::current().unwrap() };
                send.send(here.await).unwrap();
            });
        });
        thread.join().unwrap();
        let task = receive.recv().unwrap();
        assert!(task.stack().may_be_stale());
        assert_eq!(task.stack().frames().len(), 1);
    }
}

/// Calls of generated code at an `.await`. A site is known by type, as in releases, or by value.
mod by_hand {
    use super::*;
    use birthmark::__private::{by_type, by_value};

    birthmark::__private::frames! { BYHAND 2
        ("by_hand.rs", 1, 1, "outer", "inner", "")
        ("by_hand.rs", 2, 2, "inner", "pending", "")
    }

    async fn known_by_type() {
        let inner = async { by_type::branch::<_, BYHAND, 1>(pending::<()>()).await };
        by_type::frame::<_, BYHAND, 0>(inner).await;
    }

    async fn known_by_value() {
        let inner = async { by_value::branch::<_, BYHAND, 1>(pending::<()>()).await };
        by_value::frame::<_, BYHAND, 0>(inner).await;
    }

    #[test]
    #[birthmark::instrument(frames = false)]
    fn sites_are_known_by_type_or_by_value() {
        let runtime = runtime();
        runtime.spawn(known_by_type());
        runtime.spawn(known_by_value());
        for role in ["known_by_type", "known_by_value"] {
            expect(role, &["0 outer inner", "1 inner pending"]);
        }
    }
}

/// Compiles with the attribute, as it does without.
#[test]
fn temporaries_that_a_branch_borrows_live_as_long_as_it() {
    assert_eq!(block_on(frames::temporaries_of_branches()), 6);
}
