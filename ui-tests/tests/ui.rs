//! Compiles every file below `ui/`: those in `pass` also run, the errors of those in `fail` are compared.

use birthmark_test_support as _;

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
