// The error is on what is awaited, as without the attribute.
#[birthmark::instrument]
async fn awaits_a_number(number: u32) -> u32 {
    number.await
}

fn main() {
    drop(awaits_a_number(1));
}
