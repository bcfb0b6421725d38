//! A program that panics in the way that its argument says, for `tests/panics.rs`.

use std::panic::{catch_unwind, resume_unwind, set_hook, take_hook};
use std::process::exit;
use std::thread;

use tokio::runtime::{Builder, Runtime};

fn main() {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    let install = std::env::var_os("WITHOUT_INSTALL").is_none();
    if scenario == "user_hook_before_install" {
        set_hook(Box::new(|info| eprintln!("the user's hook: {info}")));
    }
    if install {
        birthmark::install();
        // Once is enough, and twice is no mistake.
        birthmark::install();
    }
    let Some((_, run)) = SCENARIOS.iter().find(|(name, _)| *name == scenario) else {
        eprintln!("there is no scenario {scenario:?}");
        exit(2)
    };
    run();
    println!("reached the end");
}

const SCENARIOS: &[(&str, fn())] = &[
    ("tokio_task", scenarios::tokio_task),
    ("blocking_job", scenarios::blocking_job),
    ("std_thread", scenarios::std_thread),
    ("rayon_job", scenarios::rayon_job),
    ("after_a_job", after_a_job),
    ("parallel_iterator", scenarios::parallel_iterator),
    ("join", scenarios::join),
    ("main_thread", scenarios::main_thread),
    (
        "main_thread_without_spawns",
        scenarios::main_thread_without_spawns,
    ),
    ("external_thread", external_thread),
    ("user_hook_before_install", scenarios::std_thread),
    (
        "user_hook_after_install",
        scenarios::user_hook_after_install,
    ),
    ("user_hook_replaces", scenarios::user_hook_replaces),
    (
        "user_hook_replaces_twice",
        scenarios::user_hook_replaces_twice,
    ),
    ("user_hook_reports", scenarios::user_hook_reports),
    ("user_hook_is_taken", scenarios::user_hook_is_taken),
    (
        "hook_silenced_for_a_while",
        scenarios::hook_silenced_for_a_while,
    ),
    (
        "hook_dropped_while_panicking",
        scenarios::hook_dropped_while_panicking,
    ),
    ("while_panicking", scenarios::while_panicking),
    ("in_a_destructor", scenarios::in_a_destructor),
    ("while_the_thread_exits", scenarios::while_the_thread_exits),
    ("hostile_name", scenarios::hostile_name),
    ("long_lineage", scenarios::long_lineage),
    ("detached", scenarios::detached),
    ("stderr_closed", stderr_closed),
    ("silent", scenarios::silent),
    ("many_at_once", scenarios::many_at_once),
    ("while_off", scenarios::while_off),
    ("in_the_panic_hook", scenarios::in_the_panic_hook),
    ("carried_name", scenarios::carried_name),
    ("labelled", scenarios::labelled),
    ("in_awaits", scenarios::in_awaits),
    ("deep_in_awaits", scenarios::deep_in_awaits),
    ("polled_by_hand", scenarios::polled_by_hand),
    ("on_a_pool_thread", on_a_pool_thread),
    ("in_a_capture", scenarios::in_a_capture),
];

birthmark::__private::table! { POOL 1
    ("pool.rs", 3, 5, "Pool::start", "Builder::spawn", "Pool::start::{closure}", Thread, false, true)
}

/// A future without a record, on a thread that a pool keeps.
fn on_a_pool_thread() {
    let runtime = runtime();
    let (first, last) = birthmark::__private::record_spawn_as!(POOL.at(0), pooled).closure();
    let thread = thread::spawn(move || match first.enter_owned() {
        _entered => {
            runtime.block_on(scenarios::read());
        }
        #[allow(unreachable_patterns, reason = "mentions what is dropped last")]
        _ => last.last_owned(),
    });
    assert!(thread.join().is_err());
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("the runtime starts")
}

/// Nothing here is instrumented.
fn external_thread() {
    let thread = thread::Builder::new().name("external".into());
    let result = thread.spawn(|| panic!("nobody saw it being spawned"));
    assert!(result.expect("the thread starts").join().is_err());
}

/// The job before is recorded, and the work that panics is not.
fn after_a_job() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.expect("the pool starts");
    // A thread treats its first job differently.
    for _ in 0..2 {
        scenarios::job(&pool);
    }
    let result = pool.install(|| catch_unwind(|| panic!("after a job")));
    assert!(result.is_err());
}

/// The report has nowhere to go, and that is all.
fn stderr_closed() {
    use std::os::fd::{FromRawFd, OwnedFd};
    // SAFETY: nobody else uses the descriptor; writes to it fail from here on.
    drop(unsafe { OwnedFd::from_raw_fd(2) });
    scenarios::std_thread();
}

#[birthmark::instrument]
mod scenarios {
    use super::*;
    use rayon::prelude::*;

    /// A worker of rayon has no record, and the task waits for it.
    pub fn parallel_iterator() {
        let hash = |account: u64| assert_ne!(account, 5, "no code");
        let hashes = move || (0..8).into_par_iter().for_each(hash);
        let thread = thread::spawn(birthmark::named!("block-9" => hashes));
        assert!(thread.join().is_err());
    }

    /// The closure that panics is on the second worker, which the first one waits for.
    pub fn join() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
        let pool = pool.expect("the pool starts");
        let (started, has_started) = std::sync::mpsc::channel();
        let (ended, has_ended) = std::sync::mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let text = &"stolen".to_owned();
            let first = move || {
                started.send(()).expect("the other half is there");
                // An error: the panic drops the sender.
                let _ = has_ended.recv();
            };
            let second = move || {
                let _ended = ended;
                has_started.recv().expect("the first half is there");
                panic!("{text}");
            };
            pool.join(first, second);
        });
        assert!(thread.join().is_err());
    }

    async fn audit(entries: &[u32], index: usize) -> u32 {
        tokio::task::yield_now().await;
        entries[index]
    }

    pub fn tokio_task() {
        let runtime = runtime();
        let result = runtime.block_on(async {
            let handler = tokio::spawn(async {
                birthmark::set_name("req-id-123123");
                tokio::spawn(audit(&[1, 2, 3], 7)).await
            });
            handler.await.expect("the handler itself is well")
        });
        assert!(result.is_err());
    }

    pub fn blocking_job() {
        let job = runtime().spawn_blocking(|| panic!("in a blocking job"));
        assert!(runtime().block_on(job).is_err());
    }

    pub fn std_thread() {
        let thread = thread::Builder::new()
            .name("worker".into())
            .spawn(|| panic!("in a thread"));
        assert!(thread.expect("the thread starts").join().is_err());
    }

    pub fn rayon_job() {
        let result = catch_unwind(|| rayon::scope(|s| s.spawn(|_| panic!("in a job"))));
        assert!(result.is_err());
    }

    pub fn job(pool: &rayon::ThreadPool) {
        pool.in_place_scope(|s| s.spawn(|_| ()));
    }

    pub fn main_thread() {
        thread::spawn(|| ()).join().expect("it does nothing");
        assert!(catch_unwind(|| panic!("in main")).is_err());
    }

    pub fn main_thread_without_spawns() {
        assert!(catch_unwind(|| panic!("in main")).is_err());
    }

    pub fn user_hook_after_install() {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            eprintln!("the user's hook: {info}");
            previous(info);
        }));
        std_thread();
    }

    fn replace_hook() {
        set_hook(Box::new(|info| eprintln!("the user's hook: {info}")));
    }

    pub fn user_hook_replaces() {
        replace_hook();
        birthmark::install();
        std_thread();
    }

    /// Some keep the one before, which is ours, and are replaced themselves.
    pub fn user_hook_replaces_twice() {
        let previous = take_hook();
        set_hook(Box::new(move |info| previous(info)));
        replace_hook();
        replace_hook();
        std_thread();
    }

    /// A hook that writes the report itself, in the midst of its own text, and calls the hook that it found.
    pub fn user_hook_reports() {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            eprint!("begin\n{}end\n", birthmark::report_panic(info));
            previous(info);
        }));
        std_thread();
        drop(take_hook());
        std_thread();
    }

    /// As documented, this resets the hook to the default.
    pub fn user_hook_is_taken() {
        drop(take_hook());
        std_thread();
    }

    pub fn hook_silenced_for_a_while() {
        let previous = take_hook();
        set_hook(Box::new(|_| {}));
        let silent = thread::spawn(|| panic!("nobody is to see this"));
        assert!(silent.join().is_err());
        set_hook(previous);
        std_thread();
    }

    /// No hook can be set there.
    pub fn hook_dropped_while_panicking() {
        let previous = take_hook();
        replace_hook();
        let panicking = thread::spawn(move || {
            let _previous = previous;
            panic!("the first one");
        });
        assert!(panicking.join().is_err());
        // Another thread sets it. Then main and the clock are left.
        birthmark_integration_tests::wait_until("the hook is set", || {
            let threads = std::fs::read_dir("/proc/self/task").expect("procfs lists threads");
            threads.count() <= 2
        });
        std_thread();
    }

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("the second one");
        }
    }

    /// Aborts, after both reports.
    pub fn while_panicking() {
        let result = thread::spawn(|| {
            let _second = PanicsOnDrop;
            panic!("the first one");
        });
        assert!(result.join().is_err());
    }

    /// A panic that is caught inside of a destructor that runs while the thread unwinds.
    pub fn in_a_destructor() {
        struct Catches;
        impl Drop for Catches {
            fn drop(&mut self) {
                assert!(catch_unwind(|| panic!("the inner one")).is_err());
            }
        }
        let result = thread::spawn(|| {
            let _inner = Catches;
            panic!("the outer one");
        });
        assert!(result.join().is_err());
    }

    pub fn in_a_capture() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("in what a closure owns");
            }
        }
        let owned = Panics;
        let result = thread::spawn(move || {
            let _mentioned = &owned;
        });
        assert!(result.join().is_err());
    }

    /// std aborts when a destructor of a thread-local unwinds, so this one is caught.
    pub fn while_the_thread_exits() {
        struct Late;
        impl Drop for Late {
            fn drop(&mut self) {
                let _caught = catch_unwind(|| panic!("while the thread exits"));
            }
        }
        thread_local!(static BEFORE: Late = const { Late });
        thread_local!(static AFTER: Late = const { Late });
        let result = thread::spawn(|| {
            BEFORE.with(|_| ());
            thread::spawn(|| ()).join().expect("it does nothing");
            AFTER.with(|_| ());
        });
        result.join().expect("the panics are caught");
    }

    pub fn hostile_name() {
        birthmark::set_name("a\nfake: line \u{1b}[31m\"quoted\"\u{202e}reversed");
        std_thread();
    }

    pub fn long_lineage() {
        fn generation(depth: u32) {
            match depth {
                0 => panic!("at the end of a long line"),
                _ => drop(thread::spawn(move || generation(depth - 1)).join()),
            }
        }
        generation(300);
    }

    pub fn detached() {
        birthmark::set_name("not inherited");
        let thread = thread::spawn(birthmark::root!(|| panic!("in a root")));
        assert!(thread.join().is_err());
    }

    /// Unwinds without a panic: there is nothing to report.
    pub fn silent() {
        let thread = thread::spawn(|| resume_unwind(Box::new(1)));
        assert!(thread.join().is_err());
    }

    pub fn many_at_once() {
        thread::scope(|scope| {
            for _ in 0..8 {
                let _joined = scope.spawn(|| {
                    for _ in 0..20 {
                        drop(thread::spawn(|| panic!("one of many")).join());
                    }
                });
            }
        });
    }

    pub fn while_off() {
        birthmark::disable();
        let thread = thread::spawn(|| panic!("while birthmark is off"));
        assert!(thread.join().is_err());
    }

    /// A user's hook that takes a dump and spawns.
    pub fn in_the_panic_hook() {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            previous(info);
            let dump = birthmark::dump();
            let spawned = thread::spawn(|| birthmark::current().is_some()).join();
            eprintln!("in the hook: {} tasks, {spawned:?}", dump.len());
        }));
        std_thread();
    }

    /// A name that stands above a name.
    pub fn carried_name() {
        birthmark::with_name("the first name of the two, longer than a slot", || {
            let thread = thread::spawn(|| {
                birthmark::set_name("second");
                panic!("under its own name");
            });
            assert!(thread.join().is_err());
        });
    }

    /// Labels of its own and inherited ones, of which one is hostile; the name is inherited from further
    /// up.
    pub fn labelled() {
        birthmark::set_name("named");
        let thread = thread::spawn(|| {
            birthmark::set_label("tenant", "acme & sons");
            birthmark::set_label("forged", "x\n    lineage \u{1b}[31m");
            let thread = thread::spawn(|| {
                birthmark::set_label("route", "/index");
                panic!("under labels");
            });
            assert!(thread.join().is_err());
        });
        thread.join().expect("it does not panic");
    }

    async fn parse(line: &str) -> u32 {
        tokio::task::yield_now().await;
        line.parse().expect("a number")
    }

    pub async fn read() -> u32 {
        // Another branch, in which nobody panics.
        let (never, parsed) = tokio::join!(tokio::task::yield_now(), parse("seven"));
        let () = never;
        parsed
    }

    pub fn in_awaits() {
        let result = runtime().block_on(async { tokio::spawn(async { read().await }).await });
        assert!(result.is_err());
    }

    fn deep(levels: u32) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            match levels {
                0 => panic!("deep down"),
                _ => deep(levels - 1).await,
            }
        })
    }

    pub fn deep_in_awaits() {
        let result = runtime().block_on(async { tokio::spawn(deep(20)).await });
        assert!(result.is_err());
    }

    /// A future that belongs to no task is polled inside of one that is in frames.
    pub fn polled_by_hand() {
        async fn outer() {
            std::future::poll_fn(|_| {
                let runtime = Builder::new_current_thread().build();
                let inner = thread::spawn(|| runtime.map(|it| it.block_on(parse("seven"))));
                drop(inner.join());
                std::task::Poll::Ready(())
            })
            .await;
        }
        let result = runtime().block_on(async { tokio::spawn(outer()).await });
        assert!(result.is_ok());
    }
}
