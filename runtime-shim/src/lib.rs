//! Every thread, task and job of a program gets a birthmark: who spawned it, where, and for whom it
//! works. Panics and dumps show it. No spawn is edited.
//!
//! # The words
//!
//! A *task* is one spawned unit of any kind: an OS thread, a scoped thread, a future given to an
//! executor, a blocking job, a rayon job. The main thread is a task too.
//!
//! A *site* is one spawn call in the source. It is known at compile time, so that [`sites`] also lists
//! calls that were never executed.
//!
//! The *role* says what a task is: the function spawned, as `send_email` in
//! `tokio::spawn(send_email(address))`, else the enclosing function with `{closure}`, `{async}` or
//! `{task}`. It is derived at compile time.
//!
//! The *name* says for whom a task works: a request, a tenant. The program sets it, and children inherit
//! it unless their spawn says otherwise. A dump shows where each name came from.
//!
//! *Labels* say what else tasks are told apart by: a tenant, a route, a shard. They are keys and values,
//! inherited like names.
//!
//! The *lineage* is the chain of tasks that led here. Ids are never reused, and a lineage reads correctly
//! after its ancestors have ended. One that grows without end is cut in the middle and says so.
//!
//! # Quick start
//!
//! Put [`#[instrument]`](macro@instrument) on functions, `impl`s, traits or inline modules, and call
//! [`install`] first thing in `main`:
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
//! A panic is then followed by lines like these:
//!
//! ```text
//!   in task 10 "req-id-123123" audit (future), born 1.2 s ago, 2 polls, name from task 9
//!     spawned at examples/request_names.rs:94:9 by tokio::spawn in request_names::app::handler
//!     lineage   10 audit < 9 "req-id-123123" serve_connection < 2 Server::accept_loop < 1 main
//! ```
//!
//! # What each part is for
//!
//! | to | use |
//! | --- | --- |
//! | cover the spawns in an item | [`#[instrument]`](macro@instrument), which also lists the callees that it knows and its limits |
//! | have panics say who panicked | [`install`], [`builder`], [`PanicReport`], and `BIRTHMARK` in the environment (see [`Builder`]) |
//! | say for whom a task works | [`set_name`], [`with_name`], [`with_name_async`]; for one spawn, [`named!`] |
//! | say what else tasks are selected and counted by | [`set_label`], [`with_label`], [`with_label_async`], [`Labels`] |
//! | start afresh, without the spawner's lineage and name | [`detached!`] |
//! | know what everybody does | [`dump`], [`Filter`], [`Coverage`]; in many forms, [`render`]; as values, [`tasks`], [`task_count`], [`Task`] |
//! | know what OS threads do, and which tasks they run | [`Dump::with_threads`], [`ThreadReport`], [`OsThread`] |
//! | know who runs here | [`current`] |
//! | list the spawn calls of the program, with counts | [`sites`], [`SiteStats`], [`Site`] |
//! | be told of spawns, starts and ends | [`set_hook`], [`add_hook`], [`SpawnHook`] |
//! | carry something into children, name, hold back or refuse them | [`Spawn`], [`Gate`], [`Refusal`], [`catch_refusal`] |
//! | switch it off while the program runs | [`disable`], [`enable`], [`is_enabled`] |
//!
//! Without `install`, tasks are recorded all the same; only panics say nothing.
//!
//! # Features
//!
//! | feature | | what it is for |
//! | --- | --- | --- |
//! | `attribute` | default | [`#[instrument]`](macro@instrument) |
//! | `signal` | default | a dump on a signal, which stays off until it is asked for |
//! | `pprof` | | dumps as profiles for pprof, `Format::Pprof` |
//! | `native-stacks` | | [`ThreadReport::Stacks`]: where in its code each OS thread stands, on Linux |
//!
//! # What it costs
//!
//! A spawn, a poll and an end take no lock, read no clock and make no call to the allocator, as long as
//! no hook attaches anything, but for what a thread sets up when it first spawns. Records are 64 bytes,
//! in memory that birthmark maps itself and gives back. A thread named `birthmark`, started on first
//! use, advances a coarse clock. While birthmark is off, a spawn costs a load, a branch, and an addition
//! for the coverage line.
//!
//! # Platforms
//!
//! Linux is tested. Elsewhere there are fallbacks, among them: a dump does not know how many OS threads
//! there are, and free memory is kept rather than given back.

#![warn(missing_debug_implementations)]

#[cfg(test)]
use birthmark_test_support as _;

mod adapt;
mod announced;
mod ask;
mod at;
mod at_start;
mod birth;
mod clock;
mod cloned;
mod closing;
mod dump;
mod enter;
mod escape;
mod fork;
mod frame;
mod future;
mod hook;
mod inherit;
mod install;
mod kind;
mod label;
mod local;
mod macros;
mod mode;
mod name;
mod own_thread;
mod panic_report;
mod redact;
mod registry;
mod running;
mod site;
mod sites;
mod sync;
mod sys;
mod table;
mod task;
mod text;
mod threads;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use crate::ask::{write_dump, DumpSignal, UnknownSignal};
pub use crate::dump::{
    current, dump, render, task_count, tasks, Coverage, Dump, Filter, FilterError,
};
pub use crate::frame::stack::{Frame, Stack};
pub use crate::frame::FrameSite;
pub use crate::hook::{
    add_hook, catch_refusal, set_hook, Gate, HookHandle, Opened, Refusal, SetHookError, Spawn,
    SpawnHook,
};
pub use crate::install::{builder, disable, enable, install, is_enabled, Builder};
pub use crate::kind::Kind;
pub use crate::label::{
    set_label, with_label, with_label_async, Label, LabelIter, Labels, MAX_LABELS, MAX_LABEL_LEN,
};
pub use crate::name::{set_name, with_name, with_name_async, Under, MAX_NAME_LEN};
pub use crate::panic_report::PanicReport;
pub use crate::site::Site;
pub use crate::sites::{sites, SiteStats};
pub use crate::task::{Ancestor, Name, NameOrigin, Outcome, State, Task, TaskId, TaskRef};
pub use crate::threads::{
    NativeFrame, NativeStack, NoStack, OsThread, SystemCall, ThreadReport, ThreadState,
    UnknownThreadReport,
};
#[cfg(feature = "attribute")]
pub use birthmark_macros::instrument;
