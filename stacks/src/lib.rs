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
//! # Parts
//!
//! | part | content |
//! | --- | --- |
//! | `Memory` | a source of memory: this process, another process, a core file, or copied ranges |
//! | `DebugInfo` | the debug information of all files that a process has mapped; files and units are read when they are needed |
//! | `Root` | a future: its address, and a function or vtable that leads to its type |
//! | `Guard` | a count that tells whether a task was polled while its stack was read |
//! | `Stack`, `Frame` | the result, a tree: a combinator such as `join!` has a branch for each future that is not finished |
//! | `Function` | a function at an address, with its line: for native stacks of threads, with the feature `functions` |
//! | `Missing` | a reason why something is not known, with a remedy |
//! | `Locals` | local variables that are alive across an `await`, on request, with a redaction |
//!
//! # What a build must have
//!
//! | build | stacks |
//! | --- | --- |
//! | `debug = 2`, the default of the dev profile | complete |
//! | `debug = 2` for the workspace alone | complete, except inside a `Box<dyn Future>` that a dependency makes |
//! | `debug = 1`, `"line-tables-only"`, or no debug information | none, because types are missing |
//!
//! Optimization, link-time optimization, stripped executables with a separate file, compressed sections and split debug
//! information give the same stacks. The tests compare them for 45 shapes of tasks:
//!
//! ```sh
//! cargo test -p birthmark-stacks
//! cargo test -p birthmark-stacks -- --ignored
//! ```
//!
//! The second command compiles the test program in nine further kinds of builds, one of them with a nightly compiler.
//!
//! A separate file is found by `.gnu_debuglink` or by its build id. The file is beside the executable, in `.debug` there, in
//! `/usr/lib/debug`, or in a folder that `DebugInfo::search_in` adds. `DebugInfo::add_file` takes one by its path. Its build id
//! must be that of the executable.
//!
//! # Cost
//!
//! A task pays nothing until its stack is read. The table has the cost of all stacks of a process, on one core of a shared
//! machine:
//!
//! | process | units | first time | once types are known | memory |
//! | --- | --- | --- | --- | --- |
//! | the test program, 21 MB, 45 tasks, 169 frames | 5 of 227 | 17 ms | 0.9 ms | 7 MiB |
//! | a server with axum, hyper and reqwest, 53 MB, 11 tasks, 51 frames | 8 of 487 | 15 ms | 0.3 ms | 9 MiB |
//!
//! ```sh
//! cargo test -p birthmark-stacks --release --test cost -- --ignored --nocapture
//! ```
//!
//! The first row is what this command prints. Compressed sections are inflated as a whole, and take as much memory.
//!
//! # Limits
//!
//! - Linux with 64-bit little-endian processors, in ELF files. On other systems, `DebugInfo` returns an error.
//! - A task that runs has no stack here. Its thread has one.
//! - Futures behind `Arc`, `Rc` and raw pointers are not followed, except in `FuturesUnordered` and in tokio's
//!   `JoinHandle` and `JoinSet`. The frames below a `JoinHandle` are those of the task that it waits for.
//! - A macro such as `select!` hides the line of its `await`. The frame then has the lines between which it is.
//! - A local variable that was moved is still listed, with what its memory contains now. A redaction should hide texts by
//!   their types, not only by their names, if that matters.
//! - State machines have no stable layout. Rust 1.95 and a nightly compiler are tested. A type that does not fit in size or name is refused.

mod debug_info;
#[expect(
    non_upper_case_globals,
    reason = "the constants have the names of the DWARF standard"
)]
mod dwarf;
mod elf;
#[cfg(feature = "functions")]
mod functions;
mod guard;
mod known;
mod limits;
mod location;
mod maps;
mod memory;
mod missing;
mod names;
mod options;
mod read;
mod root;
mod stack;
mod uses;
mod walk;

pub use debug_info::{AddFileError, DebugInfo, OpenError};
#[cfg(feature = "functions")]
#[cfg_attr(docsrs, doc(cfg(feature = "functions")))]
pub use functions::Function;
pub use guard::{Guard, Unchanging};
pub use limits::Limits;
pub use location::Location;
pub use maps::Mapping;
pub use memory::{
    CoreFile, CoreFileError, CoreThread, MappedFileState, Memory, Process, Ranges, ThisProcess,
    Unreadable,
};
pub use missing::Missing;
pub use options::{Locals, Options, Variable};
pub use root::{Anchor, Root};
pub use stack::{Frame, FrameKind, Local, LocalValue, Receiver, Stack, State};
pub use uses::{JoinedTask, Relation, Resource, Use};

#[cfg(test)]
use birthmark_test_support as _;
