//! Two tasks that wait for each other: each needs a message that the other one would send later.
//!
//! ```text
//! cargo run --example each_other
//! ```
//!
//! The stacks show both sides: the buyer waits for the goods, and the seller waits for the money.

use tokio::sync::mpsc::{Receiver, Sender, channel};

struct Goods;
struct Money;

#[birthmark::instrument]
async fn buy(pay: Sender<Money>, mut goods: Receiver<Goods>) {
    receive_goods(&mut goods).await;
    let _ = pay.send(Money).await;
}

#[birthmark::instrument]
async fn sell(deliver: Sender<Goods>, mut money: Receiver<Money>) {
    receive_money(&mut money).await;
    let _ = deliver.send(Goods).await;
}

#[birthmark::instrument]
async fn receive_goods(goods: &mut Receiver<Goods>) -> Option<Goods> {
    goods.recv().await
}

#[birthmark::instrument]
async fn receive_money(money: &mut Receiver<Money>) -> Option<Money> {
    money.recv().await
}

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::install();
    let (pay, money) = channel(1);
    let (deliver, goods) = channel(1);
    tokio::spawn(buy(pay, goods));
    tokio::spawn(sell(deliver, money));
    tokio::task::yield_now().await;
    println!("{}", birthmark::dump());
}
