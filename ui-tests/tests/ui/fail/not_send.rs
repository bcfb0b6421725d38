#[birthmark::instrument]
fn closure() {
    let shared = std::rc::Rc::new(1);
    std::thread::spawn(move || println!("{shared}"));
}

#[birthmark::instrument]
fn block() {
    let shared = std::rc::Rc::new(1);
    tokio::spawn(async move {
        std::future::ready(()).await;
        println!("{shared}");
    });
}

async fn work() {
    let shared = std::rc::Rc::new(1);
    std::future::ready(()).await;
    println!("{shared}");
}

#[birthmark::instrument]
fn call() {
    tokio::spawn(work());
    let task = work();
    tokio::spawn(task);
}

fn main() {
    closure();
    block();
    call();
}
