//! Programs that a newcomer runs first: `cargo run --example request_names`.
