//! Reads the await stacks of suspended tasks out of debug information.
//!
//! An `async fn` becomes a state machine. Its state is a number in memory, and the state's variant contains the future
//! that the function awaits. Debug information describes both, and has the line of each `await`. So a stack is read from
//! the address and the type of the root future alone. No `await` is instrumented.
//!
//! ```no_run
//! use birthmark_stacks::{DebugInfo, Options, Process, Root, Unchanging};
//!
//! # let (process, address, function) = (1, 2, 3);
//! // Another process has published the address of a future, and of a function with its type as parameter `F`.
//! let mut info = DebugInfo::of_process(process)?;
//! let root = Root::by_function(address, function, "F");
//! let stack = info.stack(&Process { id: process }, &root, &Unchanging, &Options::new());
//! for frame in &stack.frames {
//!     println!("{} is at {:?}", frame.name, frame.location);
//! }
//! # Ok::<(), birthmark_stacks::OpenError>(())
//! ```
//!
//! # The type of the root
//!
//! An [`Anchor`] leads to the type of a future. An anchor is the address of a function that has the type as a type
//! parameter, or the address of a vtable. Linkers and compilers may merge identical functions of two types, and hardly ever vtables.
//! So a root should have a size and a name, which the type must match. [`Root::of`] makes a root of a future of this
//! process.
//!
//! # Tasks that run meanwhile
//!
//! A future that is polled while it is read may give a stack that never was. A [`Guard`] notices: the owner counts each
//! poll twice, and a stack counts only if the count was even and did not change. After some attempts the stack is
//! [`Missing::Running`].
//!
//! # Untrusted input
//!
//! Memory may be stale, and files may be damaged or made to harm. No content makes this crate panic, loop for ever, or
//! take more memory than its limits allow. [`Limits`] bound one stack, apart from the tables that are read once for each file. Files are read and never mapped, because a mapped
//! file that is truncated ends the process.
//!
//! # What it costs
//!
//! The first stack of a process reads the table of addresses, and the units with the types that are needed. Types are
//! kept for the next stack. The README has numbers.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod debug_info;
#[expect(
    non_upper_case_globals,
    reason = "the constants have the names of the DWARF standard"
)]
mod dwarf;
mod elf;
mod guard;
mod known;
mod limits;
mod maps;
mod memory;
mod missing;
mod names;
mod options;
mod read;
mod root;
mod stack;
mod walk;

pub use debug_info::{DebugInfo, OpenError};
pub use guard::{Guard, Unchanging};
pub use limits::Limits;
pub use memory::{CoreFile, CoreFileError, Memory, Process, Ranges, ThisProcess, Unreadable};
pub use missing::Missing;
pub use options::{Locals, Options, Variable};
pub use root::{Anchor, Root};
pub use stack::{Frame, FrameKind, Local, LocalValue, Location, Receiver, Stack, State};

#[cfg(test)]
use birthmark_test_support as _;
