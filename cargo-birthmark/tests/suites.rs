//! The test suites of runtimes and libraries, instrumented with all that they depend on: each test has the outcome of
//! a plain build. Each suite takes minutes: `./test --subjects`.

use birthmark_test_support as _;

mod support;

use support::published::{assert_same_tests, published, reports_of_watch};

/// Declares a test for each suite: package, version, arguments of `cargo test`, and the tests that fail with
/// birthmark because of a limit in the guide.
macro_rules! suites {
    ($($test:ident: $package:literal, $version:literal, $args:literal, $known:expr;)*) => {$(
        #[test]
        #[ignore = "takes minutes"]
        fn $test() {
            assert_same_tests(&published($package, $version), $args, &$known);
        }
    )*};
}

/// Declares a test for each suite of which the rules of `watch` report nothing: package, version, arguments of `cargo test`, and
/// texts of reports that are true.
macro_rules! quiet_suites {
    ($($test:ident: $package:literal, $version:literal, $args:literal, $true_ones:expr;)*) => {$(
        #[test]
        #[ignore = "takes minutes"]
        fn $test() {
            let mut reports = reports_of_watch(&published($package, $version), $args);
            let true_ones: &[&str] = &$true_ones;
            reports.retain(|report| !true_ones.iter().any(|text| report.contains(text)));
            assert_eq!(reports, [] as [String; 0]);
        }
    )*};
}

quiet_suites! {
    watch_reports_nothing_of_hyper_util: "hyper-util", "0.1.21", "--tests --features full", [];
    // `do_test` blocks a worker on purpose, until its runtime is wedged. The drop of `BlockInPlaceOnDrop` panics twice. For the
    // second panic, std reads all debug information for a backtrace, whatever RUST_BACKTRACE is. A busy machine takes seconds.
    watch_reports_nothing_of_tokio: "tokio", "1.54.1", "--tests --features full,test-util", [" do_test::{async} ", " BlockInPlaceOnDrop "];
    watch_reports_nothing_of_tower: "tower", "0.5.3", "--tests --all-features", [];
}

suites! {
    crossbeam_channel: "crossbeam-channel", "0.5.17", "--tests", [];
    crossbeam_deque: "crossbeam-deque", "0.8.8", "--tests", [];
    crossbeam_utils: "crossbeam-utils", "0.8.23", "--tests", [];
    deadpool: "deadpool", "0.13.1", "--tests --all-features", [];
    hyper_util: "hyper-util", "0.1.21", "--tests --features full", [];
    moka: "moka", "0.12.16", "--lib --features sync,future", [];
    quinn: "quinn", "0.11.12", "--lib", [];
    rayon: "rayon", "1.12.0", "--tests", [];
    rayon_core: "rayon-core", "1.13.0", "--tests", [];
    // A crate of the edition 2015, with syntax that the parser does not know.
    futures_of_2015: "futures", "0.1.31", "--tests", [];
    // These expect exact sizes of futures with `join!`, `try_join!` and `select!`, which frames are a part of.
    tokio: "tokio", "1.54.1", "--tests --features full,test-util", [
        "test join_size ",
        "test try_join_size ",
        "test pointer_64_tests::struct_size_1 ",
        "test pointer_64_tests::struct_size_2 ",
        "test pointer_64_tests::struct_size_3 ",
    ];
    tokio_util: "tokio-util", "0.7.20", "--tests --features full", [];
    tower: "tower", "0.5.3", "--tests --all-features", [];
}
