//! The shapes.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{self, BoxFuture, FutureExt as _};
use futures::stream::{FuturesOrdered, FuturesUnordered, StreamExt as _};
use tokio::sync::{Mutex, Notify, RwLock, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::publish::spawn;

const LONG: Duration = Duration::from_secs(1_000_000);

thread_local! {
    /// Owners that keep locks held and channels open.
    static KEPT: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
}

fn keep<T: 'static>(value: T) {
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(value)));
}

/// Keeps a value alive until here.
fn consume<T>(value: T) {
    std::hint::black_box(&value);
}

async fn hand() {
    sleep(LONG).await; // at: hand
}

// `hand` is what most shapes end in; its line is checked for each by its function.

async fn plain() {
    let kept = [1_u64, 2, 3];
    sleep(LONG).await; // at: plain
    consume(kept);
}

async fn nested4() {
    nested3(7).await; // at: nested
}

async fn nested3(level: u32) {
    nested2(&level).await; // at: nested
    consume(level);
}

async fn nested2(level: &u32) {
    let text = format!("level {level}");
    nested1(text).await; // at: nested
}

#[rustfmt::skip]
async fn nested1(text: String) {
    hand()
        .await; // at: nested
    consume(text);
}

async fn generic<T: Default, F: Future>(future: F) -> T {
    future.await; // at: generic
    T::default()
}

async fn generics() {
    let _: Vec<u8> = generic(generic_inner::<u16>()).await; // at: generic
}

async fn generic_inner<T: Default>() {
    hand().await; // at: generic
    consume(T::default());
}

trait Service {
    fn call(&self) -> BoxFuture<'static, ()>;
}

struct Server {
    port: u16,
}

impl Service for Server {
    fn call(&self) -> BoxFuture<'static, ()> {
        let port = self.port;
        Box::pin(async move {
            hand().await; // at: boxed-dyn
            consume(port);
        })
    }
}

impl Server {
    async fn accept(&self) {
        sleep(LONG).await; // at: method
        consume(self.port);
    }

    async fn run(self) {
        self.accept().await; // at: method
    }
}

trait Handler {
    async fn handle(&mut self);
}

impl Handler for Server {
    async fn handle(&mut self) {
        self.accept_twice().await; // at: trait-method
        self.port = 0;
    }
}

impl Server {
    async fn accept_twice(&mut self) {
        self.port += 1;
        sleep(LONG).await; // at: trait-method
        self.port += 1;
    }
}

async fn boxed_dyn(service: &dyn Service) {
    service.call().await; // at: boxed-dyn
}

async fn recursive(depth: usize) {
    match depth {
        0 => sleep(LONG).await,                    // at: recursive
        _ => Box::pin(recursive(depth - 1)).await, // at: recursive
    }
}

fn recursive_dyn(depth: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        if depth == 0 {
            sleep(LONG).await; // at: recursive-dyn
        } else {
            recursive_dyn(depth - 1).await; // at: recursive-dyn
        }
    })
}

async fn by_reference() {
    let mut future = pin!(hand());
    let future: Pin<&mut dyn Future<Output = ()>> = future.as_mut();
    future.await; // at: reference-dyn
}

async fn timed() {
    let _ = timeout(LONG, hand()).await; // at: timeout
}

async fn mapped() {
    hand().map(|()| 1).then(|_| hand()).fuse().await; // at: adapters
}

async fn select_macro() {
    tokio::select! { // at: select
        () = hand() => {}
        () = plain_branch() => {} // at: none
    }
}

async fn plain_branch() {
    sleep(LONG).await; // at: select
}

async fn select_leaves() {
    let (sender, receiver) = oneshot::channel::<()>();
    keep(sender);
    tokio::select! { // at: select-leaves
        _ = receiver => {}
        () = sleep(LONG) => {}
    }
}

async fn join_macro() {
    let mut done = false;
    tokio::join!(async { done = true }, hand(), plain_branch_2(),); // at: join
    consume(done);
}

async fn plain_branch_2() {
    sleep(LONG).await; // at: join
}

async fn futures_select() {
    let (mut first, mut second) = (pin!(hand().fuse()), pin!(hand().fuse()));
    futures::select! { // at: futures-select
        () = first => {}
        () = second => {}
    }
}

async fn futures_join() {
    futures::join!(hand(), plain_branch_3()); // at: futures-join
}

async fn plain_branch_3() {
    sleep(LONG).await; // at: futures-join
}

async fn select_function() {
    let (mut first, mut second) = (pin!(hand()), pin!(hand()));
    let (first, second) = (first.as_mut(), second.as_mut());
    let either = future::select(first, second).await; // at: select-function
    consume(either);
}

async fn joined_all() {
    let ready = async {}.boxed();
    future::join_all([ready, hand().boxed(), hand().boxed()]).await; // at: join-all
}

async fn unordered() {
    let mut futures: FuturesUnordered<_> = (0..3).map(numbered).collect();
    while futures.next().await.is_some() {} // at: unordered
}

async fn numbered(number: u32) -> u32 {
    if number > 0 {
        sleep(LONG).await; // at: unordered
    }
    number
}

async fn ordered() {
    let mut futures: FuturesOrdered<_> = (1..3).map(numbered_2).collect();
    while futures.next().await.is_some() {} // at: ordered
}

async fn numbered_2(number: u32) -> u32 {
    sleep(LONG).await; // at: ordered
    number
}

async fn buffered() {
    let numbers = futures::stream::iter(1..10_u32);
    let mut stream = pin!(numbers.map(numbered_3).buffer_unordered(2));
    while stream.next().await.is_some() {} // at: buffered
}

async fn numbered_3(number: u32) -> u32 {
    sleep(LONG).await; // at: buffered
    number
}

/// A future written by hand, as a struct.
struct ByHand<F> {
    polls: usize,
    inner: F,
}

impl<F: Future> Future for ByHand<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is not moved out.
        let this = unsafe { self.get_unchecked_mut() };
        this.polls += 1;
        // SAFETY: `self` is pinned, and so is `inner`.
        unsafe { Pin::new_unchecked(&mut this.inner) }.poll(context)
    }
}

async fn by_hand() {
    ByHand {
        polls: 0,
        inner: hand(),
    }
    .await; // at: by-hand
}

/// A future written by hand, as an enum.
enum Either<A, B> {
    Left(A),
    Right(B),
}

impl<A: Future, B: Future<Output = A::Output>> Future for Either<A, B> {
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<A::Output> {
        // SAFETY: neither is moved out, and `self` is pinned.
        unsafe {
            match self.get_unchecked_mut() {
                Self::Left(future) => Pin::new_unchecked(future).poll(context),
                Self::Right(future) => Pin::new_unchecked(future).poll(context),
            }
        }
    }
}

async fn by_hand_enum(is_left: bool) {
    let future = match is_left {
        true => Either::Left(hand()),
        false => Either::Right(plain()),
    };
    future.await; // at: by-hand-enum
}

async fn optional() {
    let future = future::OptionFuture::from(Some(Box::pin(hand())));
    future.await; // at: option
}

async fn poll_fn() {
    let mut boxed = hand().boxed();
    future::poll_fn(move |context| boxed.as_mut().poll(context)).await; // at: poll-fn
}

async fn closure<F: AsyncFn(u32)>(function: F) {
    function(3).await; // at: async-closure
}

async fn async_closure() {
    let number = 4;
    closure(async |other| {
        sleep(LONG).await; // at: async-closure
        consume(number + other);
    })
    .await; // at: async-closure
}

async fn mutex(mutex: Arc<Mutex<u32>>) {
    let guard = mutex.lock().await; // at: mutex
    consume(guard);
}

async fn rwlock(lock: Arc<RwLock<u32>>) {
    let guard = lock.write().await; // at: rwlock
    consume(guard);
}

async fn channel() {
    let (sender, mut receiver) = mpsc::channel::<String>(1);
    let received = receiver.recv().await; // at: channel
    consume((received, sender));
}

async fn oneshot() {
    let (sender, receiver) = oneshot::channel::<String>();
    let received = receiver.await; // at: oneshot
    consume((received, sender));
}

async fn notified() {
    let notify = Notify::new();
    notify.notified().await; // at: notified
}

async fn semaphore() {
    let semaphore = Semaphore::new(0);
    let permit = semaphore.acquire().await; // at: semaphore
    consume(permit);
}

async fn join_handle() {
    let handle = tokio::spawn(spawned());
    let result = handle.await; // at: join-handle
    consume(result);
}

async fn spawned() {
    sleep(LONG).await; // at: join-handle
}

async fn join_set() {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async {});
    for number in 0..2 {
        tasks.spawn(in_set(number));
    }
    while tasks.join_next().await.is_some() {} // at: join-set
}

async fn in_set(number: u32) {
    sleep(LONG).await; // at: join-set
    consume(number);
}

async fn shared() {
    hand().shared().await; // at: shared
}

async fn tried() {
    let result = futures::try_join!(fallible(1), fallible(2)); // at: try-join
    consume(result);
}

async fn fallible(number: u32) -> Result<u32, ()> {
    sleep(LONG).await; // at: try-join
    Ok(number)
}

async fn catching() {
    let caught = std::panic::AssertUnwindSafe(hand()).catch_unwind().await; // at: catch-unwind
    consume(caught);
}

async fn abortable() {
    let (future, handle) = future::abortable(hand());
    let result = future.await; // at: abortable
    consume((result, handle));
}

async fn large() {
    let bytes = [7_u8; 20_000];
    hand().await; // at: large
    consume(bytes);
}

async fn stream_unfold() {
    let stream = futures::stream::unfold(0, |number| async move {
        sleep(LONG).await; // at: unfold
        Some((number, number + 1))
    });
    let mut stream = stream.boxed();
    while stream.next().await.is_some() {} // at: unfold
}

async fn two_on_a_line() {
    consume((std::future::ready(()).await, hand().await)); // at: two
}

async fn in_a_loop() {
    for number in 0.. {
        match number {
            0 => tokio::task::yield_now().await,
            1 => hand().await, // at: loop
            _ => plain().await,
        }
    }
}

#[derive(Clone, Copy)]
#[expect(dead_code, reason = "the type has it")]
enum Colour {
    Green { shade: u8 },
    Red,
}

async fn locals() {
    let count = 42_i32;
    let name = String::from("crème");
    let word = "static";
    let ratio = 0.5_f64;
    let letter = 'é';
    let is_on = true;
    let colour = Colour::Green { shade: 9 };
    let maybe: Option<u16> = Some(5);
    let none: Option<&u8> = None;
    let list = vec![1_u16, 2, 3];
    let password = String::from("secret");
    sleep(LONG).await; // at: locals
    consume((
        count, name, word, ratio, letter, is_on, colour, maybe, none, list, password,
    ));
}

/// Spawns a task of each shape.
pub fn spawn_all() {
    spawn("plain", plain());
    spawn("nested", nested4());
    spawn("generic", generics());
    spawn("boxed-dyn", async { boxed_dyn(&Server { port: 80 }).await }); // at: boxed-dyn
    spawn("method", Server { port: 80 }.run());
    spawn("trait-method", async { Server { port: 80 }.handle().await }); // at: trait-method
    spawn("recursive", recursive(3));
    spawn("recursive-dyn", recursive_dyn(2));
    spawn("reference-dyn", by_reference());
    spawn("timeout", timed());
    spawn("adapters", mapped());
    spawn("select", select_macro());
    spawn("select-leaves", select_leaves());
    spawn("join", join_macro());
    spawn("futures-select", futures_select());
    spawn("futures-join", futures_join());
    spawn("select-function", select_function());
    spawn("join-all", joined_all());
    spawn("unordered", unordered());
    spawn("ordered", ordered());
    spawn("buffered", buffered());
    spawn("by-hand", by_hand());
    spawn("by-hand-enum", by_hand_enum(true));
    spawn("option", optional());
    spawn("poll-fn", poll_fn());
    spawn("async-closure", async_closure());
    let lock = Arc::new(Mutex::new(1));
    keep(lock.clone().try_lock_owned());
    spawn("mutex", mutex(lock));
    let lock = Arc::new(RwLock::new(1));
    keep(lock.clone().try_read_owned());
    spawn("rwlock", rwlock(lock));
    spawn("channel", channel());
    spawn("oneshot", oneshot());
    spawn("notified", notified());
    spawn("semaphore", semaphore());
    spawn("join-handle", join_handle());
    spawn("join-set", join_set());
    spawn("shared", shared());
    spawn("try-join", tried());
    spawn("catch-unwind", catching());
    spawn("abortable", abortable());
    spawn("large", large());
    spawn("unfold", stream_unfold());
    spawn("two", two_on_a_line());
    spawn("loop", in_a_loop());
    spawn("locals", locals());
    spawn("root-box", Box::pin(hand()));
    spawn("root-timeout", timeout(LONG, hand()).map(drop));
}
