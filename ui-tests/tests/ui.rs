//! Compiles every file below `ui/`: those in `pass` also run, the errors of those in `fail` are compared.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
