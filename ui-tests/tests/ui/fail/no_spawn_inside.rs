#[birthmark::instrument]
struct Struct;

#[birthmark::instrument]
enum Enum {}

#[birthmark::instrument]
use std::thread as os;

#[birthmark::instrument]
type Alias = Struct;

fn main() {
    // The items are there all the same.
    let _: Option<Enum> = None;
    let _: Alias = Struct;
    os::yield_now();
}
