//! The table of callees: which calls are spawns, and which of their arguments is the task.
//!
//! A macro cannot resolve names. So a callee is known by the last segment of its path or by the name of
//! the method, and by the number of its arguments, whatever crate it is from. The libraries of a row are documentation.
//! A row that matches too much does no harm, because an argument that is no task passes through unchanged.

/// How a callee is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `tokio::spawn(task)` or `set.spawn(task)`; counting from the end makes both look alike.
    Any,
    /// `blocking::unblock(task)` only.
    Path,
    /// `pool.execute(task)` only.
    Method,
}

/// How the task argument is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Closure and async literals are changed in place, anything else goes through the adaptor.
    Task,
    /// Like [`Task`](Mode::Task), except for a closure literal without `move`. It is changed only if the name of the
    /// receiver is that of a pool, because `execute` is a common name. A changed literal can be called only once.
    Execute,
    /// The argument is a closure that returns the future.
    FutureFn,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The last segment of the path, or the name of the method.
    pub name: &'static str,
    /// How the callee is written: as a path, as a method, or either.
    pub form: Form,
    /// The least number of arguments, without the receiver of a method.
    pub least: usize,
    /// The greatest number of arguments.
    pub most: usize,
    /// How many arguments follow the task.
    pub from_end: usize,
    /// How the task argument is treated.
    pub mode: Mode,
    /// `true` if the callee runs its task on a pool for blocking work.
    pub blocking: bool,
    /// Libraries that have such a callee, for the documentation.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "compared with the documentation")
    )]
    pub of: &'static str,
    /// `true` if only spawns have the name. Otherwise a call is known to be one by its argument, or once a task came
    /// of it.
    pub certain: bool,
}

const fn row(
    name: &'static str,
    form: Form,
    arity: (usize, usize),
    from_end: usize,
    of: &'static str,
) -> Row {
    Row {
        name,
        form,
        least: arity.0,
        most: arity.1,
        from_end,
        mode: Mode::Task,
        blocking: false,
        of,
        certain: true,
    }
}

const fn uncertain(row: Row) -> Row {
    Row {
        certain: false,
        ..row
    }
}

const fn blocking(row: Row) -> Row {
    Row {
        blocking: true,
        ..row
    }
}

const fn future_fn(row: Row) -> Row {
    Row {
        mode: Mode::FutureFn,
        ..row
    }
}

/// The callees that are known without `also(…)`. The receiver of a method that is called by its path is an argument,
/// too, and so are a `JoinMap`'s key and the runtime's handle behind the task.
pub(crate) const TABLE: &[Row] = &[
    row("spawn", Form::Any, (1, 3), 0, SPAWN),
    row(
        "spawn_local",
        Form::Any,
        (1, 3),
        0,
        "tokio, tokio-util, futures, actix-rt",
    ),
    blocking(row(
        "spawn_blocking",
        Form::Any,
        (1, 3),
        0,
        "tokio, tokio-util",
    )),
    row("spawn_on", Form::Any, (2, 4), 1, "tokio, tokio-util"),
    row("spawn_local_on", Form::Any, (2, 4), 1, "tokio, tokio-util"),
    blocking(row(
        "spawn_blocking_on",
        Form::Any,
        (2, 4),
        1,
        "tokio, tokio-util",
    )),
    row("spawn_scoped", Form::Any, (2, 3), 0, "std"),
    row("spawn_unchecked", Form::Any, (1, 2), 0, "std"),
    row("spawn_fifo", Form::Any, (1, 2), 0, "rayon"),
    row("spawn_with_handle", Form::Any, (1, 2), 0, "futures"),
    row("spawn_local_with_handle", Form::Any, (1, 2), 0, "futures"),
    row("spawn_ok", Form::Any, (1, 2), 0, "futures"),
    row("spawn_fn", Form::Any, (1, 2), 0, "actix-rt"),
    // The methods of tokio-util's LocalPoolHandle, and not of what it is made of: those take another argument.
    future_fn(row("spawn_pinned", Form::Method, (1, 1), 0, "tokio-util")),
    future_fn(row("spawn_pinned", Form::Path, (1, 2), 0, "tokio-util")),
    future_fn(row(
        "spawn_pinned_by_idx",
        Form::Method,
        (2, 2),
        1,
        "tokio-util",
    )),
    future_fn(row(
        "spawn_pinned_by_idx",
        Form::Path,
        (2, 3),
        1,
        "tokio-util",
    )),
    uncertain(blocking(row(
        "unblock",
        Form::Path,
        (1, 1),
        0,
        "blocking, smol",
    ))),
    // A client executes a request, and a database a query.
    uncertain(Row {
        mode: Mode::Execute,
        ..row("execute", Form::Method, (1, 1), 0, "hyper, threadpool")
    }),
];

const SPAWN: &str =
    "std, tokio, tokio-util, smol, async-executor, rayon, crossbeam, futures, actix-rt";

/// Words in the name of a receiver that is a pool. Its [`execute`](Mode::Execute) calls each closure once.
pub(crate) const POOLS: &[&str] = &["pool", "executor", "worker", "thread"];

/// Prefix of the names of functions that may forward their task to a spawn: `executor.spawn_critical("name", task)`.
const LIKE_A_SPAWN: &str = "spawn_";

/// Functions of libraries with that prefix that forward nothing to instrumented code.
const UNLIKE_A_SPAWN: &[&str] = &["spawn_broadcast", "spawn_obj", "spawn_local_obj"];

/// Returns `true` if a function of this name may forward its task to a spawn, although no table has the name.
pub(crate) fn is_like_a_spawn(name: &str, also: &[String]) -> bool {
    name.starts_with(LIKE_A_SPAWN) && !UNLIKE_A_SPAWN.contains(&name) && !is_known(name, also)
}

/// Returns the row of a callee, from the table or from `also`.
pub(crate) fn find(name: &str, method: bool, arguments: usize, also: &[String]) -> Option<Row> {
    let known = TABLE
        .iter()
        .find(|row| row.name == name && row.fits(method, arguments));
    known.copied().or_else(|| {
        let listed = arguments > 0 && also.iter().any(|listed| listed == name);
        listed.then_some(row("", Form::Any, (1, usize::MAX), 0, ""))
    })
}

impl Row {
    fn fits(&self, method: bool, arguments: usize) -> bool {
        let form = match self.form {
            Form::Any => true,
            Form::Path => !method,
            Form::Method => method,
        };
        form && (self.least..=self.most).contains(&arguments)
    }
}

/// Returns `true` if a function of this name may spawn, whatever its arguments.
pub(crate) fn is_function(name: &str, also: &[String]) -> bool {
    let is_path = |row: &Row| row.name == name && row.form != Form::Method;
    TABLE.iter().any(is_path) || also.iter().any(|listed| listed == name)
}

/// Returns `true` if the table or `also` has the name, whatever the arguments.
pub(crate) fn is_known(name: &str, also: &[String]) -> bool {
    TABLE.iter().any(|row| row.name == name) || also.iter().any(|listed| listed == name)
}
