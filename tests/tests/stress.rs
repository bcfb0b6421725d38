//! Everything at once, with birthmark on all the time: the counts are exact.

use birthmark_integration_tests::stress::{Options, run};

#[test]
fn every_invariant_holds_under_stress() {
    run(Options::from_env(1, false));
}

/// `cargo test --release -p birthmark-integration-tests --test stress -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn every_invariant_holds_under_long_stress() {
    run(Options {
        steps: 200_000,
        ..Options::from_env(7, false)
    });
}
