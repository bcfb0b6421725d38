//! birthmark records what spawned each thread and task of a program, where, and on whose behalf it runs. Panics and
//! dumps show the records. No spawn call changes.
//!
//! # Terms
//!
//! A *task* is one unit of work that runs on its own: an OS thread, a scoped thread, a future on an executor, a
//! blocking job, a rayon job. The main thread is a task, too.
//!
//! A *site* is one spawn call in the source. Sites are known at compile time, so [`sites`] also lists calls that
//! never ran.
//!
//! The *role* is what a task is, derived at compile time. Usually it is the spawned function, as `send_email` in
//! `tokio::spawn(send_email(address))`. Otherwise it is the enclosing function with `{closure}`, `{async}` or
//! `{task}`.
//!
//! The *name* records on whose behalf a task runs: a request, a tenant. The program sets it, and child tasks inherit
//! it unless their spawn sets another. A dump shows the origin of each name.
//!
//! *Labels* are keys and values by which tasks are selected and counted: a tenant, a route, a shard. Child tasks
//! inherit them.
//!
//! The *lineage* is the chain from a task to its parent, its parent's parent and so on. Ids are never reused, and a
//! lineage stays correct after its ancestors have ended. A very long lineage is cut in the middle and marked.
//!
//! # Quick start
//!
//! Put [`#[instrument]`](macro@instrument) on functions, `impl`s, traits or inline modules, and call
//! [`install`] in `main`, after your logging and your panic hook:
//!
//! ```
//! #[birthmark::instrument]
//! mod server {
//!     pub async fn handle(request: u64) -> usize {
//!         birthmark::set_name(format_args!("req-id-{request}"));
//!         tokio::spawn(count(vec![2, 3, 5])).await.unwrap()
//!     }
//!
//!     async fn count(prices: Vec<u32>) -> usize {
//!         let task = birthmark::current().unwrap();
//!         assert_eq!(task.role(), "count");
//!         assert_eq!(task.name().unwrap().as_str(), "req-id-7");
//!         assert_eq!(task.lineage()[0].role(), "handle");
//!         prices.len()
//!     }
//! }
//!
//! #[tokio::main]
//! #[birthmark::instrument]
//! async fn main() {
//!     birthmark::install();
//!     assert_eq!(tokio::spawn(server::handle(7)).await.unwrap(), 3);
//!     println!("{}", birthmark::dump());
//! }
//! ```
//!
//! Lines like these follow a panic message:
//!
//! ```text
//!   in task 10 "req-id-123123" audit (future), spawned 1.2 s ago, 2 polls, name from task 9
//!     spawned at examples/request_names.rs:94:9 by tokio::spawn in request_names::app::handler
//!     lineage   10 audit < 9 "req-id-123123" serve_connection < 2 Server::accept_loop < 1 main
//! ```
//!
//! # Where to find what
//!
//! | to | use |
//! | --- | --- |
//! | record the spawns in an item | [`#[instrument]`](macro@instrument), which also lists its callees and limits |
//! | add the current task to panic messages | [`install`], [`builder`], [`PanicReport`], and `BIRTHMARK` in the environment (see [`Builder`]) |
//! | record on whose behalf a task runs | [`set_name`], [`with_name`], [`with_name_async`]; for one spawn, [`named!`] |
//! | make a task of a future that is not spawned, such as a request | [`scope`](fn@scope), [`Scope`] |
//! | select and count tasks by keys and values | [`set_label`], [`with_label`], [`with_label_async`], [`Labels`] |
//! | give typed values to tasks and their children | [`task_local!`], [`TaskLocal`] |
//! | spawn without the spawner's lineage and name | [`root!`] |
//! | give tasks and their children a deadline | [`with_deadline`], [`with_timeout`], [`deadline`], [`remaining`], [`cancelled`] |
//! | abort tasks together | [`AbortScope`], [`abort_tree`] |
//! | list all live tasks | [`dump`], [`Filter`], [`Coverage`]; in many forms, [`render`]; as values, [`tasks`], [`task_count`], [`Task`] |
//! | list await stacks down to the future that each task waits for | [`Dump::with_awaits`], [`AwaitDetail`], [`AwaitStack`] |
//! | list OS threads and the tasks that they run | [`Dump::with_threads`], [`ThreadDetail`], [`OsThread`] |
//! | get the current task | [`current`] |
//! | act when a task runs too long, waits too long, or is one too many | [`Builder::rule`], [`Builder::watch`], [`Action`], [`rules`]; for one future or task, [`timebox`], [`TimeboxSpawn`] |
//! | list the spawn calls of the program, with counts | [`is_instrumented`], [`sites`], [`SiteStats`], [`Site`] |
//! | run code at spawns, starts and ends | [`set_hook`], [`add_hook`], [`add_hook_for`], [`SpawnHook`] |
//! | name, delay or refuse child tasks, or enter a guard in them | [`Spawn`], [`Gate`], [`Refusal`], [`catch_refusal`] |
//! | deliver dumps in another way | [`extension`] |
//! | switch it off while the program runs | [`disable`], [`enable`], [`is_enabled`] |
//!
//! Without `install`, tasks are recorded, but panic messages have no report.
//!
//! # Features
//!
//! | feature | | content |
//! | --- | --- | --- |
//! | `attribute` | default | [`#[instrument]`](macro@instrument) |
//! | `signal` | default | a dump on a signal, if the program requests it |
//! | `pprof` | | dumps as profiles for pprof, `Format::Pprof` |
//! | `debug-stacks` | | [`AwaitDetail::DebugInfo`]: await stacks out of debug information, on Linux |
//! | `native-stacks` | | [`ThreadDetail::Stacks`]: native stacks of OS threads, on Linux |
//! | `off` | | nothing at all: see below |
//!
//! With `off`, the attribute expands to nothing, and the interface does nothing. The signatures stay, types have no size, and
//! the compiler removes the empty functions. A release with the attribute, `install` and hooks is byte for byte the
//! release without them. A call of `set_name` evaluates its arguments. The program of one workspace member sets the feature,
//! and libraries need not know:
//!
//! ```toml
//! [features]
//! without-birthmark = ["birthmark/off"]
//! ```
//!
//! Code whose result comes from birthmark has none with `off`. Deadlines and [`AbortScope`] abort nothing, hooks are not called,
//! and a [`TaskLocal`] never has a value. [`#[birthmark::test]`](macro@test) is a test without a check. `birthmark-http` opens its
//! port all the same.
//!
//! # Cost
//!
//! A spawn, a poll and an end take no lock, read no clock and do not call the allocator. Hooks and the set-up of a
//! thread at its first spawn are exceptions. A record has 64 bytes, in memory that birthmark maps itself and returns.
//!
//! A thread named `birthmark`, started on first use, advances a coarse clock. While birthmark is off, a spawn costs a
//! load, a branch, and an addition for the coverage line.
//!
//! # Platforms
//!
//! The tests run on Linux. Other systems have fallbacks. For example, a dump does not know the number of OS threads
//! there, and free memory is kept rather than returned.

#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
use birthmark_test_support as _;

#[cfg(not(feature = "off"))]
mod abort_action;
#[cfg(not(feature = "off"))]
mod at_start;
#[cfg(not(feature = "off"))]
mod awaits;
#[cfg(not(feature = "off"))]
mod deadlines;
#[cfg(not(feature = "off"))]
mod delivery;
#[cfg(not(feature = "off"))]
pub mod extension;
#[cfg(not(feature = "off"))]
mod install;
#[cfg(not(feature = "off"))]
mod leaks;
#[cfg(not(feature = "off"))]
mod observers;
#[cfg(feature = "off")]
mod off;
#[cfg(not(feature = "off"))]
mod output;
#[cfg(not(feature = "off"))]
mod panic_report;
#[cfg(not(feature = "off"))]
mod platform;
#[cfg(not(feature = "off"))]
mod rules;
#[cfg(not(feature = "off"))]
mod spawn_stacks;
#[cfg(not(feature = "off"))]
mod threads;

// Before `__private`, because errors name the first path to a type.
#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub use birthmark_core::undone_by_instrument_skip;

#[cfg(not(feature = "off"))]
#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by generated code; it changes without notice.

    pub use birthmark_core::__private::*;

    // How the runtime comes into a program that does not mention it.
    pub use crate::__at_start as at_start;
    pub use crate::__test_scope as test_scope;
    pub use crate::at_start::{
        carry_at_start, install_at_start, install_at_start_of_tests, rules_at_start,
        spawn_stacks_at_start,
    };
    pub use crate::leaks::{suite_body, suite_scope, test_body, test_scope};

    // How libraries give child tasks what their spawner has.
    pub use crate::__carrier as carrier;
    pub use crate::extension::carriers::Carrier;
}

#[cfg(not(feature = "off"))]
pub use crate::deadlines::abort_tree;
#[cfg(not(feature = "off"))]
pub use crate::delivery::{write_dump, DumpSignal, ParseSignalError};
#[cfg(not(feature = "off"))]
pub use crate::install::{builder, install, Builder};
#[cfg(not(feature = "off"))]
pub use crate::leaks::{assert_no_leaks, leak_scope, LeakCheck, LeakScope, Leaks};
#[cfg(not(feature = "off"))]
pub use crate::observers::add_hook_for;
#[cfg(feature = "off")]
pub use crate::off::*;
#[cfg(not(feature = "off"))]
pub use crate::panic_report::{report_panic, PanicReport, PanicText, ParsePanicReportError};
#[cfg(not(feature = "off"))]
pub use crate::rules::{
    add_rule, rules, timebox, Action, ParseRuleError, RuleReport, RuleStats, Timebox, TimeboxSpawn,
};
pub use birthmark_core::{
    add_hook, cancelled, catch_refusal, deadline, disable, enable, is_cancelled, is_enabled, named,
    remaining, root, scope, set_hook, set_label, set_name, task_local, with_deadline,
    with_deadline_blocking, with_label, with_label_async, with_name, with_name_async, with_timeout,
    with_timeout_blocking, AbortScope, Abortable, Aborted, Attachment, Cancelled, Exceeded,
    FrameSite, Gate, GateFuture, HookHandle, Kind, Label, LabelIter, Labels, Loan, Name,
    NameOrigin, Outcome, ParseTaskIdError, Refusal, Scope, SetHookError, Site, Spawn, SpawnHook,
    SubtreeTask, TaskId, TaskLocal, TaskLocalError, TaskRef, WithContext, WithDeadline, MAX_LABELS,
    MAX_LABEL_LEN, MAX_NAME_LEN,
};
pub use birthmark_dump::{
    current, dropped, is_instrumented, render, sites, task_count, Ancestor, AwaitDetail,
    AwaitFrame, AwaitLocation, AwaitReceiver, AwaitStack, BadEnds, Coverage, Delays, DroppedAwait,
    DroppedBy, Dump, Filter, Frame, FrameSource, GoneTask, Lineage, LocalToRedact, LocalVariable,
    MissingFrames, NativeFrame, NativeStack, OsThread, PanicPlace, ParseAwaitDetailError,
    ParseFilterError, ParseThreadDetailError, SiteStats, SpawnStack, Stack, StackError, State,
    SystemCall, Task, TaskSpan, ThreadDetail, ThreadState, WokenBy,
};
#[cfg(feature = "attribute")]
pub use birthmark_macros::{instrument, test};

#[cfg(not(feature = "off"))]
/// Takes a snapshot of all live tasks.
///
/// # Examples
///
/// ```
/// println!("{}", birthmark::dump());
/// println!("{}", birthmark::dump().tree());
/// ```
pub fn dump() -> Dump {
    birthmark_dump::__private::dump(threads::look, awaits::read)
}

#[cfg(not(feature = "off"))]
/// Returns a report of the tasks that cannot go on, and why: that of [`Dump::stuck`] for a dump of this moment.
///
/// # Examples
///
/// ```
/// eprintln!("{}", birthmark::stuck());
/// ```
pub fn stuck() -> String {
    dump().stuck().to_string()
}

#[cfg(not(feature = "off"))]
/// Returns all live tasks. A [`dump`] holds the same tasks in a fraction of the memory.
///
/// # Examples
///
/// ```
/// for task in birthmark::tasks() {
///     println!("{} {} is {}", task.id(), task.role(), task.state());
/// }
/// ```
pub fn tasks() -> Vec<Task> {
    dump().tasks().collect()
}
