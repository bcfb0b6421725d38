mod elsewhere {
    use std::future::{Future, Ready};

    pub trait Job {}
    impl Job for Ready<u8> {}

    pub fn spawn(task: Ready<u8>) -> u8 {
        task.into_inner()
    }

    pub fn spawn_local(task: impl Job) {
        drop(task);
    }

    pub fn spawn_on(task: impl Future + Copy, executor: u8) {
        drop((task, executor));
    }

    pub fn spawn_fn(task: fn() -> u8) -> u8 {
        task()
    }

    pub fn spawn_blocking(task: &dyn Fn() -> u8) -> u8 {
        task()
    }
}

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

#[derive(Clone, Copy)]
struct Copied;

impl Future for Copied {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn named() -> u8 {
    1
}

#[birthmark::instrument]
fn main() {
    elsewhere::spawn(ready(1));
    elsewhere::spawn_local(ready(1));
    elsewhere::spawn_on(Copied, 1);
    elsewhere::spawn_fn(named);
    elsewhere::spawn_fn(|| 1);
    let closure = || 1;
    elsewhere::spawn_blocking(&closure);
}
