#[birthmark::instrument]
mod inner;

fn main() {}
