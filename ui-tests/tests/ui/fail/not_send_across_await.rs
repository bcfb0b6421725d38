// The error names the value and the await, as without the attribute.
use std::rc::Rc;

#[birthmark::instrument]
async fn holds_a_counter() {
    let counter = Rc::new(1);
    std::future::ready(()).await;
    drop(counter);
}

fn is_send(_: impl Send) {}

fn main() {
    is_send(holds_a_counter());
}
