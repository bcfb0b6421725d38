#[birthmark::instrument]
fn main() {
    let x = ;
    std::thread::spawn(|| x);
}
