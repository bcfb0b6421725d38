//! The example prints what is expected.
//!
//! `BLESS=1 cargo test -p birthmark-examples` writes the expected output after an intended change. Pages that show the
//! output are corrected by hand; see `pages.rs`.

use birthmark_examples::normal::{Ids, normalise};
use birthmark_test_support as _;

const EXPECTED: &str = "tests/request_names.txt";

#[test]
fn output_is_as_expected() {
    let output = birthmark_examples::run("request_names");
    let normal = normalise(&output, &mut Ids::default());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(EXPECTED, &normal).unwrap();
    }
    let expected = std::fs::read_to_string(EXPECTED).unwrap();
    assert_eq!(normal, expected, "the output is now:\n{output}");
}
