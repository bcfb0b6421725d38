//! Programs that a newcomer runs first: `cargo run --example request_names`.

/// The code in the README, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
