//! A program that uses birthmark with `--cfg with`, names its tasks with `--cfg named`, and does the same without either.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread;

#[cfg_attr(with, birthmark::instrument)]
mod server {
    use super::*;

    pub async fn handle(request: u64, answers: Sender<u64>) {
        #[cfg(named)]
        birthmark::set_name("a request");
        #[cfg(named)]
        birthmark::set_label("tenant", "acme");
        let sum = add_up(vec![2, 3, request]).await;
        thread::spawn(move || answers.send(sum).unwrap());
    }

    async fn add_up(prices: Vec<u64>) -> u64 {
        thread::scope(|scope| {
            let half = scope.spawn(|| prices.iter().sum::<u64>());
            half.join().unwrap()
        })
    }
}

#[cfg_attr(with, birthmark::instrument)]
fn main() {
    #[cfg(with)]
    birthmark::builder()
        .dump_format(birthmark::render::Format::Tree)
        .watch()
        .install();
    #[cfg(with)]
    let _hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
        spawn.set_name("named by the hook");
    });
    #[cfg(with)]
    if let Some(task) = birthmark::current() {
        println!("{} {}", task.role(), task.lineage());
    }
    let (send, receive) = channel();
    for request in 0..8 {
        let mut future = pin!(server::handle(request, send.clone()));
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Pending = future.as_mut().poll(&mut context) {}
    }
    drop(send);
    println!("{}", receive.iter().sum::<u64>());
}
