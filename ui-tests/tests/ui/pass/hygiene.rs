// Nothing of the user's gets in the way: no prelude, modules and locals with the names that we use, lints.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]

mod birthmark {}
mod core {}
mod std {}
mod alloc {}
mod inventory {}

mod shadows {
    #![allow(dead_code, non_camel_case_types)]
    pub struct TaskHandle;
    pub struct Site;
    pub enum Option {}
    pub fn birth() {}

    #[::birthmark::instrument]
    pub async fn all<const N: usize>(__birthmark: u32, _birthmark: u32) -> u32 {
        let handle = 1;
        let task = async move { __birthmark + _birthmark + handle };
        let a = ::tokio::spawn(task).await.unwrap();
        let b = ::tokio::spawn(async move { __birthmark }).await.unwrap();
        let c = ::std::thread::spawn(move || __birthmark + _birthmark).join().unwrap();
        let d = ::std::thread::scope(|s| s.spawn(|| __birthmark + _birthmark).join().unwrap());
        let e = ::tokio::spawn(::birthmark::named!("{__birthmark} {}", _birthmark => async move { handle })).await;
        a + b + c + d + e.unwrap() + N as u32
    }
}

fn main() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().build().unwrap();
    ::std::assert_eq!(runtime.block_on(shadows::all::<5>(1, 2)), 17);
}
