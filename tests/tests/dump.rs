//! Content of a dump, which can be taken at any time.

use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;

use birthmark::{State, TaskId};
use birthmark_integration_tests::{find, normalise, own_id, wait_for_role, wait_until};

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

fn poll(future: &mut Held) -> Poll<()> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// The part of a text dump that is about one task.
#[track_caller]
fn paragraph(dump: &str, id: TaskId) -> String {
    let title = format!("task {id} ");
    let paragraph = dump.split("\n\n").find(|part| part.starts_with(&title));
    squeezed(paragraph.unwrap_or_else(|| panic!("{id} is not in\n{dump}")))
}

/// A paragraph with two blanks before the state, whose column depends on the length of the id.
fn squeezed(paragraph: &str) -> String {
    let (head, below) = paragraph.split_once('\n').unwrap();
    let (who, state) = head.split_once("  ").unwrap();
    normalise(&format!("{who}  {}\n{below}", state.trim_start()))
}

#[birthmark::instrument]
mod texts {
    use super::*;

    async fn wait_for_ever() {
        pending().await
    }

    #[test]
    fn paragraph_says_all_of_a_future() {
        let (to, from) = channel();
        let request = spawn(birthmark::root!(move || {
            birthmark::set_name("req-id-123123");
            let line = line!() + 1;
            let mut task: Held = Box::pin(spawn(wait_for_ever()));
            assert!(poll(&mut task).is_pending());
            assert!(poll(&mut task).is_pending());
            to.send((task, line)).unwrap();
        }));
        request();
        let (task, line) = from.recv().unwrap();
        let id = wait_for_role("wait_for_ever", |_| true).id();
        let expected = format!(
            "task # \"req-id-123123\" wait_for_ever  suspended # s
    awaits   pending in wait_for_ever dump.rs:46:19
    spawned  tests/tests/dump.rs:{line}:43 by spawn in paragraph_says_all_of_a_future, # s ago, # polls
    by       # paragraph_says_all_of_a_future::{{closure}} (its name)
"
        );
        assert_eq!(paragraph(&birthmark::dump().to_string(), id), expected);
        let single = find(id).unwrap().to_string();
        assert_eq!(
            squeezed(&single).replace("tests/tests/dump.rs:46", "dump.rs:46"),
            expected,
            "a task alone reads like one in a dump"
        );
        drop(task);
    }

    #[test]
    fn paragraph_says_all_of_a_thread() {
        let (stop, stopped) = channel::<()>();
        let (to, from) = channel();
        let line = line!() + 1;
        let thread = thread::spawn(birthmark::root!(birthmark::named!("pump" => move || {
            to.send(own_id()).unwrap();
            let _ = stopped.recv();
        })));
        let id = from.recv().unwrap();
        let expected = format!(
            "task # \"pump\" paragraph_says_all_of_a_thread::{{closure}}  running # s on thread #
    spawned  tests/tests/dump.rs:{line}:22 by thread::spawn in paragraph_says_all_of_a_thread, # s ago, thread, root
"
        );
        // A root without ancestors has no line for its lineage.
        let text = paragraph(&birthmark::dump().to_string(), id);
        assert_eq!(text, expected);
        drop(stop);
        thread.join().unwrap();
    }

    #[test]
    fn tree_shows_who_spawned_whom_and_who_has_ended() {
        let (to, from) = channel();
        let request = spawn(move || {
            let parent: Held = Box::pin(spawn(async move {
                let child: Held = Box::pin(spawn(async { pending().await }));
                let sibling: Held = Box::pin(spawn(async { pending().await }));
                to.send((own_id(), child, sibling)).unwrap();
            }));
            parent
        });
        let mut parent = request();
        assert!(poll(&mut parent).is_ready());
        let (parent_id, _child, _sibling) = from.recv().unwrap();
        let dump = birthmark::dump();
        let tree = dump.tree().to_string();
        assert_eq!(tree, format!("{dump:#}"), "two ways to ask");
        let start = tree.find(&format!("─ {parent_id} ")).unwrap();
        let lines: Vec<_> = tree[start..].lines().take(3).map(normalise).collect();
        let role = "tree_shows_who_spawned_whom_and_who_has_ended::{async}";
        assert!(lines[0].ends_with(&format!("{role}  ended\n")), "{tree}");
        assert!(
            lines[1].contains("├─ ") && lines[1].contains(&format!("{role}  created # s")),
            "{tree}"
        );
        assert!(
            lines[2].contains("└─ ") && lines[2].contains(&format!("{role}  created # s")),
            "{tree}"
        );
    }

    #[test]
    fn dump_can_be_sent_and_outlives_its_tasks() {
        let task: Held = Box::pin(spawn(async { pending().await }));
        let id = wait_for_role("dump_can_be_sent_and_outlives_its_tasks::{async}", |_| true).id();
        let dump = birthmark::dump();
        drop(task);
        wait_until("the task has gone", || find(id).is_none());
        let shown = thread::spawn(move || {
            dump.tasks()
                .any(|task| task.id() == id && task.state() == State::Created)
        });
        assert!(shown.join().unwrap());
    }
}

#[birthmark::instrument]
mod coverage {
    use super::*;

    #[test]
    fn coverage_counts_threads_with_and_without_a_record() {
        let (stop, stopped) = channel::<()>();
        let (to, from) = channel();
        let recorded = thread::spawn(move || {
            to.send(()).unwrap();
            let _ = stopped.recv();
        });
        from.recv().unwrap();
        let dump = birthmark::dump();
        let coverage = dump.coverage();
        let (all, with) = (
            coverage.os_threads().unwrap(),
            coverage.recorded_os_threads().unwrap(),
        );
        // This thread, the one above, and libtest's main thread, which has none.
        assert!(with >= 2 && all > with, "{coverage}");
        assert_eq!(coverage.sites(), birthmark::sites().len());
        assert_eq!(
            (coverage.dropped_records(), coverage.untracked_spawns()),
            (0, 0)
        );
        let text = coverage.to_string();
        let none = match all - with {
            1 => "1 has none".to_owned(),
            none => format!("{none} have none"),
        };
        let expected = format!("coverage: {with} of {all} OS threads have a record, {none}; ");
        assert!(text.starts_with(&expected), "{text}");
        for output in [dump.to_string(), dump.tree().to_string()] {
            assert_eq!(
                output.lines().last(),
                Some(&*text),
                "each dump ends with it"
            );
        }
        drop(stop);
        recorded.join().unwrap();
    }

    #[test]
    fn sites_that_were_never_executed_are_listed() {
        #[expect(dead_code, reason = "that is the point")]
        fn never_called() {
            thread::spawn(|| ());
        }
        let mut sites = birthmark::sites();
        sites.retain(|stats| stats.site.function().ends_with("never_called"));
        assert_eq!(sites.len(), 1);
        assert_eq!((sites[0].spawned(), sites[0].refused), (0, 0));
        assert_eq!(sites[0].max_age, None);
    }

    #[test]
    fn oldest_task_of_a_site_is_known() {
        let held: Vec<_> = (0..3).map(|_| spawn(async {})).collect();
        let at = "oldest_task_of_a_site_is_known";
        let mut sites = birthmark::sites();
        sites.retain(|stats| stats.site.function().ends_with(at));
        let is_here = |task: &birthmark::Task| {
            task.site()
                .is_some_and(|site| std::ptr::eq(site, sites[0].site))
        };
        let ages = birthmark::tasks().into_iter().filter(is_here);
        let oldest = ages.filter_map(|task| task.age()).max();
        assert!(oldest.is_some() && sites[0].max_age <= oldest);
        assert!(sites[0].max_age.is_some());
        drop(held);
    }
}

#[birthmark::instrument]
mod at_any_time {
    use super::*;

    #[test]
    fn task_that_lives_through_a_dump_is_in_it_and_in_it_once() {
        let stop = AtomicBool::new(false);
        let held: Vec<Held> = (0..500).map(|_| lasting()).collect();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(SeqCst) {
                        let short: Vec<_> = (0..50).map(|_| spawn(async {})).collect();
                        birthmark::set_name("another name, too long for one slot");
                        drop(short);
                    }
                });
            }
            for _ in 0..20 {
                let dump = birthmark::dump();
                let mut ids: Vec<_> = dump.tasks().map(|task| task.id()).collect();
                assert!(
                    ids.windows(2).all(|pair| pair[0] < pair[1]),
                    "in order, and each once"
                );
                ids = dump
                    .tasks()
                    .filter(|task| task.site().is_some_and(|site| site.function() == "lasting"))
                    .map(|task| task.id())
                    .collect();
                assert_eq!(ids.len(), 500);
                assert!(!dump.to_string().is_empty() && !dump.tree().to_string().is_empty());
            }
            stop.store(true, SeqCst);
        });
        drop(held);
    }

    fn lasting() -> Held {
        Box::pin(spawn(async { pending().await }))
    }
}
