//! Leaks in tests: tasks that outlive the code that has spawned them.
//!
//! A check has a *scope*, which is a task. The tasks that descend from the scope belong to it, so tests that run at the same
//! time do not disturb each other. A check at the end of an `async` scope is part of the scope. The scope is therefore alive
//! during the check, and no lineage has lost it.

mod report;
mod scope;
mod turns;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use birthmark_core::__reader::{local, spawn};
use birthmark_core::TaskId;
use birthmark_dump::{Dump, Filter};

pub use self::report::Leaks;
pub use self::scope::LeakScope;

use self::scope::ScopeSite;
use self::turns::Turns;

/// The grace of a check, unless the program sets another one.
const GRACE: Duration = Duration::from_millis(100);
/// Number of polls in which a check gives the executor a turn, before it waits for longer.
const TURNS: u32 = 64;
/// The time between two looks of a check that waits.
const PAUSE: Duration = Duration::from_millis(2);

/// `true` if tests that `cargo birthmark test` has changed fail because of leaks.
static FAILS_TESTS: AtomicBool = AtomicBool::new(false);

/// Sets whether tests of a changed suite fail because of leaks.
pub(crate) fn set_fails_tests(fails: bool) {
    FAILS_TESTS.store(fails, Ordering::Relaxed);
}

/// Runs a future, and panics if tasks that descend from it are alive afterwards.
///
/// The future is a task of its own, to which everything belongs that instrumented code spawns in it, at any depth. Tests
/// that run at the same time do not disturb each other. A spawn under [`root!`](crate::root) belongs to no scope.
///
/// If tasks are alive when the future is ready, the check gives the executor turns and waits for 100 milliseconds at most. A
/// scope that is clean takes no time. [`LeakCheck`] sets another time, and ignores tasks.
///
/// # Panics
///
/// The returned future panics if there are leaks. The message counts them in groups:
///
/// ```text
/// 3 tasks outlived the test: 2 × read_loop spawned at src/conn.rs:12:9, waiting at src/conn.rs:20:33 for socket.read; 1 × flush (thread) spawned at src/log.rs:7:5, running
/// ```
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// async fn fetch() -> u32 {
///     tokio::spawn(async { 7 }).await.unwrap()
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(birthmark::assert_no_leaks(fetch()).await, 7);
/// # });
/// ```
#[track_caller]
pub fn assert_no_leaks<F: Future>(future: F) -> impl Future<Output = F::Output> {
    LeakCheck::new().assert(future)
}

/// Returns a guard whose drop panics if tasks are alive that the current task has spawned meanwhile, or that descend from
/// these.
///
/// The guard is for tests that are no `async` functions. Its drop waits for 100 milliseconds at most if there are such tasks,
/// and does not wait otherwise. The drop checks nothing during a panic. [`LeakCheck::scope`] sets another time, and ignores
/// tasks.
///
/// The drop blocks the thread, so an executor on the same thread has no turns meanwhile. In an `async` function, use
/// [`assert_no_leaks`].
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// fn test() {
///     let _scope = birthmark::leak_scope();
///     std::thread::spawn(|| 1 + 1).join().unwrap();
/// }
/// # test();
/// ```
pub fn leak_scope() -> LeakScope {
    LeakCheck::new().scope()
}

/// A check for leaks: how long it waits, and which tasks it ignores.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let check = birthmark::LeakCheck::new()
///     .grace(Duration::from_secs(1))
///     .ignore("role=flush_logs".parse().unwrap());
/// check.assert(async { /* the test */ }).await;
/// # });
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is run"]
pub struct LeakCheck {
    grace: Duration,
    ignored: Vec<Filter>,
    /// `false` if the scope is only a task, and nothing is checked.
    is_on: bool,
}

impl Default for LeakCheck {
    fn default() -> Self {
        LeakCheck::new()
    }
}

impl LeakCheck {
    /// Returns a check that waits for 100 milliseconds at most, and ignores no task.
    pub const fn new() -> Self {
        LeakCheck {
            grace: GRACE,
            ignored: Vec::new(),
            is_on: true,
        }
    }

    /// Sets the longest time that the check waits for tasks to end. A scope that is clean takes no time.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Ignores tasks that the filter selects, for example by role, site or label. A task is ignored if one of several filters
    /// selects it. Its descendants are not ignored on its account.
    pub fn ignore(mut self, tasks: Filter) -> Self {
        self.ignored.push(tasks);
        self
    }

    /// Runs a future as [`assert_no_leaks`] does.
    ///
    /// # Panics
    ///
    /// The returned future panics if there are leaks.
    #[track_caller]
    pub fn assert<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        let caller = Location::caller();
        let checked = self.checked(ScopeSite::of_caller(caller), None, future);
        async move {
            match checked.await {
                (output, Ok(())) => output,
                (_, Err(leaks)) => panic!("{leaks}"),
            }
        }
    }

    /// Runs a future, and returns its output together with the leaks, if there are any.
    ///
    /// # Errors
    ///
    /// The second part of the output is an error if there are leaks.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[birthmark::instrument]
    /// async fn leaky() {
    ///     tokio::spawn(std::future::pending::<()>());
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let check = birthmark::LeakCheck::new().grace(std::time::Duration::ZERO);
    /// let ((), result) = check.run(leaky()).await;
    /// assert_eq!(result.unwrap_err().count(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = (F::Output, Result<(), Leaks>)> {
        let caller = Location::caller();
        self.checked(ScopeSite::of_caller(caller), None, future)
    }

    /// Returns a guard as [`leak_scope`] does.
    #[must_use = "a scope ends when its guard is dropped"]
    pub fn scope(self) -> LeakScope {
        LeakScope::new(self)
    }

    fn only_if(mut self, is_on: bool) -> Self {
        self.is_on = is_on;
        self
    }

    /// Runs the body of a test as a root with the name of the test.
    #[track_caller]
    fn checked_test<F: Future>(
        self,
        module: &'static str,
        function: &'static str,
        body: F,
    ) -> impl Future<Output = (F::Output, Result<(), Leaks>)> {
        let site = ScopeSite::of_test(Location::caller(), module, function);
        self.checked(site, Some(scope::test_name(module, function)), body)
    }

    /// Runs a future as a task of its own, and looks for leaks within that task.
    pub(crate) fn checked<F: Future>(
        self,
        site: ScopeSite,
        name: Option<String>,
        future: F,
    ) -> impl Future<Output = (F::Output, Result<(), Leaks>)> {
        let site = site.find();
        let name = name.as_ref().map(|name| name as &dyn fmt::Display);
        let handle = spawn::record_scope(site, name);
        let id = handle.id();
        birthmark_core::__private::future(handle, async move {
            let output = future.await;
            let result = match id {
                Some(id) => self.look_async(id).await,
                // Birthmark is off.
                None => Ok(()),
            };
            (output, result)
        })
    }

    /// Looks for leaks, and gives the executor turns while there are some.
    async fn look_async(&self, scope: TaskId) -> Result<(), Leaks> {
        if !self.is_on
            || !local::has_nodes_below(scope.as_u64())
            || self.leaks(scope, &[]).is_none()
        {
            return Ok(());
        }
        let end = Instant::now() + self.grace;
        for _ in 0..TURNS {
            Turns::one().await;
        }
        let pauses = Turns::each(PAUSE);
        loop {
            let Some(leaks) = self.leaks(scope, &[]) else {
                return Ok(());
            };
            if Instant::now() >= end {
                return Err(Leaks::of(leaks));
            }
            pauses.next().await;
        }
    }

    /// Looks for leaks, and blocks the thread while there are some.
    fn look_blocking(&self, scope: TaskId, before: &[TaskId]) -> Result<(), Leaks> {
        if !self.is_on {
            return Ok(());
        }
        let mut end = None;
        loop {
            let Some(leaks) = self.leaks(scope, before) else {
                return Ok(());
            };
            let end = *end.get_or_insert_with(|| Instant::now() + self.grace);
            if Instant::now() >= end {
                return Err(Leaks::of(leaks));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Returns the tasks that descend from the scope and are alive, unless they were alive before.
    fn leaks(&self, scope: TaskId, before: &[TaskId]) -> Option<Dump> {
        let mut dump = crate::dump().filter(&Filter::new().under(scope));
        dump.retain(&mut |id| id != scope && before.binary_search(&id).is_err());
        for ignored in &self.ignored {
            dump.remove(ignored);
        }
        (!dump.is_empty()).then_some(dump)
    }
}

/// Runs the body of an asynchronous test. The scope is a root with the name of the test.
///
/// Not public API. Used by generated code.
#[track_caller]
pub fn test_body<T>(
    check: LeakCheck,
    module: &'static str,
    function: &'static str,
    body: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let checked = check.checked_test(module, function, body);
    async move {
        match checked.await {
            (output, Ok(())) => output,
            (_, Err(leaks)) => panic!("{leaks}"),
        }
    }
}

/// As [`test_body`], of a test that `cargo birthmark` has changed.
#[track_caller]
pub fn suite_body<T>(
    module: &'static str,
    function: &'static str,
    body: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let check = LeakCheck::new().only_if(FAILS_TESTS.load(Ordering::Relaxed));
    test_body(check, module, function, body)
}

/// Not public API. Used by generated code: begins the scope of a test that `cargo birthmark` has changed.
#[doc(hidden)]
#[macro_export]
macro_rules! __test_scope {
    ($name:literal) => {
        let _scope = $crate::__private::suite_scope($crate::__private::core::module_path!(), $name);
    };
}

/// Begins the scope of a test that is no `async` function.
///
/// Not public API. Used by generated code.
pub fn test_scope(check: LeakCheck, module: &'static str, function: &'static str) -> LeakScope {
    LeakScope::of_test(check, &scope::test_name(module, function))
}

/// As [`test_scope`], of a test that `cargo birthmark` has changed.
pub fn suite_scope(module: &'static str, function: &'static str) -> LeakScope {
    let check = LeakCheck::new().only_if(FAILS_TESTS.load(Ordering::Relaxed));
    test_scope(check, module, function)
}
