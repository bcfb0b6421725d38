//! A name and its task are separated by an arrow, whether or not the code is instrumented.

async fn serve() {}

fn plain() {
    tokio::spawn(birthmark::named!("conn", serve()));
}

#[birthmark::instrument]
fn instrumented() {
    tokio::spawn(birthmark::named!("conn" =>));
}

fn main() {}
