//! Tasks on smol's executor, one of which panics in a job on the pool for blocking work.

use smol::io::AsyncReadExt;

fn main() {
    smol::block_on(async {
        let read = smol::spawn(async {
            let mut text = String::new();
            let mut file = smol::fs::File::open("Cargo.toml").await.unwrap();
            file.read_to_string(&mut text).await.unwrap();
            text.len()
        });
        println!("read {}", read.await > 0);
        let broken = smol::spawn(async { smol::unblock(|| -> u32 { panic!("blocked") }).await });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| smol::block_on(broken)));
        println!("panicked {}", ended.is_err());
    });
}
