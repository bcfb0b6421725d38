// `named!` and `root!` compile where the code is instrumented and where it is not, also imported.
#![deny(warnings)]

birthmark_ui_tests::twice! {
    use birthmark::{root, named};
    use std::thread;

    async fn serve(n: u32) -> u32 {
        n
    }

    pub async fn all(peer: &str) -> Vec<u32> {
        let value = String::from("a value");
        vec![
            tokio::spawn(named!("conn {peer} {}", 1 + 1 => serve(1))).await.unwrap(),
            tokio::spawn(birthmark::named!("conn {peer}" => async move { 2 })).await.unwrap(),
            thread::spawn(root!(move || 3)).join().unwrap(),
            thread::spawn(root!(named!("listener" => || 4))).join().unwrap(),
            thread::spawn(named!("{value}" => root!({ let value = value.clone(); move || value.len() as u32 }))).join().unwrap(),
            thread::scope(|s| s.spawn(named!("{value:?}, {n}", n = 3 => || value.len() as u32)).join().unwrap()),
        ]
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::all("a")), runtime.block_on(marked::all("a")));
}
