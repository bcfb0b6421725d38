// Lifetimes, const generics, traits, nested modules and functions, at any depth.
birthmark_ui_tests::twice! {
    use std::fmt::Display;
    use std::future::Future;
    use std::thread;

    pub struct Server<'a, T, const N: usize> {
        values: &'a [T; N],
    }

    impl<'a, T: Sync + Display, const N: usize> Server<'a, T, N> {
        const LEN: fn() -> usize = || thread::spawn(|| N).join().unwrap();

        pub fn new(values: &'a [T; N]) -> Self {
            Self { values }
        }

        pub fn texts<'b, F>(&'b self, text: F) -> Vec<String>
        where
            F: for<'c> Fn(&'c T) -> String + Sync + 'b,
        {
            let text = &text;
            thread::scope(|s| {
                let all: Vec<_> = self.values.iter().map(|value| s.spawn(move || text(value))).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            })
        }

        pub fn len(&self) -> usize {
            fn inner<const M: usize>() -> usize {
                thread::spawn(|| M).join().unwrap()
            }
            inner::<N>() + (Self::LEN)()
        }
    }

    pub trait Run: Sized + Send + 'static {
        fn value(&self) -> usize;

        fn run(self) -> impl Future<Output = usize> {
            async move { tokio::spawn(async move { self.value() }).await.unwrap() }
        }
    }

    impl Run for String {
        fn value(&self) -> usize {
            thread::scope(|s| s.spawn(|| self.len()).join().unwrap())
        }
    }

    pub mod deep {
        pub(super) mod deeper {
            pub fn impl_trait(n: usize) -> impl FnOnce() -> usize {
                move || std::thread::spawn(move || n).join().unwrap()
            }
        }
    }

    pub async fn all() -> Vec<String> {
        let mut all = Server::new(&[1, 2, 3]).texts(|n| n.to_string());
        all.push(Server::new(&["a", "b"]).len().to_string());
        all.push(String::from("four").run().await.to_string());
        all.push(deep::deeper::impl_trait(7)().to_string());
        all
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(plain::all()), runtime.block_on(marked::all()));
}
