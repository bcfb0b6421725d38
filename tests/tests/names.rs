//! Names: who gives them, who inherits them, and what may be in them.

use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;

use birthmark::{MAX_NAME_LEN, Name, NameOrigin, set_name, with_name, with_name_async};
use birthmark_integration_tests::{HOSTILE, block_on, find, own_id, wait_for_role, yield_once};

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls on a thread of its own that birthmark does not know.
fn poll_elsewhere<F: Future<Output: Send> + Unpin + Send>(future: &mut F) -> Poll<F::Output> {
    thread::scope(|scope| scope.spawn(|| poll(future)).join().unwrap())
}

fn fail() -> ! {
    resume_unwind(Box::new("on purpose"))
}

fn own() -> Option<Name> {
    birthmark::current().unwrap().name().cloned()
}

fn own_text() -> String {
    own().map_or_else(String::new, |name| name.as_str().to_owned())
}

#[birthmark::instrument]
mod giving {
    use super::*;

    #[test]
    fn task_has_no_name_until_it_gets_one() {
        thread::spawn(birthmark::root!(|| {
            assert_eq!(own(), None);
            set_name("first");
            let name = own().unwrap();
            assert_eq!(
                (name.as_str(), name.origin()),
                ("first", NameOrigin::Explicit)
            );
            set_name(format_args!("{}", "second"));
            assert_eq!(own_text(), "second");
            set_name("");
            assert_eq!(own(), None);
        }))
        .join()
        .unwrap();
    }

    #[test]
    fn future_keeps_the_name_that_it_gave_itself() {
        let mut task = Box::pin(spawn(async {
            set_name("own");
            yield_once().await;
            assert_eq!(own_text(), "own");
            set_name("own again, and too long for one slot of the registry");
            yield_once().await;
            own_text()
        }));
        assert!(poll_elsewhere(&mut task).is_pending());
        let role = "future_keeps_the_name_that_it_gave_itself::{async}";
        let record = wait_for_role(role, |_| true);
        assert_eq!(record.name().unwrap().as_str(), "own");
        assert!(poll(&mut task).is_pending());
        let expected = "own again, and too long for one slot of the registry";
        assert_eq!(poll_elsewhere(&mut task), Poll::Ready(expected.to_owned()));
        assert_ne!(
            own_text(),
            expected,
            "the name of the task is not the thread's"
        );
    }

    #[test]
    fn renaming_for_ever_frees_the_old_names() {
        thread::spawn(|| {
            let before = birthmark_integration_tests::resident_bytes();
            for number in 0..300_000 {
                set_name(format_args!(
                    "a name that needs some slots of the registry {number}"
                ));
            }
            assert!(own_text().ends_with(" 299999"));
            let after = birthmark_integration_tests::resident_bytes();
            assert!(
                after < before + (4 << 20),
                "{} KiB",
                (after - before) / 1024
            );
        })
        .join()
        .unwrap();
    }

    #[test]
    fn empty_name_hides_an_inherited_one_from_the_children_too() {
        thread::spawn(|| {
            set_name("outer");
            thread::spawn(|| {
                assert_eq!(own_text(), "outer");
                set_name("");
                assert_eq!(own(), None);
                assert_eq!(thread::spawn(own).join().unwrap(), None);
            })
            .join()
            .unwrap();
        })
        .join()
        .unwrap();
    }
}

#[birthmark::instrument]
mod inheriting {
    use super::*;

    #[test]
    fn child_says_from_whom_it_has_its_name() {
        thread::spawn(|| {
            set_name("req-1");
            let giver = own_id();
            let origin = NameOrigin::Inherited { from: giver };
            let child =
                thread::spawn(|| (own().unwrap(), thread::spawn(own).join().unwrap().unwrap()));
            let (child, grandchild) = child.join().unwrap();
            for name in [child, grandchild] {
                assert_eq!((name.as_str(), name.origin()), ("req-1", origin));
            }
        })
        .join()
        .unwrap();
    }

    #[test]
    fn child_keeps_the_name_under_which_it_was_spawned() {
        thread::spawn(|| {
            set_name("old");
            let (go, may_go) = channel::<()>();
            let before = thread::spawn(move || {
                let _ = may_go.recv();
                (own_text(), thread::spawn(own_text).join().unwrap())
            });
            set_name("new");
            drop(go);
            let after = thread::spawn(own_text);
            assert_eq!(before.join().unwrap(), ("old".to_owned(), "old".to_owned()));
            assert_eq!(after.join().unwrap(), "new");
            assert_eq!(own_text(), "new");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn lineage_shows_each_ancestor_under_the_name_that_it_had() {
        thread::spawn(|| {
            set_name("one");
            let child = thread::spawn(|| {
                set_name("two");
                let task = thread::spawn(|| birthmark::current().unwrap());
                set_name("later");
                task.join().unwrap()
            });
            set_name("later");
            let task = child.join().unwrap();
            let names = task.lineage().iter().take(2);
            let names: Vec<_> = names.map(|above| above.name().unwrap().as_str()).collect();
            assert_eq!(names, ["two", "one"]);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn name_crosses_runtimes_and_outlives_its_task() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        let (to, from) = channel();
        let giver = thread::spawn(move || {
            set_name("a request with a name that is longer than a slot");
            handle.spawn(async move {
                yield_once().await;
                tokio::task::spawn_blocking(move || {
                    rayon::spawn(move || to.send(own_text()).unwrap());
                });
            });
            own_id()
        });
        let giver = giver.join().unwrap();
        assert_eq!(
            from.recv().unwrap(),
            "a request with a name that is longer than a slot"
        );
        assert!(find(giver).is_none());
    }

    #[test]
    fn detached_task_starts_afresh() {
        with_name("not inherited", || {
            let root = thread::spawn(birthmark::root!(|| {
                assert_eq!(own(), None);
                thread::spawn(own).join().unwrap()
            }));
            assert_eq!(root.join().unwrap(), None);
            assert_eq!(thread::spawn(own_text).join().unwrap(), "not inherited");
        });
    }
}

#[birthmark::instrument]
mod for_a_while {
    use super::*;

    #[test]
    fn with_name_ends_with_its_closure() {
        thread::spawn(birthmark::root!(|| {
            let child = with_name("outer", || {
                assert_eq!(own_text(), "outer");
                let inner = with_name("inner", || (own_text(), thread::spawn(own_text)));
                assert_eq!(own_text(), "outer");
                (inner.0, inner.1.join().unwrap())
            });
            assert_eq!(child, ("inner".to_owned(), "inner".to_owned()));
            assert_eq!(own(), None);
        }))
        .join()
        .unwrap();
    }

    #[test]
    fn with_name_ends_when_its_closure_panics() {
        thread::spawn(|| {
            set_name("before");
            let panicking = || with_name("inside", || fail());
            assert!(catch_unwind(panicking).is_err());
            assert_eq!(own_text(), "before");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn name_set_inside_ends_with_it() {
        thread::spawn(|| {
            set_name("before");
            with_name("inside", || {
                set_name("set inside");
                assert_eq!(own_text(), "set inside");
            });
            assert_eq!(own_text(), "before");
            set_name("after");
            assert_eq!(own_text(), "after");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn async_name_holds_across_awaits_on_a_task_that_migrates() {
        let mut task = Box::pin(spawn(birthmark::root!(async {
            let texts = with_name_async("outer", async {
                yield_once().await;
                let first = own_text();
                let inner = with_name_async("inner", async {
                    yield_once().await;
                    let child = thread::spawn(own_text).join().unwrap();
                    yield_once().await;
                    (own_text(), child)
                })
                .await;
                yield_once().await;
                (first, inner, own_text())
            })
            .await;
            (texts, own())
        })));
        for polls in 0.. {
            let polled = if polls % 2 == 0 {
                poll(&mut task)
            } else {
                poll_elsewhere(&mut task)
            };
            let Poll::Ready(((first, inner, last), after)) = polled else {
                continue;
            };
            assert_eq!((first.as_str(), last.as_str()), ("outer", "outer"));
            assert_eq!(inner, ("inner".to_owned(), "inner".to_owned()));
            assert_eq!((after, polls), (None, 4));
            return;
        }
    }

    /// Between polls the task has its own name; other futures in it do not see this one.
    #[test]
    fn async_name_is_only_its_futures_own() {
        let mut task = Box::pin(spawn(async {
            set_name("task");
            let named = with_name_async("named", async {
                yield_once().await;
                own_text()
            });
            let other = async {
                yield_once().await;
                own_text()
            };
            futures::join!(named, other)
        }));
        assert!(poll(&mut task).is_pending());
        let role = "async_name_is_only_its_futures_own::{async}";
        assert_eq!(
            wait_for_role(role, |_| true).name().unwrap().as_str(),
            "task"
        );
        assert_eq!(
            poll(&mut task),
            Poll::Ready(("named".to_owned(), "task".to_owned()))
        );
    }

    /// A future may be handed from task to task.
    #[test]
    fn async_name_is_that_of_whichever_task_polls_it() {
        let mut named = Box::pin(with_name_async("guest", async {
            for _ in 0..2 {
                assert_eq!(own_text(), "guest");
                yield_once().await;
            }
            thread::spawn(|| birthmark::current().unwrap())
                .join()
                .unwrap()
        }));
        let hosts: Vec<_> = (0..2)
            .map(|number| {
                spawn(
                    move |named: Pin<&mut dyn Future<Output = birthmark::Task>>| {
                        set_name(format_args!("host {number}"));
                        let polled = named.poll(&mut Context::from_waker(Waker::noop()));
                        assert_eq!(own_text(), format!("host {number}"));
                        (own_id(), polled)
                    },
                )
            })
            .collect();
        assert!(hosts[0](named.as_mut()).1.is_pending());
        assert!(hosts[1](named.as_mut()).1.is_pending());
        let (id, Poll::Ready(child)) = hosts[0](named.as_mut()) else {
            panic!("it was polled three times")
        };
        assert_eq!(child.parent(), Some(id));
        assert_eq!(child.name().unwrap().as_str(), "guest");
    }

    #[test]
    fn async_name_ends_when_its_future_panics_or_is_dropped() {
        block_on(spawn(async {
            set_name("before");
            let panics = AssertUnwindSafe(|| block_on(with_name_async("inside", async { fail() })));
            assert!(catch_unwind(panics).is_err());
            assert_eq!(own_text(), "before");
            struct Owned;
            impl Drop for Owned {
                fn drop(&mut self) {
                    assert_eq!(own_text(), "inside");
                }
            }
            let owned = Owned;
            let mut pending = Box::pin(with_name_async("inside", async move {
                let _owned = owned;
                pending::<()>().await;
            }));
            assert!(poll(&mut pending).is_pending());
            drop(pending);
            assert_eq!(own_text(), "before");
        }));
    }

    #[test]
    fn name_set_in_a_rayon_scope_is_the_waiting_tasks_for_as_long_as_it_waits() {
        thread::spawn(|| {
            set_name("before");
            let names = rayon::scope(|_| {
                let before = own_text();
                set_name("inside");
                (before, own_text())
            });
            assert_eq!(names, ("before".to_owned(), "inside".to_owned()));
            assert_eq!(own_text(), "before");
        })
        .join()
        .unwrap();
    }
}

#[birthmark::instrument]
mod texts {
    use super::*;

    #[track_caller]
    fn check_kept(text: &str) {
        let kept = with_name(text, || own().unwrap());
        assert_eq!(kept.as_str(), text);
        assert!(!kept.is_truncated());
    }

    /// The slots of a name hold 16 and 48 bytes.
    #[test]
    fn every_length_is_kept() {
        thread::spawn(|| {
            let longest: String = ('a'..='z').cycle().take(MAX_NAME_LEN).collect();
            for length in 1..=MAX_NAME_LEN {
                check_kept(&longest[..length]);
            }
        })
        .join()
        .unwrap();
    }

    #[test]
    fn text_that_is_too_long_is_truncated_between_characters_and_marked() {
        thread::spawn(|| {
            for character in ['a', 'ä', '€', '𝄞'] {
                let text = character.to_string().repeat(MAX_NAME_LEN);
                for text in [text.clone(), format!("x{text}"), format!("xy{text}")] {
                    let kept = with_name(&text, || own().unwrap());
                    assert!(text.starts_with(kept.as_str()));
                    let missing = MAX_NAME_LEN - kept.as_str().len();
                    assert!(missing < character.len_utf8(), "{missing} bytes too few");
                    assert_eq!(kept.is_truncated(), text.len() > MAX_NAME_LEN);
                    assert_eq!(kept.to_string().ends_with("…\""), kept.is_truncated());
                }
            }
        })
        .join()
        .unwrap();
    }

    #[test]
    fn ten_megabytes_are_not_even_formatted() {
        struct Endless(std::cell::Cell<usize>);
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for _ in 0..10 << 20 {
                    self.0.set(self.0.get() + 1);
                    f.write_str("x")?;
                }
                Ok(())
            }
        }
        thread::spawn(|| {
            let endless = Endless(std::cell::Cell::new(0));
            set_name(&endless);
            assert_eq!(own_text().len(), MAX_NAME_LEN);
            assert!(endless.0.get() <= MAX_NAME_LEN + 1);
            set_name("y".repeat(10 << 20));
            assert_eq!(own_text(), "y".repeat(MAX_NAME_LEN));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn display_that_fails_or_panics_does_no_harm() {
        struct Fails(bool);
        impl fmt::Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                if self.0 { fail() } else { Err(fmt::Error) }
            }
        }
        thread::spawn(|| {
            set_name("before");
            let panics = || set_name(Fails(true));
            assert!(catch_unwind(panics).is_err());
            assert_eq!(own_text(), "before");
            set_name(Fails(false));
            assert_eq!(own_text(), "half");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn display_may_spawn_and_name() {
        struct Spawns;
        impl fmt::Display for Spawns {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                set_name("inner");
                let name = thread::spawn(own_text).join().unwrap();
                f.write_str(&name)?;
                f.write_str(" and outer")
            }
        }
        thread::spawn(|| {
            set_name(Spawns);
            assert_eq!(own_text(), "inner and outer");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn hostile_names_are_kept_as_they_are_and_shown_escaped() {
        thread::spawn(move || {
            let plain = ("plain ünïcödé", "\"plain ünïcödé\"");
            for (text, shown) in HOSTILE.into_iter().chain([plain]) {
                check_kept(text);
                let (name, task, dump) = with_name(text, || {
                    let own = birthmark::current().unwrap();
                    (
                        own.name().unwrap().to_string(),
                        own.to_string(),
                        birthmark::dump(),
                    )
                });
                assert_eq!(name, shown);
                for output in [task, dump.to_string(), dump.tree().to_string()] {
                    assert!(output.contains(shown), "{output}");
                    let ugly = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
                    assert!(!output.contains(ugly), "{output:?}");
                }
            }
        })
        .join()
        .unwrap();
    }
}

#[birthmark::instrument]
mod at_the_spawn {
    use super::*;
    use birthmark::{named, root};

    async fn serve() -> (String, NameOrigin) {
        let name = own().unwrap();
        (name.as_str().to_owned(), name.origin())
    }

    #[test]
    fn spawn_can_be_named() {
        let peer = "10.0.0.1";
        let expected = |text: &str| (text.to_owned(), NameOrigin::Explicit);
        let inside = block_on(spawn(named!("conn {peer}" => serve())));
        assert_eq!(inside, expected("conn 10.0.0.1"));
        let inside = block_on(spawn(
            named!("conn {}:{port}", peer, port = 80 => async { serve().await }),
        ));
        assert_eq!(inside, expected("conn 10.0.0.1:80"));
        let inside = thread::spawn(named!("{peer:>10}" => || own_text()))
            .join()
            .unwrap();
        assert_eq!(inside, "  10.0.0.1");
        let inside = thread::spawn(birthmark::named!("path" => own_text))
            .join()
            .unwrap();
        assert_eq!(inside, "path");
        with_name("outer", || {
            let inside = block_on(spawn(root!(named!("both" => serve()))));
            assert_eq!(inside, expected("both"));
            let inside = block_on(spawn(named!("both" => root!(async {
                (serve().await, birthmark::current().unwrap().is_root())
            }))));
            assert_eq!(inside, (expected("both"), true));
        });
    }

    #[test]
    fn name_is_formatted_once_by_the_spawner_before_the_task_is_made() {
        let order = std::cell::RefCell::new(Vec::new());
        struct Told<'a>(&'a std::cell::RefCell<Vec<&'static str>>);
        impl fmt::Display for Told<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.borrow_mut().push("name");
                f.write_str("told")
            }
        }
        let make = || {
            order.borrow_mut().push("task");
            serve()
        };
        let inside = block_on(spawn(named!("{}", Told(&order) => make())));
        assert_eq!(inside.0, "told");
        assert_eq!(order.into_inner(), ["name", "task"]);
    }
}

/// Calls in code without the attribute.
mod plain {
    use super::*;
    use birthmark::{named, root};

    #[test]
    fn plain_code_compiles_formats_nothing_and_returns_the_same() {
        struct Never;
        impl fmt::Display for Never {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                unreachable!("nobody asks for the name")
            }
        }
        let local = 1;
        assert_eq!(
            thread::spawn(named!("{Never}" => move || local + 1))
                .join()
                .unwrap(),
            2
        );
        assert_eq!(thread::spawn(root!(|| 2)).join().unwrap(), 2);
        let never = Never;
        assert_eq!(
            block_on(spawn(named!("{never} {}", local => async { 3 }))),
            3
        );
        assert_eq!(
            block_on(spawn(root!(named!("{never}" => std::future::ready(4))))),
            4
        );
        // Temporaries live to the end of the statement, as they would without the macro.
        let length = spawn(named!("n" => String::from("borrowed").as_str())).len();
        assert_eq!(length, 8);
    }
}
