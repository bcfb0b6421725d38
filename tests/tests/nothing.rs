//! A program without instrumented code says so. No spawn here has the attribute.

use birthmark_test_support as _;

#[test]
fn dump_of_a_program_without_instrumented_code_has_the_remedy() {
    assert!(!birthmark::is_instrumented());
    birthmark::install();
    let dump = birthmark::dump().to_string();
    let (_, below) = dump.split_once('\n').unwrap();
    let expected = "nothing in this build is instrumented\n\
                    help: put `#[birthmark::instrument]` on code that spawns, or start the program by `cargo birthmark run`\n";
    assert!(below.starts_with(expected), "{dump}");
}
