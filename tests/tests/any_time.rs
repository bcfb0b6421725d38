//! Dumps in every form at awkward moments: while the world spawns and ends, in a hook, in a panic hook,
//! while a thread exits, and in several threads at once.

use std::cell::RefCell;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use birthmark::render::Format;
use birthmark::{SpawnHook, TaskRef};
use birthmark_integration_tests::{Held, spawn};

/// Writes a dump in every form, and returns how many tasks there were in it.
fn write_all() -> usize {
    let dump = birthmark::dump();
    for &format in Format::ALL {
        let mut out = Vec::new();
        dump.write(format, &mut out).unwrap();
        if format == Format::Json {
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["tasks"].as_array().unwrap().len(), dump.len());
        }
    }
    let later = birthmark::dump();
    let diff = later.diff(&dump);
    let (new, gone) = (diff.new_tasks().count(), diff.gone_tasks().count());
    assert_eq!(dump.len() + new, later.len() + gone);
    assert!(diff.unchanged_tasks().count() <= later.len() - new);
    assert!(!diff.to_string().is_empty());
    dump.len()
}

#[birthmark::instrument]
mod moments {
    use super::*;

    #[test]
    fn while_the_world_spawns_and_ends_and_by_two_at_once() {
        let stop = AtomicBool::new(false);
        let held: Vec<Held> = (0..300)
            .map(|_| Box::pin(spawn(async { pending().await })) as Held)
            .collect();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut count = 0u64;
                    while !stop.load(SeqCst) {
                        count += 1;
                        birthmark::set_name(format_args!(
                            "name {count} of a length beyond one slot"
                        ));
                        let outer = spawn(|| {
                            let inner: Vec<Held> = (0..20)
                                .map(|_| Box::pin(spawn(async { pending().await })) as Held)
                                .collect();
                            drop(inner);
                        });
                        outer();
                    }
                });
            }
            let askers: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| (0..15).all(|_| write_all() >= 300)))
                .collect();
            let all = askers.into_iter().all(|asker| asker.join().unwrap());
            stop.store(true, SeqCst);
            assert!(all, "a task that lives through a dump is in it");
        });
        drop(held);
    }

    #[test]
    fn in_a_hook() {
        struct Asks;
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        impl Asks {
            fn ask(role: &str) {
                if role.starts_with("in_a_hook") {
                    write_all();
                    assert!(birthmark::write_dump().unwrap().is_some());
                    ASKED.fetch_add(1, SeqCst);
                }
            }
        }
        impl SpawnHook for Asks {
            fn on_spawn(&self, spawn: &mut birthmark::Spawn<'_>) {
                Self::ask(spawn.role());
            }
            fn on_start(&self, task: &TaskRef<'_>) {
                Self::ask(task.role());
            }
            fn on_end(&self, task: &TaskRef<'_>, _outcome: birthmark::Outcome) {
                Self::ask(task.role());
            }
        }
        let directory = concat!(env!("CARGO_TARGET_TMPDIR"), "/any_time");
        birthmark::builder().dump_directory(directory).install();
        let hook = birthmark::add_hook(Asks);
        thread::spawn(|| ()).join().unwrap();
        drop(hook);
        assert_eq!(ASKED.load(SeqCst), 3);
    }

    #[test]
    fn while_a_thread_panics_and_exits() {
        struct AsksAtExit;
        static ASKED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
        impl Drop for AsksAtExit {
            fn drop(&mut self) {
                write_all();
                let when = if thread::panicking() {
                    "unwinding"
                } else {
                    "exiting"
                };
                ASKED.lock().unwrap().push(when);
            }
        }
        thread_local!(static AT_EXIT: RefCell<Option<AsksAtExit>> = const { RefCell::new(None) });
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let payload = info.payload().downcast_ref::<&str>();
            let ours = payload == Some(&"asked in a panic");
            if ours {
                write_all();
                ASKED.lock().unwrap().push("panicking");
            } else {
                previous(info);
            }
        }));
        let thread = thread::spawn(|| {
            AT_EXIT.set(Some(AsksAtExit));
            let _unwinding = AsksAtExit;
            panic!("asked in a panic");
        });
        assert!(thread.join().is_err());
        assert_eq!(
            *ASKED.lock().unwrap(),
            ["panicking", "unwinding", "exiting"]
        );
    }
}
