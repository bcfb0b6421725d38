//! Dumps of [birthmark](https://docs.rs/birthmark) from outside: the tasks of another process or of a core file.
//!
//! The records of birthmark have a layout that another process can read. So a dump needs nothing of the program. No code
//! runs in it, and no thread stops unless native stacks are requested. A crashed program has its tasks in its core file. The command `birthmark` of the crate
//! `birthmark-cli` shows such dumps. This crate is for programs that take them themselves.
//!
//! ```no_run
//! use birthmark_outside::Target;
//!
//! let target = Target::process(4711)?;
//! let dump = target.dump()?;
//! println!("{}", dump.filter(&"state=suspended&for=1m".parse()?).tree());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is found
//!
//! A program with birthmark maps a page named `birthmark`, which leads to the records. So they are found in stripped
//! executables, and each copy of birthmark in a process is found ([`Target::copies`]). Without that page, the symbol of the
//! records leads there.
//!
//! # What is proved
//!
//! All slots are copied while the program runs. A slot counts if it had the same id before and after, because ids are never
//! reused. So each task in a dump is one that existed, with the lineage that it had. A task that lives throughout the reading
//! is in the dump. [`Coverage::uncertain_records`](birthmark_dump::Coverage::uncertain_records) counts names and ancestors
//! that changed too often to be read.
//!
//! # Await stacks
//!
//! [`Target::with_awaits`] adds await stacks out of the debug information of the executable, or of a separate file. A
//! stack is of one moment: the task has not run while its future was read.
//!
//! # Native stacks
//!
//! [`Target::dump_with_threads`] reads the native stacks of OS threads on request. This is the one thing that stops threads,
//! each for a moment. A core file has the stacks of its threads.
//!
//! # Untrusted input
//!
//! Memory may be damaged, or made to harm. No content makes this crate panic, loop for ever, or take more memory than a
//! multiple of the records. [`Target::set_limit`] bounds the records. Texts lose characters that control a terminal.
//!
//! # Limits
//!
//! - Linux with 64-bit processors of the same byte order. On other systems, opening a process is an error.
//! - Names and labels leave the process as they are. A redaction of the program runs in the program alone.
//! - Spans of tracing are in the memory of a subscriber, so dumps from outside have none.
//!
//! # Modules
//!
//! Each module uses those above it in this table, and none below.
//!
//! | module | contents |
//! | --- | --- |
//! | `error` | errors of opening a target |
//! | `memory` | reads of the target's memory |
//! | `layout` | the checked description of the records |
//! | `find` | the search for the description |
//! | `procfs` | facts about a process, out of procfs |
//! | `sites` | copies of spawn sites and frame sites |
//! | `slots` | the copy of all slots, and its proof |
//! | `records` | the source of a snapshot |
//! | `native` | native stacks of threads |
//! | `threads` | the OS threads of a target |
//! | `awaits` | the futures of suspended tasks, for await stacks |
//! | `target` | the public interface |

#![warn(missing_debug_implementations)]

mod awaits;
mod error;
mod find;
mod layout;
mod memory;
#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "no_native.rs"
)]
mod native;
mod procfs;
mod records;
mod sites;
mod slots;
mod target;
mod threads;

pub use error::OpenError;
pub use target::{Copy, Target, id_in_container, is_in_container, processes, program};

#[cfg(test)]
use birthmark_test_support as _;
