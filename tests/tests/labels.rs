//! Labels: who sets them, who inherits them, what may be in them, and how they are shown.

use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;

use birthmark::{
    Filter, MAX_LABEL_LEN, MAX_LABELS, Spawn, set_label, set_name, with_label, with_label_async,
    with_name, with_name_async,
};
use birthmark_integration_tests::{
    HOSTILE, Held, block_on, find, own_id, spawn, start, yield_once,
};

/// The labels of the current task, as they are shown.
fn own() -> String {
    birthmark::current().unwrap().labels().to_string()
}

fn own_name() -> String {
    let own = birthmark::current().unwrap();
    own.name()
        .map_or_else(String::new, |name| name.as_str().to_owned())
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn fail() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// Runs `f` in a task without labels.
#[track_caller]
fn afresh<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    roots::spawned(f).unwrap_or_else(|panic| resume_unwind(panic))
}

#[birthmark::instrument]
mod roots {
    use super::*;

    pub(super) fn spawned<R: Send + 'static>(
        f: impl FnOnce() -> R + Send + 'static,
    ) -> thread::Result<R> {
        thread::spawn(birthmark::root!(|| f())).join()
    }
}

#[birthmark::instrument]
mod giving {
    use super::*;

    #[test]
    fn task_has_the_labels_that_were_set_last() {
        afresh(|| {
            assert!(birthmark::current().unwrap().labels().is_empty());
            set_label("tenant", "acme");
            set_label("shard", 7);
            set_label("route", format_args!("/{}", "a"));
            assert_eq!(own(), "route=/a shard=7 tenant=acme");
            set_label("shard", 8);
            let task = birthmark::current().unwrap();
            assert_eq!(task.label("shard"), Some("8"));
            assert_eq!(task.label("none"), None);
            let pairs = task.labels().iter();
            let pairs: Vec<_> = pairs.map(|label| (label.key(), label.value())).collect();
            assert_eq!(pairs, [("route", "/a"), ("shard", "8"), ("tenant", "acme")]);
            assert_eq!(task.labels().len(), 3);
        });
    }

    #[test]
    fn empty_value_takes_the_label_away_and_an_empty_key_is_none() {
        afresh(|| {
            set_label("a", 1);
            set_label("b", 2);
            set_label("", "nothing");
            set_label("none", "");
            assert_eq!(own(), "a=1 b=2");
            set_label("a", "");
            assert_eq!(own(), "b=2");
            thread::spawn(|| {
                set_label("b", "");
                assert_eq!(own(), "");
                assert_eq!(thread::spawn(own).join().unwrap(), "");
                set_label("c", 3);
                assert_eq!(thread::spawn(own).join().unwrap(), "c=3");
            })
            .join()
            .unwrap();
            assert_eq!(own(), "b=2");
        });
    }

    #[test]
    fn names_and_labels_do_not_touch_each_other() {
        afresh(|| {
            set_name("a name that does not fit into one slot of the registry");
            set_label("tenant", "acme");
            let name = own_name();
            assert!(name.ends_with("slot of the registry"), "{name}");
            set_name("short");
            assert_eq!((own_name(), own()), ("short".into(), "tenant=acme".into()));
            set_name("");
            assert_eq!((own_name(), own()), ("".into(), "tenant=acme".into()));
            set_label("tenant", "");
            set_name("again");
            assert_eq!((own_name(), own()), ("again".into(), "".into()));
        });
    }

    /// A task with labels only has the name that it inherits, also from above.
    #[test]
    fn labelled_task_still_inherits_its_name() {
        afresh(|| {
            set_name("req-7");
            let giver = own_id();
            thread::spawn(move || {
                set_label("tenant", "acme");
                let task = thread::spawn(|| birthmark::current().unwrap());
                let task = task.join().unwrap();
                let name = task.name().unwrap();
                let origin = birthmark::NameOrigin::Inherited { from: giver };
                assert_eq!((name.as_str(), name.origin()), ("req-7", origin));
                assert_eq!(task.label("tenant"), Some("acme"));
                assert_eq!(task.lineage()[0].name(), None);
            })
            .join()
            .unwrap();
        });
    }
}

#[birthmark::instrument]
mod inheriting {
    use super::*;

    #[test]
    fn child_keeps_the_labels_under_which_it_was_spawned() {
        afresh(|| {
            set_label("tenant", "old");
            let (go, may_go) = channel::<()>();
            let before = thread::spawn(move || {
                let _ = may_go.recv();
                (own(), thread::spawn(own).join().unwrap())
            });
            set_label("tenant", "new");
            drop(go);
            let expected = "tenant=old".to_owned();
            assert_eq!(before.join().unwrap(), (expected.clone(), expected));
            assert_eq!(thread::spawn(own).join().unwrap(), "tenant=new");
        });
    }

    #[test]
    fn labels_cross_runtimes_and_outlive_their_task() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        let (to, from) = channel();
        let giver = thread::spawn(birthmark::root!(move || {
            set_label("tenant", "acme");
            handle.spawn(async move {
                set_label("route", "/index");
                yield_once().await;
                tokio::task::spawn_blocking(move || {
                    rayon::spawn(move || to.send(own()).unwrap());
                });
            });
            own_id()
        }));
        let giver = giver.join().unwrap();
        assert_eq!(from.recv().unwrap(), "route=/index tenant=acme");
        assert!(find(giver).is_none());
    }

    #[test]
    fn detached_task_has_none() {
        with_label("tenant", "acme", || {
            let root = thread::spawn(birthmark::root!(own));
            assert_eq!(root.join().unwrap(), "");
        });
    }

    /// A line of generations, in which ancestors and their names are taken out.
    fn respawn(generations: u32, named: bool, to: std::sync::mpsc::Sender<birthmark::Task>) {
        rayon::spawn(move || {
            if named {
                set_name(generations);
            }
            if generations % 100 == 7 {
                set_label("near", generations);
            }
            match generations {
                0 => to.send(birthmark::current().unwrap()).unwrap(),
                _ => respawn(generations - 1, named, to),
            }
        });
    }

    #[test]
    fn line_without_end_keeps_its_labels_and_is_bounded() {
        for named in [false, true] {
            let (to, from) = channel();
            afresh(move || {
                set_name("root");
                set_label("far", "away");
                respawn(100_000, named, to);
            });
            let task = from.recv().unwrap();
            assert_eq!(task.labels().to_string(), "far=away near=7");
            let name = task.name().unwrap();
            assert_eq!(name.as_str(), if named { "0" } else { "root" });
            assert!(task.lineage().len() < 200, "{}", task.lineage().len());
        }
    }
}

#[birthmark::instrument]
mod for_a_while {
    use super::*;

    #[test]
    fn with_label_ends_with_its_closure_also_when_that_panics() {
        afresh(|| {
            set_label("tenant", "before");
            let child = with_label("tenant", "acme", || {
                let child = with_label("shard", 7, || {
                    assert_eq!(own(), "shard=7 tenant=acme");
                    thread::spawn(own)
                });
                assert_eq!(own(), "tenant=acme");
                child
            });
            assert_eq!(child.join().unwrap(), "shard=7 tenant=acme");
            assert_eq!(own(), "tenant=before");
            let panicking = || with_label("tenant", "inside", || fail());
            assert!(catch_unwind(panicking).is_err());
            assert_eq!(own(), "tenant=before");
        });
    }

    #[test]
    fn name_that_is_set_inside_ends_with_the_closure() {
        afresh(|| {
            with_label("tenant", "acme", || {
                set_name("inside");
                set_label("shard", 7);
                with_name("deeper", || assert_eq!(own(), "shard=7 tenant=acme"));
                assert_eq!(own_name(), "inside");
            });
            assert_eq!((own_name(), own()), ("".into(), "".into()));
            with_name("inside", || set_label("shard", 7));
            assert_eq!(own(), "");
        });
    }

    #[test]
    fn async_label_holds_across_awaits_and_is_only_its_futures_own() {
        let mut task = Box::pin(spawn(birthmark::root!(async {
            set_label("task", 1);
            let labelled = with_label_async("future", 2, async {
                yield_once().await;
                let inner = with_name_async("named", async {
                    yield_once().await;
                    (own_name(), own(), thread::spawn(own).join().unwrap())
                });
                (own(), inner.await)
            });
            let other = async {
                yield_once().await;
                own()
            };
            (futures::join!(labelled, other), own())
        })));
        let all = loop {
            if let Poll::Ready(all) = poll(&mut task) {
                break all;
            }
        };
        let (both, one) = ("future=2 task=1".to_owned(), "task=1".to_owned());
        let inner = ("named".to_owned(), both.clone(), both.clone());
        assert_eq!(all, (((both, inner), one.clone()), one));
    }

    #[test]
    fn async_label_ends_when_its_future_panics_or_is_dropped() {
        struct Owned;
        impl Drop for Owned {
            fn drop(&mut self) {
                assert_eq!(own(), "tenant=inside");
            }
        }
        block_on(spawn(birthmark::root!(async {
            let panics = AssertUnwindSafe(|| {
                block_on(with_label_async("tenant", "inside", async { fail() }));
            });
            assert!(catch_unwind(panics).is_err());
            assert_eq!(own(), "");
            let owned = Owned;
            let mut pending = Box::pin(with_label_async("tenant", "inside", async move {
                let _owned = owned;
                pending::<()>().await;
            }));
            assert!(poll(&mut pending).is_pending());
            drop(pending);
            assert_eq!(own(), "");
        })));
    }

    #[test]
    fn label_set_in_a_rayon_scope_is_the_waiting_tasks_for_as_long_as_it_waits() {
        afresh(|| {
            set_label("tenant", "acme");
            set_name("waits");
            let labels = rayon::scope(|scope| {
                let before = own();
                set_label("shard", 7);
                let (to, from) = channel();
                scope.spawn(move |_| to.send((own_name(), own())).unwrap());
                (before, own(), from.recv().unwrap())
            });
            let both = "shard=7 tenant=acme".to_owned();
            let child = ("waits".to_owned(), both.clone());
            assert_eq!(labels, ("tenant=acme".to_owned(), both, child));
            assert_eq!(own(), "tenant=acme");
        });
    }
}

#[birthmark::instrument]
mod texts {
    use super::*;

    #[test]
    fn every_length_is_kept() {
        afresh(|| {
            let longest: String = ('a'..='z').cycle().take(MAX_LABEL_LEN).collect();
            for length in 1..=MAX_LABEL_LEN {
                let (key, value) = (&longest[..length], &longest[MAX_LABEL_LEN - length..]);
                with_label(key, value, || {
                    let task = birthmark::current().unwrap();
                    assert_eq!(task.label(key), Some(value));
                    assert!(task.labels().iter().all(|label| !label.is_truncated()));
                });
            }
        });
    }

    #[test]
    fn text_that_is_too_long_is_truncated_between_characters_and_marked() {
        afresh(|| {
            for character in ['a', 'ä', '€', '𝄞'] {
                let long = character.to_string().repeat(MAX_LABEL_LEN + 1);
                with_label("key", &long, || {
                    let task = birthmark::current().unwrap();
                    let label = task.labels().get("key").unwrap();
                    assert!(long.starts_with(label.value()) && label.is_truncated());
                    let missing = MAX_LABEL_LEN - label.value().len();
                    assert!(missing < character.len_utf8());
                    assert!(label.to_string().ends_with("…\""), "{label}");
                });
                with_label(&long, "value", || {
                    let task = birthmark::current().unwrap();
                    let label = task.labels().iter().next().unwrap();
                    assert!(long.starts_with(label.key()) && label.is_truncated());
                    assert!(label.to_string().ends_with("…\"=value"), "{label}");
                });
            }
        });
    }

    #[test]
    fn labels_beyond_the_limit_are_dropped_and_marked() {
        afresh(|| {
            let name = "n".repeat(birthmark::MAX_NAME_LEN);
            set_name(&name);
            let key = |number: usize| format!("{number}{}", "k".repeat(MAX_LABEL_LEN - 1));
            let value = "v".repeat(MAX_LABEL_LEN);
            for number in 0..MAX_LABELS {
                set_label(&key(number), &value);
            }
            assert!(!birthmark::current().unwrap().labels().is_truncated());
            set_label("one more", 1);
            let task = thread::spawn(|| birthmark::current().unwrap());
            let task = task.join().unwrap();
            assert!(task.labels().is_truncated() && task.labels().len() == MAX_LABELS);
            assert_eq!(task.label("one more"), None);
            assert!(task.labels().to_string().ends_with(" …"));
            for number in 0..MAX_LABELS {
                assert_eq!(task.label(&key(number)), Some(&*value));
            }
            assert_eq!(task.name().unwrap().as_str(), name);
            // One that is there can be changed all the same.
            set_label(&key(0), "new");
            assert_eq!(birthmark::current().unwrap().label(&key(0)), Some("new"));
        });
    }

    #[test]
    fn display_that_fails_panics_spawns_or_labels_does_no_harm() {
        struct Odd(u8);
        impl fmt::Display for Odd {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                set_label("inner", thread::spawn(own).join().unwrap());
                f.write_str("half")?;
                match self.0 {
                    0 => fail(),
                    1 => Err(fmt::Error),
                    _ => Ok(()),
                }
            }
        }
        afresh(|| {
            set_label("a", 1);
            assert!(catch_unwind(|| set_label("b", Odd(0))).is_err());
            assert_eq!(own(), "a=1 inner=\"a=1\"");
            set_label("inner", "");
            set_label("b", Odd(1));
            assert_eq!(own(), "a=1 b=\"half…\" inner=\"a=1\"");
        });
    }

    #[test]
    fn hostile_labels_are_kept_as_they_are_and_shown_escaped() {
        let clear = [
            ("</script>", "</script>"),
            ("münchen/{id}", "münchen/{id}"),
            ("a b=c", r#""a b=c""#),
            ("…", "\"…\""),
        ];
        for (text, shown) in HOSTILE.into_iter().chain(clear) {
            afresh(move || {
                set_label("k", text);
                set_label(text, "v");
                let task = birthmark::current().unwrap();
                assert_eq!((task.label("k"), task.label(text)), (Some(text), Some("v")));
                let dump = birthmark::dump().filter(&Filter::new().under(task.id()));
                let label = format!("k={shown}");
                assert!(task.to_string().contains(&label), "{task}");
                for output in [dump.to_string(), dump.tree().to_string()] {
                    assert!(output.contains(&label), "{output}");
                    let ugly = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
                    assert!(!output.contains(ugly), "{output:?}");
                }
            });
        }
    }
}

#[birthmark::instrument]
mod from_hooks {
    use super::*;

    #[test]
    fn hook_labels_the_child() {
        let internal_thread = thread::current().id();
        let hook = birthmark::add_hook(move |spawn: &mut Spawn<'_>| {
            if thread::current().id() == internal_thread {
                assert_eq!(spawn.labels().to_string(), "by=parent tenant=acme");
                spawn.set_label("by", "hook");
                spawn.set_name("hooked");
                spawn.set_label("shard", 7);
            }
        });
        let task = with_label("tenant", "acme", || {
            with_label("by", "parent", || {
                thread::spawn(|| birthmark::current().unwrap())
                    .join()
                    .unwrap()
            })
        });
        drop(hook);
        assert_eq!(task.labels().to_string(), "by=hook shard=7 tenant=acme");
        let name = task.name().unwrap();
        assert_eq!(
            (name.as_str(), name.origin()),
            ("hooked", birthmark::NameOrigin::Hook)
        );
    }
}

#[birthmark::instrument]
mod dumps {
    use super::*;

    async fn waits() {
        pending::<()>().await;
    }

    /// Three tasks of each of four tenants, under a parent that has ended.
    fn tenants(group: &str) -> Vec<Held> {
        let group = group.to_owned();
        let parent = spawn(move || {
            set_label("group", &group);
            let all = (0..4).flat_map(|tenant| {
                let all = (0..3).map(move |_| Box::pin(spawn(waits())) as Held);
                with_label("tenant", tenant, || all.collect::<Vec<_>>())
            });
            all.map(start).collect()
        });
        parent()
    }

    #[test]
    fn text_has_a_line_for_them() {
        let _held = tenants("text");
        let dump = birthmark::dump().filter(&"label=group=text".parse().unwrap());
        let text = dump.text().expanded(true).to_string();
        let line = |tenant: usize| format!("  group=text tenant={tenant}\n    awaits ");
        for tenant in 0..4 {
            assert_eq!(text.matches(&line(tenant)).count(), 3, "{text}");
        }
    }

    #[test]
    fn tree_shows_them_where_they_are_not_those_of_above() {
        let parent = spawn(birthmark::root!(|| {
            set_label("group", "tree");
            let child = || {
                let inherits = start(Box::pin(spawn(waits())));
                let differs = with_label("tenant", "acme", || start(Box::pin(spawn(waits()))));
                let tree = birthmark::dump().filter(&Filter::new().label("group=tree"));
                drop((inherits, differs));
                tree.tree().to_string()
            };
            spawn(child)()
        }));
        let tree = parent();
        assert_eq!(tree.matches("group=tree").count(), 3, "{tree}");
        assert_eq!(
            tree.matches("  {group=tree tenant=acme}").count(),
            1,
            "{tree}"
        );
    }

    #[test]
    fn groups_are_not_parted_by_them_and_show_a_few() {
        let _held = tenants("groups");
        let dump = birthmark::dump().filter(&Filter::new().label("group=groups"));
        let groups = dump.groups();
        let [group] = groups.list() else {
            panic!("{groups}")
        };
        assert_eq!((group.count(), group.labels().len()), (12, 3));
        let line = "\n    labels   group=groups tenant=0, group=groups tenant=1, \
                    group=groups tenant=2, …\n";
        assert!(groups.to_string().contains(line), "{groups}");
    }

    #[test]
    fn alike_children_have_one_line_with_the_first_and_the_last_of_them() {
        let _held = tenants("alike");
        let dump = birthmark::dump().filter(&Filter::new().label("group=alike"));
        let tree = dump.tree().to_string();
        let ends = "  {group=alike tenant=0} … {group=alike tenant=3}";
        assert!(tree.contains("12 × ") && tree.contains(ends), "{tree}");
    }
}
