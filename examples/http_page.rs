//! A shop that takes five orders a second and forgets some of them. A browser shows its tasks.
//!
//!     cargo run --example http_page
//!
//! Open the printed address. In the view *Groups*, the largest group is the leak: tasks named `courier` that wait for
//! an address, which the shop never sends.

use std::error::Error;
use std::time::Duration;

#[tokio::main]
#[birthmark::instrument]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let server = birthmark_http::serve(address.as_deref().unwrap_or("127.0.0.1:6060"))?;
    println!("open {}", server.url());

    let mut shop = shop::Shop::default();
    for number in 1.. {
        shop.take_order(number);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[birthmark::instrument]
mod shop {
    use std::time::Duration;

    use tokio::sync::oneshot;

    /// The shop never sends the address of an order whose number is a multiple of this one.
    const FORGOTTEN: u64 = 5;
    const DISTRICTS: [&str; 3] = ["north", "harbour", "old town"];

    #[derive(Default)]
    pub struct Shop {
        addresses: Vec<oneshot::Sender<String>>,
    }

    impl Shop {
        pub fn take_order(&mut self, number: u64) {
            let (address, to) = oneshot::channel();
            tokio::spawn(birthmark::named!("order {number}" => order(number, to)));
            if number.is_multiple_of(FORGOTTEN) {
                self.addresses.push(address);
            } else {
                // It fails if the order is gone, and then nobody needs it.
                let _ = address.send(format!("{number} Main Street"));
            }
        }
    }

    async fn order(number: u64, to: oneshot::Receiver<String>) {
        birthmark::set_label("district", DISTRICTS[number as usize % DISTRICTS.len()]);
        let paid = tokio::spawn(payment(number));
        let packed = tokio::task::spawn_blocking(move || pack(number));
        if paid.await.is_ok() && packed.await.is_ok() {
            tokio::spawn(courier(to));
        }
    }

    async fn payment(number: u64) {
        tokio::time::sleep(Duration::from_millis(500 + number % 7 * 200)).await;
    }

    fn pack(number: u64) {
        std::thread::sleep(Duration::from_millis(number % 3 * 300));
    }

    async fn courier(to: oneshot::Receiver<String>) {
        if to.await.is_ok() {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}
