async fn work() -> u32 {
    1
}

#[birthmark::instrument]
async fn run() {
    let text: String = tokio::spawn(work()).await.unwrap();
    tokio::spawn(async { 1 + "a" });
    tokio::spawn(missing(text));
}

fn main() {
    drop(run());
}
