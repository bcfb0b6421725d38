//! Which tasks a filter selects, and that a dump says so.

use std::future::pending;
use std::thread;
use std::time::Duration;

use birthmark::{Dump, Filter, TaskId};
use birthmark_integration_tests::{Held, own_id, spawn, start};

/// Asserts how many tasks a filter selects, both as it was read and as its own text says.
#[track_caller]
fn selects(filter: &str, count: usize) -> Dump {
    let read: Filter = filter.parse().unwrap();
    assert_eq!(read.to_string().parse(), Ok(read.clone()));
    let dump = birthmark::dump().filter(&read);
    assert_eq!(dump.len(), count, "{filter}\n{dump}");
    assert_eq!(dump.tasks().count(), count);
    dump
}

#[birthmark::instrument]
mod by_each_key {
    use super::*;

    async fn by_each_key_waits() {
        pending().await
    }

    #[test]
    fn tasks_are_selected() {
        let held: Vec<Held> = (0..3)
            .map(|number| {
                let name = format!("tenant {number} of by_each_key");
                birthmark::with_name(name, || Box::pin(spawn(by_each_key_waits())) as Held)
            })
            .collect();
        let mut held = held.into_iter();
        let _started = held.next().map(start);
        let role = "role=by_each_key_waits";
        selects(role, 3);
        selects("name=tenant+?+of+by_each_key", 3);
        selects("name=*1+of+by_each_key&name=*2+of+by_each_key", 2);
        selects(&format!("{role}&name="), 0);
        selects(&format!("{role}&state=suspended"), 1);
        selects(&format!("{role}&state=created"), 2);
        selects(&format!("{role}&state=created&state=suspended"), 3);
        selects(&format!("{role}&state=running&state=delayed"), 0);
        selects(&format!("{role}&kind=future"), 3);
        selects(&format!("{role}&kind=*thread"), 0);
        selects("text=BY_each_key_waits", 3);
        selects("text=tenant+1&text=of+by_each_key", 1);
        selects(
            &format!("{role}&text=filters.rs&text=FUTURE&text=created"),
            2,
        );
        selects(&format!("{role}&text=nowhere"), 0);
        selects(&format!("{role}&text="), 3);
        selects(&format!("{role}&older=0s&for=0ms"), 3);
        selects(&format!("{role}&older=1d"), 0);
        selects(&format!("{role}&for=1d"), 0);
        let site = birthmark::dump()
            .tasks()
            .find(|task| task.role() == "by_each_key_waits")
            .and_then(|task| task.site())
            .unwrap();
        let (file, line) = (site.file(), site.line());
        for here in [format!("{file}:{line}"), site.to_string()] {
            selects(&format!("site={here}"), 3);
        }
        selects(&format!("site={file}&{role}"), 3);
        selects(&format!("site={file}:1*:1&{role}"), 0);
        selects("site=src/*", 0);
    }

    async fn by_label_waits() {
        pending::<()>().await;
    }

    #[test]
    fn tasks_are_selected_by_their_labels() {
        let held = spawn(birthmark::root!(|| -> Vec<Held> {
            let plain = Box::pin(spawn(by_label_waits())) as Held;
            birthmark::set_label("in", "filters");
            let one = birthmark::with_label("tenant", "acme-1", || {
                Box::pin(spawn(by_label_waits())) as Held
            });
            birthmark::set_label("tenant", "acme-2 = beta");
            vec![plain, one, Box::pin(spawn(by_label_waits()))]
        }))();
        let role = "role=by_label_waits";
        selects(role, 3);
        selects("label=in=filters", 2);
        selects(&format!("{role}&label=in"), 2);
        selects(&format!("{role}&label=i?"), 2);
        selects(&format!("{role}&label=tenant=acme-1"), 1);
        selects(&format!("{role}&label=tenant=acme-2+=+beta"), 1);
        selects(&format!("{role}&label=tenant=acme"), 0);
        selects(&format!("{role}&label=tenant=acme-*"), 2);
        selects(&format!("{role}&label=tenant=acme-1&label=tenant=*beta"), 2);
        selects(&format!("{role}&label=*=acme-1"), 1);
        selects(&format!("{role}&text=TENANT=acme"), 2);
        selects(&format!("{role}&text=tenant=acme-2+=+beta&text=in="), 1);
        selects(&format!("{role}&label=in="), 1);
        selects(&format!("{role}&label=*="), 1);
        selects(&format!("{role}&label=*"), 2);
        selects(&format!("{role}&label=nobody"), 0);
        drop(held);
    }

    async fn by_stack_outer(inside: bool) {
        if inside {
            by_stack_inner().await;
        }
        pending::<()>().await;
    }

    async fn by_stack_inner() {
        pending::<()>().await;
    }

    #[test]
    fn tasks_are_selected_by_any_of_their_frames() {
        let line = line!() - 5;
        let mut held: Vec<Held> = [true, false, true]
            .map(|inside| Box::pin(spawn(by_stack_outer(inside))) as Held)
            .map(start)
            .into();
        held.push(Box::pin(spawn(by_stack_outer(true))));
        let role = "role=by_stack_outer";
        selects(role, 4);
        selects(&format!("{role}&stack=by_stack_inner"), 2);
        selects(&format!("{role}&stack=by_stack_inner+at"), 2);
        selects(&format!("{role}&stack=in_by_stack"), 0);
        selects(&format!("{role}&stack=awaiting+pending"), 3);
        selects(&format!("{role}&stack=outer+at&stack=inner+at"), 3);
        selects(&format!("{role}&stack=tests/filters.rs:{line}:"), 2);
        selects(&format!("{role}&stack=tests/*.rs:*outer"), 0);
        selects(&format!("{role}&stack=outer*:*,+awaiting+*inner"), 2);
        selects(&format!("{role}&text=BY_stack_INNER+at"), 2);
        selects(
            &format!("{role}&text=inner+at&text=outer+at&text=suspended"),
            2,
        );
        selects(&format!("{role}&stack="), 3);
        drop(held);
    }

    #[test]
    fn descendants_are_selected_also_if_the_task_has_ended() {
        let make = || {
            let parent = spawn(|| {
                let child = spawn(|| Box::pin(spawn(async { pending::<()>().await })) as Held);
                (own_id(), child())
            });
            parent()
        };
        let ((ended, grandchild), (other, _other)) = (make(), make());
        let dump = selects(&format!("under={ended}"), 1);
        let tree = dump.tree().to_string();
        assert!(
            tree.contains(&format!("{ended} ")) && tree.contains("  ended"),
            "{tree}"
        );
        assert!(!tree.contains(&format!("─ {other} ")), "{tree}");
        let id = dump.tasks().next().unwrap().id();
        selects(&format!("under={id}"), 1);
        selects(&format!("under={ended}&under={other}"), 2);
        selects("under=18446744073709551615", 0);
        selects(&format!("under={ended}&polls=0"), 1);
        selects(&format!("under={ended}&polls=1"), 0);
        drop(grandchild);
        selects(&format!("under={ended}"), 0);
    }
}

#[birthmark::instrument]
mod what_is_said {
    use super::*;

    #[test]
    fn filtered_dump_says_that_it_is() {
        let task = Box::pin(spawn(async { pending::<()>().await }));
        let filter = Filter::new()
            .role("what_is_said*")
            .created()
            .older_than(Duration::ZERO);
        let dump = birthmark::dump().filter(&filter);
        let total = dump.total();
        let count = format!(" UTC: 0 of {total} tasks; ");
        for text in [dump.to_string(), dump.tree().to_string()] {
            let mut lines = text.lines();
            assert!(lines.next().unwrap().contains(&count), "{text}");
            let selected = "selected by role=what_is_said*&state=created&older=0d";
            assert_eq!(lines.next(), Some(selected), "{text}");
            assert!(text.contains("\ncoverage: "), "{text}");
        }
        let again = dump.filter(&Filter::new().name("\u{1b}[2J"));
        let text = again.to_string();
        assert!(text.contains("older=0d and then name=%1B[2J\n"), "{text}");
        drop(task);
    }

    #[test]
    fn ancestor_that_was_not_selected_is_not_called_ended() {
        let (to, from) = std::sync::mpsc::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let parent = thread::spawn(move || {
            let child: Held = Box::pin(spawn(async { pending().await }));
            to.send((own_id(), child)).unwrap();
            let _ = stopped.recv();
        });
        let (id, _child): (TaskId, Held) = from.recv().unwrap();
        let dump = birthmark::dump().filter(&Filter::new().under(id).kind("future"));
        let tree = dump.tree().to_string();
        assert!(tree.contains("::{closure}  not selected\n"), "{tree}");
        drop(stop);
        parent.join().unwrap();
    }
}
