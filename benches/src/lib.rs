//! The costs of birthmark, beside the raw runtime and beside its peers.
//!
//! Four commands, from the root of the workspace:
//!
//! ```text
//! cargo run --release -p birthmark-benches --bin table         everything, in one table
//! cargo run --release -p birthmark-benches --bin check-budgets the instruction budgets, pass or fail
//! cargo run --release -p birthmark-benches --bin lower-bound   what no wrapper could go below
//! RUSTFLAGS="--cfg tokio_unstable" \
//! cargo run --release -p birthmark-benches --features console --bin console
//! ```
//!
//! The last is a build of its own because console-subscriber changes what tokio compiles to. The others
//! measure what `cargo build --release` gives, because that is what most programs are. With `--profile
//! lto` instead of `--release` they measure what link-time optimization makes of it: that is where the
//! [budgets] come from, and the runtimes themselves are a quarter cheaper there. `check-budgets` has limits of
//! its own for each; `./test` holds a release against them, `./test --long` both.
//!
//! # How it is measured
//!
//! Every figure comes from a child process, `case` (glibc's malloc) or `case_mimalloc`, which runs
//! one [case] under one [variant], so that what one leaves behind does not touch the
//! next. All variants are in the same binary.
//!
//! - *Instructions* are counted by callgrind: the difference between `2N` units and `N` units, by
//!   `N`. All of it runs on one thread. The result is the same to a few hundredths of an
//!   instruction from run to run, so a budget can be put on it. Only OS threads differ by some fifty from run to
//!   run; there it is the median of five.
//! - *Ratios* of time are taken between neighbours: a child alternates short stretches of raw and
//!   of the variant, and several children of all variants take turns. Shown are the median of all
//!   ratios and the quartiles. Below 15 % they are a sanity check rather than evidence: where the
//!   heap happens to put things weighs as much.
//! - *Bytes* are resident memory, since birthmark's records do not come from the allocator.
//!
//! The wrapper makes a future 8 bytes larger. Allocators round sizes up, and tokio rounds to 128 bytes. A single
//! payload could therefore show 0 or 128 bytes, and a lucky instruction count. So cases on tokio tasks run with
//! [several payloads](case::PAYLOADS), each beside raw with the same payload. The median of the differences counts, and
//! `check-budgets` shows the worst as well.

pub mod budgets;
pub mod case;
pub mod report;
pub mod run;
pub mod spawn;
pub mod stats;
pub mod variant;
pub mod work;
