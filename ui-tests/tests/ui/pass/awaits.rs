// What is awaited keeps its type, its temporaries, its errors, and stays `Send` and `Unpin` where it was.
#![deny(warnings)]

use std::cell::Cell;
use std::future::{Future, IntoFuture, Ready, ready};
use std::rc::Rc;

pub struct Request(u32);

impl IntoFuture for Request {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        ready(self.0)
    }
}

pub struct Guarded(std::sync::Mutex<u32>);

impl Guarded {
    fn next(&self) -> Ready<u32> {
        ready(*self.0.lock().unwrap())
    }
}

pub trait Service {
    fn call(&self, input: u32) -> impl Future<Output = u32> + Send;
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn is_unpin<T: Unpin>(value: T) -> T {
    value
}

birthmark_ui_tests::twice! {
    use super::*;

    pub async fn into_future() -> u32 {
        Request(1).await + (Request(2)).await + { Request(3) }.await
    }

    async fn borrows(guarded: &Guarded, text: &str) -> usize {
        let reference = &mut ready(text.trim().len());
        reference.await + guarded.next().await as usize
    }

    async fn fails(fail: bool) -> Result<u32, std::num::ParseIntError> {
        let value = async { if fail { "x" } else { "7" }.parse::<u32>() }.await?;
        Ok(value)
    }

    async fn infers() -> Vec<u8> {
        let values = async { "1 2".split(' ').map(|n| n.parse().unwrap()).collect() }.await;
        values
    }

    async fn not_send(counter: Rc<Cell<u32>>) {
        async { counter.set(counter.get() + 1) }.await;
    }

    async fn generic<T: Into<u64>, F: Future<Output = T>>(make: impl Fn() -> F) -> u64 {
        make().await.into() + make().await.into()
    }

    fn recursive(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move {
            if depth == 0 { 0 } else { recursive(depth - 1).await + 1 }
        })
    }

    pub struct Doubling;

    impl Service for Doubling {
        async fn call(&self, input: u32) -> u32 {
            ready(input).await * 2
        }
    }

    async fn closures() -> u32 {
        let add = async |a: u32| ready(a).await + 1;
        match ready(1).await {
            1 if ready(true).into_inner() => add(1).await,
            _ => 0,
        }
    }

    async fn exits() -> u32 {
        let mut sum = 0;
        loop {
            sum += ready(1).await;
            match sum {
                1 => continue,
                2 => { ready(()).await; }
                _ => break,
            }
        }
        'block: {
            if ready(sum).await > 2 {
                break 'block ready(sum).await;
            }
            return 0;
        }
    }

    pub async fn all() -> (u32, usize, String, Vec<u8>, u64, u32, u32, u32, u32) {
        let guarded = Guarded(std::sync::Mutex::new(3));
        let errors = format!("{:?} {}", fails(true).await.is_err(), fails(false).await.unwrap());
        not_send(Rc::new(Cell::new(0))).await;
        (
            into_future().await,
            borrows(&guarded, " ab ").await,
            errors,
            infers().await,
            generic(|| ready(2_u32)).await,
            recursive(30).await,
            Doubling.call(4).await,
            closures().await,
            exits().await,
        )
    }

    pub fn bounds() {
        drop(is_send(into_future()));
        drop(is_send(fails(true)));
        drop(is_send(Doubling.call(1)));
        drop(is_unpin(Box::pin(all())));
        let _ = is_send(async { generic(|| ready(1_u8)).await });
    }
}

fn main() {
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    let (mut plain, mut marked) = (Box::pin(plain::all()), Box::pin(marked::all()));
    assert_eq!(plain.as_mut().poll(&mut context), marked.as_mut().poll(&mut context));
    plain::bounds();
    marked::bounds();
}
