// The attribute inside of an instrumented item, also under another name, and tracing's of the same name.
#![deny(warnings)]

use birthmark::instrument;

#[instrument]
mod outer {
    use birthmark::instrument;

    pub struct Server;

    impl Server {
        #[instrument]
        pub fn once(&self) -> i32 {
            spawn(|| 1) + launch(|| 2)
        }

        #[instrument(also(launch))]
        pub fn merged(&self) -> i32 {
            spawn(|| 1) + launch(|| 2)
        }

        #[birthmark::instrument(skip)]
        pub fn skipped(&self) -> i32 {
            #[birthmark::instrument]
            fn inner() -> i32 {
                spawn(|| 3)
            }
            spawn(|| 1) + launch(|| 2) + inner()
        }

        #[cfg_attr(all(), birthmark::instrument(skip))]
        pub fn conditional(&self) -> i32 {
            spawn(|| 1)
        }

        #[tracing::instrument(skip(self), fields(a = 1))]
        pub fn traced(&self) -> i32 {
            spawn(|| 1)
        }
    }

    fn spawn<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    fn launch<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
}

mod tracings {
    use tracing::instrument;

    #[birthmark::instrument]
    pub mod marked {
        #[super::instrument(skip(n))]
        pub fn traced(n: i32) -> i32 {
            std::thread::spawn(move || n).join().unwrap()
        }
    }

    #[instrument]
    #[birthmark::instrument]
    pub async fn below(n: i32) -> i32 {
        tokio::spawn(async move { n }).await.unwrap()
    }

    #[birthmark::instrument]
    #[instrument]
    pub async fn above(n: i32) -> i32 {
        tokio::spawn(async move { n }).await.unwrap()
    }
}

#[birthmark::instrument(frames = false)]
mod without_frames {
    #[birthmark::instrument]
    pub async fn inherits(n: i32) -> i32 {
        std::future::ready(n).await
    }

    #[tracing::instrument]
    pub async fn traced(n: i32) -> i32 {
        std::future::ready(n).await
    }
}

async fn plain(n: i32) -> i32 {
    std::future::ready(n).await
}

#[instrument(skip)]
fn alone() -> i32 {
    std::thread::spawn(|| 1).join().unwrap()
}

#[instrument]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = outer::Server;
    let sum = server.once() + server.merged() + server.skipped() + server.conditional() + server.traced();
    assert_eq!(sum + alone() + tracings::marked::traced(1), 16);
    assert_eq!(tracings::below(1).await + tracings::above(1).await + tokio::spawn(async { 1 }).await.unwrap(), 3);
    assert_eq!(size_of_val(&without_frames::inherits(1)), size_of_val(&plain(1)));
    assert_eq!(without_frames::inherits(1).await + without_frames::traced(1).await + plain(1).await, 3);
    let of = |function: &str| birthmark::sites().iter().filter(|site| site.site.function() == function).count();
    assert_eq!((of("Server::once"), of("Server::merged"), of("Server::traced")), (1, 2, 1));
    assert_eq!((of("Server::skipped"), of("Server::conditional"), of("alone"), of("main")), (0, 0, 0, 1));
}
