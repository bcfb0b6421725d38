fn launch<T>(_: T) {}

#[birthmark::instrument]
fn main() {
    launch(birthmark::named!("job" => || ()));
    let _task = birthmark::root!(|| ());
}
