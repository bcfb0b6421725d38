//! The contract of hooks, line by line.
//!
//! Hooks are told of every spawn in the process, so each one here looks at the spawns of one function
//! only.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use birthmark::{
    Attachment, Gate, HookHandle, Kind, NameOrigin, Outcome, Refusal, Spawn, SpawnHook, State,
    TaskId, TaskRef, add_hook,
};
use birthmark_integration_tests::{
    block_on, find, only_stats_in, own_id, stats_in, wait_for_role, wait_until, yield_once,
};

/// A hook that looks at the spawns of one function.
fn hook_in(
    function: &'static str,
    f: impl Fn(&mut Spawn<'_>) + Send + Sync + 'static,
) -> HookHandle {
    add_hook(move |spawn: &mut Spawn<'_>| {
        if spawn.site().function() == function {
            f(spawn);
        }
    })
}

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// On a thread of which no hook is told.
fn on_another_thread(f: impl FnOnce() + Send) {
    thread::scope(|scope| drop(scope.spawn(f)));
}

/// A panic that nobody reports.
fn fail() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// The name of the current task.
fn own_name() -> Option<String> {
    let name = birthmark::current().unwrap().name()?.as_str().to_owned();
    Some(name)
}

#[birthmark::instrument]
mod observing {
    use super::*;

    #[test]
    fn it_runs_in_the_spawner_before_the_child_exists() {
        static STARTED: AtomicBool = AtomicBool::new(false);
        let (to, from) = channel();
        let spawner = thread::current().id();
        let _hook = hook_in(
            "it_runs_in_the_spawner_before_the_child_exists",
            move |spawn| {
                assert_eq!(thread::current().id(), spawner);
                assert!(!STARTED.load(SeqCst));
                let state = birthmark::Task::of(spawn).state();
                let current = birthmark::current().map(|task| task.id());
                to.send((spawn.id(), spawn.parent(), current, spawn.kind(), state))
                    .unwrap();
            },
        );
        let child = thread::spawn(|| {
            STARTED.store(true, SeqCst);
            own_id()
        });
        let child = child.join().unwrap();
        let own = Some(own_id());
        assert_eq!(
            from.recv().unwrap(),
            (child, own, own, Kind::Thread, State::Created)
        );
    }

    #[test]
    fn it_sees_the_site_the_role_and_the_kind() {
        async fn audit() {}
        let (to, from) = channel();
        let _hook = hook_in("it_sees_the_site_the_role_and_the_kind", move |spawn| {
            let site = spawn.site();
            to.send((site.line(), site.callee(), spawn.role(), spawn.kind()))
                .unwrap();
        });
        let line = line!() + 1;
        block_on(spawn(audit()));
        assert_eq!(from.recv().unwrap(), (line, "spawn", "audit", Kind::Future));
        thread::scope(|scope| drop(scope.spawn(|| ())));
        let (_, callee, _, kind) = from.recv().unwrap();
        assert_eq!((callee, kind), ("scope.spawn", Kind::ScopedThread));
        drop(spawn(move || ()));
        assert_eq!(from.recv().unwrap().3, Kind::Job);
    }

    #[test]
    fn hooks_run_in_the_order_in_which_they_were_added() {
        let (to, from) = channel();
        let hooks: Vec<_> = (0..3)
            .map(|number| {
                let to = to.clone();
                hook_in(
                    "hooks_run_in_the_order_in_which_they_were_added",
                    move |_| {
                        to.send(number).unwrap();
                    },
                )
            })
            .collect();
        spawn(move || ())();
        assert_eq!(from.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
        drop(hooks);
        spawn(move || ())();
        assert_eq!(from.try_iter().count(), 0);
    }

    /// Says what happens to the tasks of one function.
    struct Watch {
        function: &'static str,
        to: Sender<(TaskId, Event)>,
    }

    #[derive(Debug, PartialEq)]
    enum Event {
        Spawned,
        Started,
        Dropped,
        Ended(Outcome),
    }

    impl Watch {
        fn tell(&self, task: &TaskRef<'_>, event: Event) {
            if task.site().function() == self.function {
                self.to.send((task.id(), event)).unwrap();
            }
        }
    }

    impl SpawnHook for Watch {
        fn on_spawn(&self, spawn: &mut Spawn<'_>) {
            self.tell(spawn, Event::Spawned);
        }

        fn on_start(&self, task: &TaskRef<'_>) {
            // The task is the current one already.
            if task.site().function() == self.function {
                assert_eq!(own_id(), task.id());
            }
            self.tell(task, Event::Started);
        }

        fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
            self.tell(task, Event::Ended(outcome));
        }
    }

    type Told = (TaskId, Event);

    fn watch(function: &'static str) -> (HookHandle, Sender<Told>, Receiver<Told>) {
        let (to, from) = channel();
        let hook = add_hook(Watch {
            function,
            to: to.clone(),
        });
        (hook, to, from)
    }

    /// Returns the events of the next task.
    fn events(from: &Receiver<(TaskId, Event)>) -> Vec<Event> {
        let (id, first) = from.recv().unwrap();
        let mut events = vec![first];
        while !matches!(events.last(), Some(Event::Ended(_))) {
            let (of, event) = from.recv().unwrap();
            assert_eq!(of, id);
            events.push(event);
        }
        events
    }

    #[test]
    fn it_is_told_of_start_and_end_with_the_outcome() {
        use Event::{Ended, Spawned, Started};
        let (_hook, _, from) = watch("it_is_told_of_start_and_end_with_the_outcome");
        thread::spawn(|| ()).join().unwrap();
        assert_eq!(events(&from), [Spawned, Started, Ended(Outcome::Completed)]);
        assert!(thread::spawn(|| fail()).join().is_err());
        assert_eq!(events(&from), [Spawned, Started, Ended(Outcome::Panicked)]);
        block_on(spawn(async { yield_once().await }));
        assert_eq!(events(&from), [Spawned, Started, Ended(Outcome::Completed)]);
        let panicking = AssertUnwindSafe(|| block_on(spawn(async { fail() })));
        assert!(catch_unwind(panicking).is_err());
        assert_eq!(events(&from), [Spawned, Started, Ended(Outcome::Panicked)]);
        drop(spawn(async {}));
        assert_eq!(events(&from), [Spawned, Ended(Outcome::Cancelled)]);
        let mut suspended = Box::pin(spawn(pending::<()>()));
        assert!(poll(&mut suspended).is_pending());
        drop(suspended);
        assert_eq!(events(&from), [Spawned, Started, Ended(Outcome::Cancelled)]);
        drop(spawn(move || ()));
        assert_eq!(events(&from), [Spawned, Ended(Outcome::Cancelled)]);
    }

    #[test]
    fn it_is_told_of_a_refusal_as_an_end() {
        let (_hook, _, from) = watch("it_is_told_of_a_refusal_as_an_end");
        let _refuse = hook_in("it_is_told_of_a_refusal_as_an_end", |spawn| {
            spawn.refuse("no")
        });
        let result = thread::Builder::new().spawn(|| ());
        assert!(result.is_err());
        assert_eq!(
            events(&from),
            [Event::Spawned, Event::Ended(Outcome::Refused)]
        );
    }

    #[test]
    fn end_comes_after_what_the_task_owned_was_dropped() {
        struct Owned(Sender<(TaskId, Event)>);
        impl Drop for Owned {
            fn drop(&mut self) {
                self.0.send((own_id(), Event::Dropped)).unwrap();
            }
        }
        use Event::{Dropped, Ended, Spawned, Started};
        let (_hook, to, from) = watch("end_comes_after_what_the_task_owned_was_dropped");
        let owned = Owned(to.clone());
        block_on(spawn(async move {
            let _owned = owned;
            yield_once().await;
        }));
        assert_eq!(
            events(&from),
            [Spawned, Started, Dropped, Ended(Outcome::Completed)]
        );
        let owned = Owned(to.clone());
        let mut suspended = Box::pin(spawn(async move {
            let _owned = owned;
            pending::<()>().await;
        }));
        assert!(poll(&mut suspended).is_pending());
        drop(suspended);
        assert_eq!(
            events(&from),
            [Spawned, Started, Dropped, Ended(Outcome::Cancelled)]
        );
        let owned = Owned(to);
        thread::spawn(move || drop(owned)).join().unwrap();
        assert_eq!(
            events(&from),
            [Spawned, Started, Dropped, Ended(Outcome::Completed)]
        );
    }

    #[test]
    fn it_is_not_told_any_more_once_it_is_removed() {
        let (hook, to, from) = watch("it_is_not_told_any_more_once_it_is_removed");
        let mut task = Box::pin(spawn(async {
            yield_once().await;
        }));
        assert!(poll(&mut task).is_pending());
        hook.remove();
        assert!(poll(&mut task).is_ready());
        drop(task);
        drop(to);
        // The hook, and its sender with it, is gone as well.
        let events: Vec<_> = from.iter().map(|(_, event)| event).collect();
        assert_eq!(events, [Event::Spawned, Event::Started]);
    }
}

#[birthmark::instrument]
mod naming {
    use super::*;

    #[test]
    fn name_is_there_before_the_first_instruction() {
        let function = "name_is_there_before_the_first_instruction";
        let _hook = hook_in(function, |spawn| spawn.set_name("by the hook"));
        let expected = Some("by the hook".to_owned());
        assert_eq!(thread::spawn(|| own_name()).join().unwrap(), expected);
        assert_eq!(thread::spawn(own_name).join().unwrap(), expected);
        assert_eq!(block_on(spawn(async { own_name() })), expected);
        let mut inside = None;
        rayon::scope(|s| s.spawn(|_| inside = own_name()));
        assert_eq!(inside, expected);
    }

    #[test]
    fn it_has_the_last_word_and_children_inherit_it() {
        let function = "it_has_the_last_word_and_children_inherit_it";
        let _hook = hook_in(function, |spawn| {
            if spawn.name().is_some_and(|name| name.as_str() == "own") {
                spawn.set_name("the hook's");
            }
        });
        let (outer, inner) = block_on(spawn(birthmark::named!("own" => async {
            let outer = birthmark::current().unwrap();
            let inner = thread::spawn(|| birthmark::current().unwrap());
            (outer, inner.join().unwrap())
        })));
        let name = outer.name().unwrap();
        assert_eq!(
            (name.as_str(), name.origin()),
            ("the hook's", NameOrigin::Hook)
        );
        let name = inner.name().unwrap();
        let origin = NameOrigin::Inherited { from: outer.id() };
        assert_eq!((name.as_str(), name.origin()), ("the hook's", origin));
    }

    #[test]
    fn last_of_several_names_counts() {
        let function = "last_of_several_names_counts";
        let _first = hook_in(function, |spawn| {
            spawn.set_name("one");
            spawn.set_name("a second name, too long for one slot of the registry, by far");
        });
        let _second = hook_in(function, |spawn| spawn.set_name("last"));
        assert_eq!(
            thread::spawn(|| own_name()).join().unwrap().unwrap(),
            "last"
        );
    }
}

#[birthmark::instrument]
mod carrying {
    use super::*;
    use std::cell::Cell;

    thread_local!(static DEPTH: Cell<u32> = const { Cell::new(0) });
    /// Cannot be sent: it must be left on the thread where it was entered.
    struct Guard(#[expect(dead_code)] Rc<()>, thread::ThreadId);

    impl Guard {
        fn enter() -> Self {
            DEPTH.set(DEPTH.get() + 1);
            Guard(Rc::new(()), thread::current().id())
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            assert_eq!(self.1, thread::current().id());
            DEPTH.set(DEPTH.get() - 1);
        }
    }

    fn is_inside() -> bool {
        DEPTH.get() == 1
    }

    #[test]
    fn guard_is_held_around_closures_polls_and_drops_and_never_between() {
        let function = "guard_is_held_around_closures_polls_and_drops_and_never_between";
        static ENTERED: AtomicU32 = AtomicU32::new(0);
        let _hook = hook_in(function, |spawn| {
            spawn.enter_with(|| {
                ENTERED.fetch_add(1, SeqCst);
                Guard::enter()
            });
        });
        assert!(thread::spawn(|| is_inside()).join().unwrap());
        assert!(thread::spawn(is_inside).join().unwrap());
        let entered = ENTERED.load(SeqCst);
        let mut task = Box::pin(spawn(async {
            assert!(is_inside());
            yield_once().await;
            assert!(is_inside());
        }));
        assert!(!is_inside());
        assert!(poll(&mut task).is_pending());
        assert!(!is_inside());
        // It migrates.
        on_another_thread(|| {
            assert!(poll(&mut task).is_ready());
            assert!(!is_inside());
        });
        assert_eq!(ENTERED.load(SeqCst), entered + 2);
        struct Owned(Sender<bool>);
        impl Drop for Owned {
            fn drop(&mut self) {
                self.0.send(is_inside()).unwrap();
            }
        }
        let (to, from) = channel();
        let owned = Owned(to);
        let mut task = Box::pin(spawn(async move {
            let _owned = owned;
            pending::<()>().await;
        }));
        assert!(poll(&mut task).is_pending());
        drop(task);
        assert!(
            from.recv().unwrap(),
            "what the task owned is dropped inside"
        );
        assert!(!is_inside());
    }

    #[test]
    fn guard_is_left_when_the_task_panics() {
        let function = "guard_is_left_when_the_task_panics";
        let _hook = hook_in(function, |spawn| spawn.enter_with(Guard::enter));
        let panicking = AssertUnwindSafe(|| block_on(spawn(async { fail() })));
        assert!(catch_unwind(panicking).is_err());
        assert_eq!(DEPTH.get(), 0);
        assert!(catch_unwind(AssertUnwindSafe(|| spawn(move || fail())())).is_err());
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn several_guards_are_left_in_reverse_order() {
        struct Told(Sender<String>, &'static str);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(format!("leave {}", self.1)).unwrap();
            }
        }
        let (to, from) = channel();
        let hook = |name| {
            let to = to.clone();
            hook_in("several_guards_are_left_in_reverse_order", move |spawn| {
                let to = to.clone();
                spawn.enter_with(move || {
                    to.send(format!("enter {name}")).unwrap();
                    Told(to.clone(), name)
                });
            })
        };
        let _hooks = [hook("a"), hook("b")];
        spawn(move || ())();
        let order: Vec<_> = from.try_iter().collect();
        // Around the call, and around the drop of what the closure owns.
        let around = ["enter a", "enter b", "leave b", "leave a"];
        assert_eq!(order, [around, around].concat());
    }

    #[test]
    fn closure_that_enters_itself_carries_once() {
        let function = "closure_that_enters_itself_carries_once";
        let _hook = hook_in(function, |spawn| spawn.enter_with(Guard::enter));
        type Recursive = dyn Fn(&dyn Fn(u32), u32);
        fn recurse(f: &Recursive, depth: u32) {
            f(&|depth| recurse(f, depth), depth);
        }
        let calls: Box<Recursive> = Box::new(spawn(move |again: &dyn Fn(u32), depth| {
            assert_eq!(DEPTH.get(), 1);
            if depth > 0 {
                again(depth - 1);
                assert_eq!(DEPTH.get(), 1);
            }
        }));
        recurse(&calls, 3);
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn tracing_span_goes_along() {
        use tracing_subscriber::util::SubscriberInitExt as _;
        tracing_subscriber::registry().init();
        let _hook = hook_in("tracing_span_goes_along", |spawn| {
            let span = tracing::Span::current();
            spawn.enter_with(move || span.clone().entered());
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let span = tracing::info_span!("request");
        let inside = span.in_scope(|| {
            [
                block_on(runtime.spawn(async {
                    yield_once().await;
                    tracing::Span::current().id()
                }))
                .unwrap(),
                thread::spawn(|| tracing::Span::current().id())
                    .join()
                    .unwrap(),
                block_on(runtime.spawn_blocking(|| tracing::Span::current().id())).unwrap(),
            ]
        });
        assert!(span.id().is_some());
        for id in inside {
            assert_eq!(id, span.id());
        }
        assert_eq!(tracing::Span::current().id(), None);
    }
}

#[birthmark::instrument]
mod attaching {
    use super::*;

    /// Writes down what it is told.
    struct Log(Sender<String>);

    impl Attachment for Log {
        fn enter(&mut self) {
            self.0.send("enter".to_owned()).unwrap();
        }

        fn exit(&mut self) {
            self.0.send("exit".to_owned()).unwrap();
        }

        fn end(&mut self, task: &TaskRef<'_>, outcome: Outcome) {
            let end = format!("{} {outcome}, {} polls", task.role(), task.polls());
            self.0.send(end).unwrap();
        }
    }

    fn log_in(function: &'static str) -> (HookHandle, Receiver<String>) {
        let (to, from) = channel();
        let hook = hook_in(function, move |spawn| spawn.attach(Log(to.clone())));
        (hook, from)
    }

    fn events(from: &Receiver<String>) -> Vec<String> {
        from.try_iter().collect()
    }

    #[test]
    fn attachment_is_told_of_polls_drop_and_outcome() {
        async fn twice() {
            yield_once().await;
        }
        let (_hook, from) = log_in("attachment_is_told_of_polls_drop_and_outcome");
        let mut task = Box::pin(spawn(twice()));
        assert!(poll(&mut task).is_pending());
        assert_eq!(events(&from), ["enter", "exit"]);
        assert!(poll(&mut task).is_ready());
        drop(task);
        assert_eq!(
            events(&from),
            ["enter", "exit", "enter", "exit", "twice completed, 2 polls"],
            "the poll, and the drop"
        );
        let mut cancelled = Box::pin(spawn(twice()));
        assert!(poll(&mut cancelled).is_pending());
        drop(cancelled);
        assert_eq!(
            events(&from),
            ["enter", "exit", "enter", "exit", "twice cancelled, 1 polls"]
        );
    }

    #[test]
    fn attachment_is_entered_for_the_drop_of_a_task_that_never_started() {
        async fn never() {}
        let (_hook, from) =
            log_in("attachment_is_entered_for_the_drop_of_a_task_that_never_started");
        drop(spawn(never()));
        assert_eq!(events(&from), ["enter", "exit", "never cancelled, 0 polls"]);
    }

    #[test]
    fn attachment_of_a_task_that_panics_is_left_and_told() {
        let (_hook, from) = log_in("attachment_of_a_task_that_panics_is_left_and_told");
        let job = AssertUnwindSafe(spawn(move || fail()));
        let caught = catch_unwind(move || job.0());
        assert!(caught.is_err());
        let events = events(&from);
        let end = events.last().unwrap();
        assert!(end.ends_with(" panicked, 1 polls"), "{events:?}");
        let times = |what| events.iter().filter(|event| *event == what).count();
        assert_eq!(times("enter"), times("exit"));
    }

    #[test]
    fn attachment_of_a_refused_task_is_told_of_the_refusal() {
        let (_hook, from) = log_in("attachment_of_a_refused_task_is_told_of_the_refusal");
        let _refuse = hook_in(
            "attachment_of_a_refused_task_is_told_of_the_refusal",
            |spawn| spawn.refuse("full"),
        );
        birthmark::catch_refusal(|| spawn(async {}))
            .map(drop)
            .unwrap_err();
        let events = events(&from);
        assert!(
            matches!(&events[..], [end] if end.contains(" refused, ")),
            "{events:?}"
        );
    }

    /// A hook that is told of refusals only.
    struct Refusals(Sender<String>);

    impl SpawnHook for Refusals {
        fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}

        fn on_refusal(&self, _task: &TaskRef<'_>, refusal: &Refusal) {
            if refusal.site().function() == "hook_that_never_saw_the_spawn_is_told_of_its_refusal" {
                self.0.send(refusal.reason().to_owned()).unwrap();
            }
        }

        fn wants_lifecycle(&self) -> bool {
            false
        }
    }

    #[test]
    fn hook_that_never_saw_the_spawn_is_told_of_its_refusal() {
        let _refuse = hook_in(
            "hook_that_never_saw_the_spawn_is_told_of_its_refusal",
            |spawn| spawn.refuse("full"),
        );
        let (to, from) = channel();
        let _told = add_hook(Refusals(to));
        birthmark::catch_refusal(|| spawn(async {}))
            .map(drop)
            .unwrap_err();
        assert_eq!(events(&from), ["full"]);
    }

    #[test]
    fn root_is_known_to_the_hook() {
        let (to, from) = channel();
        let _hook = hook_in("root_is_known_to_the_hook", move |spawn| {
            to.send(spawn.is_root()).unwrap();
        });
        block_on(spawn(async {}));
        block_on(spawn(birthmark::root!(async {})));
        assert_eq!(from.try_iter().collect::<Vec<_>>(), [false, true]);
    }
}

#[birthmark::instrument]
mod delaying {
    use super::*;

    #[test]
    fn future_waits_for_the_gate() {
        let gate = Gate::new();
        let opened = gate.clone();
        let _hook = hook_in("future_waits_for_the_gate", move |spawn| {
            spawn.delay_until(opened.wait())
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let task = runtime.spawn(async {
            let current = birthmark::current();
            current.unwrap()
        });
        let delayed = wait_for_role("future_waits_for_the_gate::{async}", |state| {
            state == State::Delayed
        });
        // A poll that the gate held back is none.
        assert_eq!(delayed.polls(), 0);
        assert!(!task.is_finished());
        gate.open();
        let inside = block_on(task).unwrap();
        assert!(matches!(inside.state(), State::Running { .. }));
        assert_eq!((inside.id(), inside.polls()), (delayed.id(), 1));
        // Open for good.
        block_on(runtime.spawn(async {})).unwrap();
    }

    #[test]
    fn thread_waits_for_the_gate() {
        let gate = Gate::new();
        let opened = gate.clone();
        let _hook = hook_in("thread_waits_for_the_gate", move |spawn| {
            spawn.delay_until(opened.wait())
        });
        let ran = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&ran);
        let child = thread::spawn(move || runs.store(true, SeqCst));
        let role = "AtomicBool::store";
        let _delayed = wait_for_role(role, |state| state == State::Delayed);
        assert!(!ran.load(SeqCst));
        gate.open();
        child.join().unwrap();
        assert!(ran.load(SeqCst));
    }

    /// How long a lost unpark is waited for.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Parks, and returns how long that took.
    fn park() -> thread::JoinHandle<Duration> {
        thread::spawn(|| {
            let start = Instant::now();
            thread::park_timeout(PATIENCE);
            start.elapsed()
        })
    }

    #[test]
    fn unpark_while_the_gate_is_closed_stays_the_programs() {
        let gate = Gate::new();
        let opened = gate.clone();
        let _hook = hook_in("park", move |spawn| spawn.delay_until(opened.wait()));
        let thread = park();
        let _delayed = wait_for_role("park::{closure}", |state| state == State::Delayed);
        thread.thread().unpark();
        gate.open();
        assert!(thread.join().unwrap() < PATIENCE, "the unpark was lost");
    }

    #[test]
    fn it_waits_for_all_that_delay_it() {
        let gates = [Gate::new(), Gate::new()];
        let _hooks = gates.clone().map(|gate| {
            hook_in("it_waits_for_all_that_delay_it", move |spawn| {
                spawn.delay_until(gate.wait())
            })
        });
        let mut task = Box::pin(spawn(async { 1 }));
        assert!(poll(&mut task).is_pending());
        gates[1].open();
        assert!(poll(&mut task).is_pending());
        gates[0].open();
        assert_eq!(poll(&mut task), Poll::Ready(1));
    }

    #[test]
    fn delayed_task_can_be_cancelled() {
        let gate = Gate::new();
        let function = "delayed_task_can_be_cancelled";
        let _hook = hook_in(function, move |spawn| spawn.delay_until(gate.wait()));
        let mut task = Box::pin(spawn(async { unreachable!() }));
        assert!(poll(&mut task).is_pending());
        drop::<std::pin::Pin<Box<dyn Future<Output = ()>>>>(task);
        let stats = only_stats_in(module_path!(), function);
        assert_eq!((stats.cancelled, stats.live), (1, 0));
    }

    #[test]
    fn gate_that_panics_is_open() {
        let function = "gate_that_panics_is_open";
        let _hook = hook_in(function, move |spawn| spawn.delay_until(async { fail() }));
        assert_eq!(block_on(spawn(async { 1 })), 1);
        assert_eq!(thread::spawn(|| 2).join().unwrap(), 2);
    }

    /// An open gate.
    struct FailsWhenDropped;

    impl Future for FailsWhenDropped {
        type Output = ();

        fn poll(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }

    impl Drop for FailsWhenDropped {
        fn drop(&mut self) {
            fail();
        }
    }

    #[test]
    fn so_is_one_that_panics_when_it_is_dropped() {
        let function = "so_is_one_that_panics_when_it_is_dropped";
        let _hook = hook_in(function, |spawn| {
            spawn.delay_until(FailsWhenDropped);
        });
        assert_eq!(block_on(spawn(async { 1 })), 1);
        assert_eq!(thread::spawn(|| 2).join().unwrap(), 2);
    }
}

#[birthmark::instrument]
mod refusing {
    use super::*;
    use tokio::runtime::Runtime;
    use tokio::task::{JoinSet, LocalSet};

    fn refuse_in(function: &'static str) -> HookHandle {
        hook_in(function, |spawn| spawn.refuse("over the quota"))
    }

    #[track_caller]
    fn check_error<T>(result: std::io::Result<T>, callee: &str) {
        let Err(error) = result else {
            panic!("it was not refused")
        };
        let refusal = error
            .get_ref()
            .and_then(|error| error.downcast_ref::<Refusal>());
        let refusal = refusal.expect("its source is a refusal");
        assert_eq!(refusal.reason(), "over the quota");
        assert_eq!(refusal.site().callee(), callee);
        check_text(&error.to_string(), callee);
    }

    /// Checks that the text has the hook, the callee and the position.
    #[track_caller]
    fn check_text(text: &str, callee: &str) {
        let beginning = format!("a spawn hook refused {callee} (");
        assert!(text.starts_with(&beginning), "{text}");
        assert!(text.contains(" at tests/tests/hooks.rs:"), "{text}");
        assert!(text.ends_with(": over the quota"), "{text}");
    }

    #[track_caller]
    fn check_panic<R>(f: impl FnOnce() -> R, callee: &str) {
        let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
            panic!("it was not refused")
        };
        check_text(payload.downcast_ref::<String>().unwrap(), callee);
    }

    /// All of a function's sites have refused once, and have nothing else to show for it.
    #[track_caller]
    fn check_counts(function: &str) {
        for stats in stats_in(module_path!(), function) {
            wait_until("what was refused has gone", || {
                let stats = birthmark_integration_tests::stats_of(stats.site);
                stats.live == 0
            });
            assert_eq!((stats.refused, stats.spawned()), (1, 0), "{stats:?}");
        }
    }

    #[test]
    fn thread_builder_returns_an_error() {
        let _hook = refuse_in("thread_builder_returns_an_error");
        let callee = "thread::Builder::new().name().spawn";
        let builder = thread::Builder::new();
        check_error(thread::Builder::new().name("n".into()).spawn(|| ()), callee);
        check_error(builder.spawn(own_id), "builder.spawn");
        let local = String::from("borrowed");
        thread::scope(|scope| {
            let result = thread::Builder::new().spawn_scoped(scope, || local.len());
            check_error(result, "thread::Builder::new().spawn_scoped");
        });
        let question = || -> std::io::Result<u32> {
            let handle = thread::Builder::new().spawn(move || 1)?;
            Ok(handle.join().unwrap())
        };
        check_error(question(), "thread::Builder::new().spawn");
    }

    /// By a destructor of a thread-local that is among the last to run.
    #[test]
    fn thread_builder_returns_an_error_also_while_its_thread_exits() {
        struct Late(Sender<std::io::Result<()>>);
        impl Drop for Late {
            fn drop(&mut self) {
                self.0.send(start()).unwrap();
            }
        }
        thread_local!(static LATE: std::cell::OnceCell<Late> = const { std::cell::OnceCell::new() });
        fn start() -> std::io::Result<()> {
            thread::Builder::new().spawn(|| ()).map(drop)
        }
        let function = "thread_builder_returns_an_error_also_while_its_thread_exits::start";
        let _hook = refuse_in(function);
        let (to, from) = channel();
        let exits = thread::spawn(move || {
            LATE.with(|late| drop(late.set(Late(to))));
            check_error(start(), "thread::Builder::new().spawn");
        });
        exits.join().unwrap();
        check_error(from.recv().unwrap(), "thread::Builder::new().spawn");
    }

    #[test]
    fn closure_of_a_refused_thread_never_runs_and_is_dropped() {
        let function = "closure_of_a_refused_thread_never_runs_and_is_dropped";
        let _hook = refuse_in(function);
        let owned = Arc::new(());
        let inside = Arc::clone(&owned);
        let result = thread::Builder::new().spawn(move || {
            let _inside = inside;
            unreachable!("it was refused")
        });
        assert!(result.is_err());
        wait_until("the closure is dropped", || Arc::strong_count(&owned) == 1);
        check_counts(function);
    }

    #[test]
    fn tokio_tasks_are_cancelled() {
        let _hook = refuse_in("tokio_tasks_are_cancelled");
        async fn never() {
            unreachable!("it was refused")
        }
        let runtime = Runtime::new().unwrap();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            let error = tokio::spawn(never()).await.unwrap_err();
            assert!(error.is_cancelled());
            let error = tokio::spawn(async { never().await }).await.unwrap_err();
            assert!(error.is_cancelled());
            let error = tokio::task::spawn_local(never()).await.unwrap_err();
            assert!(error.is_cancelled());
            let error = runtime.handle().spawn(Box::pin(never())).await.unwrap_err();
            assert!(error.is_cancelled());
            let mut set = JoinSet::new();
            set.spawn(never());
            set.spawn_on(never(), runtime.handle());
            assert_eq!(set.len(), 2);
            while let Some(result) = set.join_next().await {
                assert!(result.unwrap_err().is_cancelled());
            }
            let tracker = tokio_util::task::TaskTracker::new();
            assert!(tracker.spawn(never()).await.unwrap_err().is_cancelled());
            tracker.close();
            tracker.wait().await;
        });
        check_counts("tokio_tasks_are_cancelled");
    }

    /// The future is dropped at once, although it never becomes ready.
    #[test]
    fn future_of_a_refused_task_is_dropped() {
        let _hook = refuse_in("future_of_a_refused_task_is_dropped");
        let owned = Arc::new(());
        let inside = Arc::clone(&owned);
        let runtime = Runtime::new().unwrap();
        let task = runtime.spawn(async move {
            let _inside = inside;
        });
        assert!(block_on(task).unwrap_err().is_cancelled());
        wait_until("the future is dropped", || Arc::strong_count(&owned) == 1);
    }

    #[test]
    fn all_others_panic_in_the_spawner() {
        let _hook = refuse_in("all_others_panic_in_the_spawner");
        async fn never() {}
        let runtime = Runtime::new().unwrap();
        let _inside = runtime.enter();
        check_panic(|| thread::spawn(|| ()), "thread::spawn");
        check_panic(|| thread::spawn(own_id), "thread::spawn");
        check_panic(|| rayon::spawn(|| ()), "rayon::spawn");
        check_panic(|| rayon::scope(|s| s.spawn(|_| ())), "s.spawn");
        check_panic(|| thread::scope(|s| drop(s.spawn(|| ()))), "s.spawn");
        check_panic(
            || tokio::task::spawn_blocking(|| ()),
            "tokio::task::spawn_blocking",
        );
        check_panic(|| smol::spawn(never()).detach(), "smol::spawn");
        check_panic(|| drop(smol::unblock(|| ())), "smol::unblock");
        let pool = threadpool::ThreadPool::new(1);
        check_panic(|| pool.execute(|| ()), "pool.execute");
        use futures::task::SpawnExt;
        let pool = futures::executor::ThreadPool::new().unwrap();
        check_panic(|| pool.spawn_ok(never()), "pool.spawn_ok");
        check_panic(
            || drop(pool.spawn_with_handle(never())),
            "pool.spawn_with_handle",
        );
        check_counts("all_others_panic_in_the_spawner");
    }

    #[test]
    fn refusal_ends_the_round_and_drops_what_others_have_left() {
        let (to, from) = channel();
        let owned = Arc::new(());
        let carried = Arc::clone(&owned);
        let function = "refusal_ends_the_round_and_drops_what_others_have_left";
        let _first = hook_in(function, move |spawn| {
            let carried = Arc::clone(&carried);
            spawn.enter_with(move || Arc::clone(&carried));
        });
        let _second = refuse_in(function);
        let _third = hook_in(function, move |_| to.send(()).unwrap());
        assert!(thread::Builder::new().spawn(|| ()).is_err());
        assert_eq!(
            from.try_iter().count(),
            0,
            "nobody after the refusal is asked"
        );
        assert_eq!(Arc::strong_count(&owned), 2);
    }

    fn spawn_here() -> tokio::task::JoinHandle<u32> {
        tokio::spawn(async { 1 })
    }

    #[test]
    fn refusal_of_a_spawn_that_panics_does_not_hit_the_next_one() {
        let hook = hook_in("spawn_here", |spawn| spawn.refuse("over the quota"));
        assert!(catch_unwind(spawn_here).is_err(), "there is no runtime");
        hook.remove();
        let runtime = Runtime::new().unwrap();
        assert_eq!(runtime.block_on(async { spawn_here().await }).unwrap(), 1);
    }

    #[test]
    fn spawn_that_is_not_refused_is_not_touched_by_a_refusal_inside_of_its_arguments() {
        const OUTER: &str =
            "spawn_that_is_not_refused_is_not_touched_by_a_refusal_inside_of_its_arguments";
        let _hook = hook_in(OUTER, |spawn| {
            if spawn.kind() == Kind::Thread {
                spawn.refuse("over the quota");
            }
        });
        let task = spawn(std::future::ready(
            thread::Builder::new().spawn(|| ()).is_err(),
        ));
        assert!(block_on(task));
    }
}

#[birthmark::instrument]
mod misbehaving {
    use super::*;

    struct Panics;

    impl SpawnHook for Panics {
        fn on_spawn(&self, spawn: &mut Spawn<'_>) {
            if spawn.site().function() == "hook_that_panics_does_no_harm" {
                spawn.set_name("what it did before counts");
                spawn.enter_with(|| fail());
                spawn.enter_with(|| PanicsOnDrop);
                fail();
            }
        }

        fn on_start(&self, task: &TaskRef<'_>) {
            if task.site().function() == "hook_that_panics_does_no_harm" {
                fail();
            }
        }

        fn on_end(&self, task: &TaskRef<'_>, _: Outcome) {
            if task.site().function() == "hook_that_panics_does_no_harm" {
                fail();
            }
        }
    }

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            fail();
        }
    }

    #[test]
    fn hook_that_panics_does_no_harm() {
        let _hook = add_hook(Panics);
        let name = Some("what it did before counts".to_owned());
        assert_eq!(thread::spawn(|| own_name()).join().unwrap(), name);
        let task = block_on(spawn(async {
            yield_once().await;
            own_name()
        }));
        assert_eq!(task, name);
        // Also while the task panics itself.
        assert!(thread::spawn(|| fail()).join().is_err());
        for stats in stats_in(module_path!(), "hook_that_panics_does_no_harm") {
            wait_until("it has ended", || {
                birthmark_integration_tests::stats_of(stats.site).live == 0
            });
            assert_eq!(stats.spawned(), 1);
        }
    }

    struct RemovesItself {
        handle: Arc<Mutex<Option<HookHandle>>>,
        _panics: PanicsOnDrop,
    }

    impl SpawnHook for RemovesItself {
        fn on_spawn(&self, spawn: &mut Spawn<'_>) {
            if spawn.site().function() == "neither_does_its_destructor" {
                drop(self.handle.lock().unwrap().take());
            }
        }

        fn wants_lifecycle(&self) -> bool {
            fail()
        }
    }

    /// The destructor runs in the spawner, after the hook has removed itself.
    #[test]
    fn neither_does_its_destructor() {
        let handle = Arc::new(Mutex::new(None));
        *handle.lock().unwrap() = Some(add_hook(RemovesItself {
            handle: handle.clone(),
            _panics: PanicsOnDrop,
        }));
        assert_eq!(thread::spawn(|| 1).join().unwrap(), 1);
        assert!(handle.lock().unwrap().is_none());
    }

    #[test]
    fn spawn_in_a_hook_is_recorded_and_told_to_nobody() {
        static TOLD: AtomicU32 = AtomicU32::new(0);
        fn spawn_from_hook(to: &Sender<birthmark::Task>) {
            let to = to.clone();
            thread::spawn(move || to.send(birthmark::current().unwrap()).unwrap());
        }
        let (to, from) = channel();
        let to = Mutex::new(to);
        let _hook = add_hook(move |spawn: &mut Spawn<'_>| {
            let function = spawn.site().function();
            if function.contains("spawn_in_a_hook_is_recorded") || function == "spawn_from_hook" {
                TOLD.fetch_add(1, SeqCst);
                spawn_from_hook(&to.lock().unwrap());
            }
        });
        thread::spawn(|| ()).join().unwrap();
        let inner = from.recv().unwrap();
        assert_eq!(TOLD.load(SeqCst), 1);
        assert_eq!(
            inner.parent(),
            Some(own_id()),
            "the hook runs as the spawner"
        );
        assert!(
            inner
                .site()
                .is_some_and(|site| site.function().ends_with("spawn_from_hook"))
        );
    }

    #[test]
    fn no_lock_is_held_while_a_hook_runs() {
        let (to, from) = channel();
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let added = Arc::clone(&hooks);
        let _hook = hook_in("no_lock_is_held_while_a_hook_runs", move |spawn| {
            let child = spawn.id();
            assert!(birthmark::dump().tasks().any(|task| task.id() == child));
            let _text = birthmark::dump().to_string() + &format!("{:#}", birthmark::dump());
            birthmark::sites();
            birthmark::with_name("in the hook", || spawn.set_name("given"));
            added.lock().unwrap().push(add_hook(|_: &mut Spawn<'_>| ()));
            add_hook(|_: &mut Spawn<'_>| ()).remove();
            assert!(birthmark::is_enabled());
            to.send(child).unwrap();
        });
        let child = thread::spawn(|| (own_id(), own_name())).join().unwrap();
        assert_eq!(child, (from.recv().unwrap(), Some("given".to_owned())));
        assert_eq!(hooks.lock().unwrap().len(), 1);
    }

    #[test]
    fn hook_can_remove_itself() {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let handle = Arc::new(Mutex::new(None::<HookHandle>));
        let own = Arc::clone(&handle);
        let hook = hook_in("hook_can_remove_itself", move |_| {
            RUNS.fetch_add(1, SeqCst);
            let own = own.lock().unwrap().take();
            drop(own);
        });
        *handle.lock().unwrap() = Some(hook);
        spawn(move || ())();
        spawn(move || ())();
        assert_eq!(RUNS.load(SeqCst), 1);
        assert_eq!(Arc::strong_count(&handle), 1, "the hook has been dropped");
    }

    #[test]
    fn hook_can_be_removed_while_it_runs() {
        let (entered, has_entered) = channel();
        let (leave, may_leave) = channel::<()>();
        let may_leave = Mutex::new(may_leave);
        let hook = hook_in("spawn_under_hook", move |spawn| {
            entered.send(()).unwrap();
            let _ = may_leave.lock().unwrap().recv();
            spawn.set_name("it goes on to its end");
        });
        let name = thread::scope(|scope| {
            let spawner = scope.spawn(spawn_under_hook);
            has_entered.recv().unwrap();
            // Does not wait for the hook, which waits for us.
            hook.remove();
            assert_eq!(block_on(spawn(async { 1 })), 1);
            drop(leave);
            spawner.join().unwrap()
        });
        assert_eq!(name.unwrap(), "it goes on to its end");
    }

    fn spawn_under_hook() -> Option<String> {
        spawn(move || own_name())()
    }

    #[test]
    fn task_outlives_the_hook_that_it_was_told_to() {
        let hook = hook_in("task_outlives_the_hook_that_it_was_told_to", |spawn| {
            spawn.set_name("still there");
            spawn.enter_with(|| Rc::new(0));
        });
        let mut task = Box::pin(spawn(async {
            yield_once().await;
            own_name()
        }));
        assert!(poll(&mut task).is_pending());
        hook.remove();
        assert_eq!(poll(&mut task), Poll::Ready(Some("still there".to_owned())));
        assert!(find(own_id()).is_some());
    }
}
