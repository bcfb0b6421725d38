//! Runs one case with glibc's malloc. See [`birthmark_benches::case`].

fn main() {
    birthmark_benches::case::main();
}
