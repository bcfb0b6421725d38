fn spawn<F: Fn() -> usize>(f: F) -> usize {
    f() + f()
}

#[birthmark::instrument]
fn main() {
    let text = String::from("a");
    spawn(|| text.len());
}
