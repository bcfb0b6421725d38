//! Everything at once, while birthmark is switched off and on: each spawn is either recorded, and then
//! all of it holds, or counted as not recorded.

use birthmark_integration_tests::stress::{Options, run};

#[test]
fn every_invariant_holds_while_it_is_switched_off_and_on() {
    run(Options::from_env(2, true));
}

/// `cargo test --release -p birthmark-integration-tests --test stress_toggle -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn every_invariant_holds_while_it_is_switched_off_and_on_for_long() {
    run(Options {
        steps: 200_000,
        ..Options::from_env(8, true)
    });
}
