//! Runs one case with mimalloc. See [`birthmark_benches::case`].

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    birthmark_benches::case::main();
}
