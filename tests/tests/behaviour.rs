//! Instrumented code does what plain code does.
//!
//! Two modules have the same source, and one of them has the attribute. All observations of the two are compared.

#![allow(
    clippy::const_is_empty,
    clippy::eq_op,
    clippy::if_same_then_else,
    clippy::let_and_return,
    clippy::manual_async_fn,
    clippy::match_single_binding,
    clippy::nonminimal_bool,
    clippy::redundant_async_block,
    clippy::redundant_closure,
    clippy::redundant_closure_call,
    clippy::unnecessary_literal_unwrap,
    reason = "the shapes are what is tested"
)]

use std::panic::{Location, catch_unwind};
use std::sync::{Arc, Mutex};

/// Events, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Something that enters its end.
    fn ends(&self, name: &'static str) -> Ends {
        Ends(self.clone(), name)
    }
}

struct Ends(Log, &'static str);

impl Ends {
    fn len(&self) -> usize {
        self.1.len()
    }

    fn as_str(&self) -> &str {
        self.1
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.add(format!("end of {}", self.1));
    }
}

/// A spawn that says where it was called, and runs the task at once.
#[track_caller]
fn spawn<R>(task: impl FnOnce() -> R) -> (String, R) {
    let place = Location::caller().to_string();
    (place, task())
}

/// Spawns as a method, and for futures.
struct Executor;

impl Executor {
    #[track_caller]
    fn spawn<F: Future>(&self, task: F) -> (String, F::Output) {
        let place = Location::caller().to_string();
        (place, birthmark_integration_tests::block_on(task))
    }

    fn chained(&self) -> &Self {
        self
    }
}

/// Says where it is polled.
struct PolledAt;

impl Future for PolledAt {
    type Output = String;

    #[track_caller]
    fn poll(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<String> {
        std::task::Poll::Ready(Location::caller().to_string())
    }
}

/// A callee that does not run its task.
fn spawn_on<T, E>(task: T, _executor: E) -> T {
    task
}

/// Where a panic happens, and its message.
fn panic_of<R>(f: impl FnOnce() -> R + std::panic::UnwindSafe) -> String {
    thread_local!(static SEEN: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) });
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(Location::to_string).unwrap_or_default();
            let payload = info.payload();
            let (message, kind) = match payload.downcast_ref::<&'static str>() {
                Some(message) => (*message, "a literal"),
                None => match payload.downcast_ref::<String>() {
                    Some(message) => (message.as_str(), "a string"),
                    None => ("", "no text"),
                },
            };
            SEEN.set(format!("{place}: {message} ({kind})"));
            if std::thread::current().name().is_none() {
                previous(info);
            }
        }));
    });
    SEEN.take();
    assert!(catch_unwind(f).is_err());
    SEEN.take()
}

/// Puts its items into two modules, one of them instrumented.
macro_rules! twice {
    ($($items:tt)*) => {
        mod plain {
            #[allow(unused_imports)]
            use super::*;
            $($items)*
        }

        #[birthmark::instrument]
        mod instrumented {
            #[allow(unused_imports)]
            use super::*;
            $($items)*
        }
    };
}

/// Compares what the functions of the two modules return.
macro_rules! same {
    ($($test:ident)*) => {$(
        #[test]
        fn $test() {
            let plain = plain::$test();
            assert_eq!(instrumented::$test(), plain);
            assert!(!plain.is_empty());
        }
    )*};
}

same! {
    results_are_the_same
    callees_see_the_same_location
    panics_are_at_the_same_place
    assertions_have_the_same_message
    callers_of_a_poll_are_the_same
    captures_are_dropped_in_the_same_order
    temporaries_are_dropped_in_the_same_order
    arguments_are_evaluated_in_the_same_order
    control_flow_is_the_same
    errors_come_out_the_same
    what_is_borrowed_stays_borrowed
    what_a_closure_captures_is_the_same
}

twice! {
    async fn double(number: u32) -> u32 {
        birthmark_integration_tests::yield_once().await;
        2 * number
    }

    fn answer() -> u32 {
        42
    }

    fn boxed(number: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(double(number))
    }

    fn generic<F, R>(task: F) -> R
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        std::thread::spawn(task).join().unwrap()
    }

    pub fn results_are_the_same() -> Vec<String> {
        let local = 1;
        let pointer: fn() -> u32 = answer;
        let method = String::len;
        let text = String::from("text");
        let numbers = vec![
            spawn(|| local + 1).1,
            spawn(move || local + 2).1,
            spawn(answer).1,
            spawn(pointer).1,
            spawn(Box::new(|| 3_u32) as Box<dyn FnOnce() -> u32>).1,
            spawn({ let inner = local; move || inner + 3 }).1,
            spawn(if local > 0 { answer } else { answer }).1,
            spawn(|| method(&text) as u32).1,
            spawn(|| { let nested = spawn(|| spawn(answer).1); nested.1 }).1,
            Executor.spawn(double(4)).1,
            Executor.spawn(async { double(5).await + 1 }).1,
            Executor.spawn(boxed(6)).1,
            Executor.spawn(Box::pin(double(7))).1,
            Executor.spawn(std::future::ready(8)).1,
            Executor.chained().chained().spawn(async move { local }).1,
            Executor::spawn(&Executor, double(9)).1,
            generic(|| 10),
            generic(answer),
            std::thread::spawn(move || spawn(move || local).1).join().unwrap(),
            std::thread::Builder::new().spawn(answer).unwrap().join().unwrap(),
        ];
        numbers.iter().map(u32::to_string).collect()
    }

    pub fn callees_see_the_same_location() -> Vec<String> {
        let executor = Executor;
        vec![
            spawn(|| ()).0,
            spawn(answer).0,
            executor.spawn(double(1)).0,
            executor
                .chained()
                .spawn(async {
                    double(1).await
                })
                .0,
            Executor::spawn(&executor, double(1)).0,
            super::spawn::<u32>(|| 1).0,
            format!("{}", spawn(|| 1).0),
            (|| spawn(answer).0)(),
            spawn(|| spawn(|| ()).0).1,
            { let place = executor.spawn(boxed(1)); place.0 },
        ]
    }

    pub fn panics_are_at_the_same_place() -> Vec<String> {
        let empty: Vec<u32> = Vec::new();
        let index = &empty;
        vec![
            panic_of(|| spawn(|| panic!("in a closure"))),
            panic_of(|| spawn(|| index[3])),
            panic_of(|| Executor.spawn(async { None::<u32>.unwrap() })),
            panic_of(|| Executor.spawn(async {
                spawn(|| Err::<(), _>("text").expect("nested"))
            })),
            panic_of(|| std::thread::Builder::new().spawn(answer).map(|_| panic!("after {}", 1))),
            panic_of(|| spawn(
                // The argument itself.
                Option::<fn()>::None.unwrap(),
            )),
            // Outside of a runtime, tokio panics at the caller's place.
            panic_of(|| tokio::spawn(double(1))),
            panic_of(|| tokio::task::spawn_blocking(|| 1)),
            panic_of(|| tokio::task::spawn_local(async { 1 })),
        ]
    }

    pub fn assertions_have_the_same_message() -> Vec<String> {
        vec![
            panic_of(|| assert!(spawn(|| false).1)),
            panic_of(|| assert!(!spawn(|| 1 + 1 == 2).1 && true)),
            panic_of(|| assert!(spawn(|| false).1, "own message {}", 1)),
            panic_of(|| assert!(spawn(|| "{}".is_empty()).1)),
            panic_of(|| assert_eq!(spawn(|| 1).1, 2)),
            panic_of(|| assert_ne!(spawn(answer).1, 42, "own message")),
            panic_of(|| debug_assert!(
                spawn(move || {
                    false
                })
                .1,
            )),
        ]
    }

    pub fn captures_are_dropped_in_the_same_order() -> Vec<String> {
        let log = Log::default();
        let (a, b, c) = (log.ends("a"), log.ends("b"), log.ends("c"));
        spawn(move || {
            let _inner = log.ends("inner");
            log.add(format!("{}{}", b.as_str(), a.as_str()));
            drop(c);
        });
        let log = Log::default();
        let (a, b) = (log.ends("a"), log.ends("b"));
        let shared = &log;
        Executor.spawn(async move {
            let _inner = shared.ends("inner");
            birthmark_integration_tests::yield_once().await;
            let _both = (b, a);
            shared.add("body");
        });
        // Never called, never polled.
        let (a, b) = (log.ends("a"), log.ends("b"));
        drop(spawn_on(move || (a.len(), b.len()), ()));
        let (a, b) = (log.ends("a"), log.ends("b"));
        drop(spawn_on(async move { (b.len(), a.len()) }, ()));
        let (a, b) = (log.ends("a"), log.ends("b"));
        let panicking = std::panic::AssertUnwindSafe(|| {
            spawn(move || {
                let _a = a;
                let _b = &b;
                std::panic::resume_unwind(Box::new(()))
            })
        });
        assert!(catch_unwind(panicking).is_err());
        log.all()
    }

    pub fn callers_of_a_poll_are_the_same() -> Vec<String> {
        let awaited = async { PolledAt.await };
        let joined = async { tokio::join!(PolledAt).0 };
        let named = async { birthmark::with_name_async("x", PolledAt).await };
        vec![
            Executor.spawn(awaited).1,
            Executor.spawn(joined).1,
            Executor.spawn(named).1,
            Executor.spawn(PolledAt).1,
            Executor.spawn(Box::pin(PolledAt)).1,
        ]
    }

    pub fn temporaries_are_dropped_in_the_same_order() -> Vec<String> {
        let log = Log::default();
        let sized = |name: &Ends| { let length = name.len(); move || length };
        log.add(format!("{:?}", spawn(sized(&log.ends("argument"))).1));
        spawn(|| log.ends("tail").len());
        spawn(|| { let _local = log.ends("local"); log.ends("tail").as_str().len() });
        Executor.spawn(async { let _local = log.ends("local"); log.ends("tail").len() });
        Executor.spawn(std::future::ready(log.ends("ready").len()));
        match spawn(sized(&log.ends("scrutinee"))).1 {
            length => log.add(format!("arm {length}")),
        }
        let length = { spawn(sized(&log.ends("in a block"))).1 };
        log.add(format!("after {length}"));
        if spawn(sized(&log.ends("condition"))).1 > 0 {
            log.add("then");
        }
        drop((log.ends("before"), spawn(sized(&log.ends("between"))), log.ends("after")));
        log.all()
    }

    pub fn arguments_are_evaluated_in_the_same_order() -> Vec<String> {
        let log = Log::default();
        let told = |what: &str| { log.add(what); what.len() };
        let executor = || { log.add("receiver"); Executor };
        executor().spawn({ told("argument"); async { told("body"); } });
        spawn_on(move || 1, told("second"))();
        drop(spawn_on({ told("first"); double(1) }, told("second")));
        drop(spawn_on(std::future::ready(told("first")), { told("second"); told("third") }));
        log.all()
    }

    pub fn control_flow_is_the_same() -> Vec<String> {
        let log = Log::default();
        let early = |number: u32| {
            spawn(|| {
                if number > 1 {
                    return "early";
                }
                for round in 0.. {
                    if round == 3 {
                        break;
                    }
                }
                "late"
            }).1
        };
        log.add(early(1));
        log.add(early(2));
        for number in 0..4 {
            let task = if number == 1 { continue } else { move || number };
            if spawn(task).1 == 2 {
                break;
            }
            log.add(spawn(task).1.to_string());
        }
        let looked_up = |key: Option<u32>| -> Option<u32> {
            let found = spawn({ let key = key?; move || key }).1;
            Some(Executor.spawn(double(key?)).1 + found)
        };
        log.add(format!("{:?} {:?}", looked_up(None), looked_up(Some(1))));
        let labelled = 'outer: loop {
            spawn(match log.all().len() {
                0..9 => || 1,
                _ => break 'outer "broken",
            });
            log.add("again");
        };
        log.add(labelled);
        log.all()
    }

    pub fn errors_come_out_the_same() -> Vec<String> {
        let failing = || -> Result<u32, Box<dyn std::error::Error>> {
            let number = spawn(|| "seven".parse::<u32>()).1?;
            Ok(Executor.spawn(async move { Ok::<_, std::fmt::Error>(number) }).1?)
        };
        let question = || -> std::io::Result<u32> {
            let thread = std::thread::Builder::new().spawn(|| 5)?;
            thread.join().map_err(|_| std::io::Error::other("it panicked"))
        };
        let too_large = || std::thread::Builder::new().stack_size(1 << 47).spawn(|| 5).map(drop);
        vec![
            failing().unwrap_err().to_string(),
            format!("{:?}", question().unwrap()),
            format!("{:?}", too_large().unwrap_err().kind()),
            format!("{:?}", std::thread::spawn(|| std::panic::panic_any(7)).join().unwrap_err().downcast_ref::<i32>()),
        ]
    }

    pub fn what_is_borrowed_stays_borrowed() -> Vec<String> {
        let mut text = String::from("a");
        let reference = &mut text;
        std::thread::scope(|scope| {
            scope.spawn(|| reference.push('b'));
        });
        reference.push('c');
        rayon::scope(|s| s.spawn(|_| reference.push('d')));
        let mut parts = vec![1, 2, 3, 4];
        std::thread::scope(|scope| {
            for part in parts.chunks_mut(2) {
                scope.spawn(move || part.iter_mut().for_each(|number| *number *= 2));
            }
        });
        let length = text.len();
        let results: Vec<usize> = std::thread::scope(|scope| {
            let handles: Vec<_> = parts.iter().map(|part| scope.spawn(move || part + length)).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        vec![text.clone(), format!("{parts:?} {results:?}")]
    }

    pub fn what_a_closure_captures_is_the_same() -> Vec<String> {
        struct Pair { left: String, right: String }
        let pair = Pair { left: "l".into(), right: "r".into() };
        // Disjoint fields: one moves, the other is borrowed.
        let taken = spawn(|| { let left = pair.left; left + &pair.right }).1;
        let mut counter = 0;
        let mut count = spawn_on(move || { counter += 1; counter }, ());
        let counted = (count(), count(), counter);
        let moved = String::from("moved");
        let closure = spawn_on(move || moved.len(), ());
        let sizes = (closure(), closure());
        vec![taken, pair.right, format!("{counted:?} {sizes:?}")]
    }

    pub fn future_with_spawns() -> impl Future<Output = u32> + Send {
        async {
            let local = [0_u8; 100];
            let first = spawn(|| 1).1;
            let second = tokio::spawn(async move { 2 }).await.unwrap();
            let third = tokio::spawn(double(local.len() as u32)).await.unwrap();
            let fourth = tokio::task::spawn_blocking(|| 4).await.unwrap();
            first + second + third + fourth + u32::from(local[0])
        }
    }

    pub fn not_send() -> impl Future<Output = u32> {
        let shared = std::rc::Rc::new(1);
        async move {
            let inner = shared.clone();
            tokio::task::spawn_local(async move { *inner }).await.unwrap() + *shared
        }
    }

    pub fn small() -> impl Future<Output = u32> + Send + 'static {
        spawn_on(double(1), ())
    }

    pub fn large() -> impl Future<Output = usize> + Send + 'static {
        let buffer = [0_u8; 4096];
        spawn_on(async move {
            birthmark_integration_tests::yield_once().await;
            buffer.len()
        }, ())
    }

    pub fn closure() -> impl FnOnce() -> usize + Send + 'static {
        let buffer = [0_u8; 64];
        spawn_on(move || buffer.len(), ())
    }
}

#[test]
fn futures_are_at_most_24_bytes_larger() {
    let difference = |plain: usize, instrumented: usize| instrumented - plain;
    assert!(
        difference(
            size_of_val(&plain::small()),
            size_of_val(&instrumented::small())
        ) <= 24
    );
    assert!(
        difference(
            size_of_val(&plain::large()),
            size_of_val(&instrumented::large())
        ) <= 24
    );
    assert!(
        difference(
            size_of_val(&plain::closure()),
            size_of_val(&instrumented::closure())
        ) <= 24
    );
    let (plain, instrumented) = (
        plain::future_with_spawns(),
        instrumented::future_with_spawns(),
    );
    let difference = difference(size_of_val(&plain), size_of_val(&instrumented));
    assert!(
        difference <= 24,
        "a future that spawns grows by {difference} bytes"
    );
}

#[test]
fn futures_that_spawn_compute_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(plain::future_with_spawns()), 207);
    assert_eq!(runtime.block_on(instrumented::future_with_spawns()), 207);
    let local = tokio::task::LocalSet::new();
    assert_eq!(local.block_on(&runtime, plain::not_send()), 2);
    assert_eq!(local.block_on(&runtime, instrumented::not_send()), 2);
    assert_eq!(runtime.block_on(instrumented::large()), 4096);
    assert_eq!(instrumented::closure()(), 64);
    assert_eq!(plain::closure()(), 64);
}

/// The places of all sites are those that a callee with `#[track_caller]` sees.
#[test]
fn sites_are_where_the_callees_see_themselves_called() {
    let mut seen = instrumented::callees_see_the_same_location();
    let function = "callees_see_the_same_location";
    let module = concat!(module_path!(), "::instrumented");
    let sites = birthmark_integration_tests::stats_in(module, function);
    let mut places: Vec<_> = sites.iter().map(|stats| stats.site.to_string()).collect();
    // The outer one of two nested spawns does not show where it was called.
    places.retain(|place| seen.contains(place));
    seen.sort();
    places.sort();
    assert_eq!(places, seen);
    assert_eq!(sites.len(), seen.len() + 1);
}
