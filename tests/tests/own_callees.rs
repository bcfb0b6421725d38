//! Functions of the program that are named like callees, with all kinds of signatures: the program compiles with the
//! attribute as without, and computes the same.

#![allow(
    clippy::all,
    dead_code,
    unused,
    reason = "each module is compiled as it stands, twice"
)]

use std::future::{Future, Ready, ready};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

/// Declares a module for each signature, which is compiled plainly and with the attribute.
macro_rules! signatures {
    ($($name:ident { $($code:tt)* })*) => {$(
        mod $name {
            mod plain {
                use super::super::*;
                $($code)*
            }

            #[birthmark::instrument]
            mod instrumented {
                use super::super::*;
                $($code)*
            }

            #[test]
            fn instrumented_behaves_as_plain() {
                assert_eq!(instrumented::go(), plain::go());
            }
        }
    )*};
}

signatures! {
    borrowed_closure {
        fn spawn(f: &dyn Fn(u8) -> u32) -> u32 { f(2) }
        fn spawn_local(f: &dyn Fn() -> u32) -> u32 { f() * 2 }
        pub fn go() -> [u32; 3] {
            let five = || 5;
            [spawn(&|x| x.into()), spawn_local(&five), spawn_local(&|| 7)]
        }
    }
    borrowed_mutable_closure {
        fn spawn(f: &mut dyn FnMut() -> u32) -> u32 { f() + f() }
        pub fn go() -> u32 {
            let mut n = 0;
            let mut count = || { n += 1; n };
            spawn(&mut count)
        }
    }
    borrowed_type_parameter {
        fn spawn<F: Fn() -> u32>(f: &F) -> u32 { f() + f() }
        pub fn go() -> u32 {
            let four = || 4;
            spawn(&four) + spawn(&|| 1)
        }
    }
    concrete_future {
        fn spawn(x: Ready<u8>) -> u8 { x.into_inner() }
        fn make() -> Ready<u8> { ready(2) }
        pub fn go() -> [u8; 3] {
            let one = ready(1);
            [spawn(one), spawn(make()), spawn(std::future::ready(3))]
        }
    }
    boxed_concrete_future {
        fn spawn(x: Pin<Box<Ready<u8>>>) -> usize { std::mem::size_of_val(&*x) }
        pub fn go() -> usize { spawn(Box::pin(ready(1))) }
    }
    function_pointer {
        fn spawn(f: fn() -> u32) -> u32 { f() }
        fn three() -> u32 { 3 }
        pub fn go() -> [u32; 2] { [spawn(three), spawn(|| 4)] }
    }
    cloned_closure {
        fn spawn<F>(f: F) -> u32 where F: FnOnce() -> u32 + Clone { f.clone()() + f() }
        pub fn go() -> u32 { spawn(|| 4) + spawn(move || 5) }
    }
    copied_closure {
        fn spawn(f: impl Fn() -> u32 + Copy) -> u32 { let g = f; f() + g() }
        pub fn go() -> u32 { let c = || 3; spawn(|| 4) + spawn(c) }
    }
    closure_called_again {
        fn spawn<F: Fn() -> u32>(f: F) -> u32 { f() + f() }
        fn spawn_local<F: FnMut() -> u32>(mut f: F) -> u32 { f() + f() }
        pub fn go() -> u32 {
            let mut n = 0;
            spawn(|| 2) + spawn(move || 3) + spawn_local(|| { n += 1; n })
        }
    }
    boxed_closure_called_again {
        fn spawn(f: Box<dyn Fn() -> u32>) -> u32 { f() + f() }
        pub fn go() -> u32 { spawn(Box::new(|| 2)) + spawn(Box::new(move || 3)) }
    }
    closure_with_parameters {
        fn spawn(f: Box<dyn Fn(u32) -> u32>) -> u32 { f(1) + f(2) }
        fn spawn_local(f: impl for<'a> Fn(&'a str) -> &'a str) -> String { f("ab").to_owned() }
        pub fn go() -> (u32, String) { (spawn(Box::new(|x| x + 1)), spawn_local(|s| &s[1..])) }
    }
    method_of_own_type {
        struct Pool(u32);
        impl Pool {
            fn spawn(&self, f: &dyn Fn() -> u32) -> u32 { f() + self.0 }
            fn execute(&mut self, f: Ready<u32>) -> u32 { self.0 += f.into_inner(); self.0 }
        }
        fn pool() -> Pool { Pool(1) }
        pub fn go() -> [u32; 4] {
            let mut known = Pool(2);
            let c = || 3;
            [known.spawn(&|| 4), pool().spawn(&c), Pool::spawn(&known, &c), known.execute(ready(1))]
        }
    }
    method_of_unit_struct {
        struct Pool;
        impl Pool {
            fn spawn(&self, f: Ready<u32>) -> u32 { f.into_inner() }
        }
        pub fn go() -> u32 {
            let pool = Pool;
            pool.spawn(ready(2)) + Pool.spawn(ready(1))
        }
    }
    own_trait {
        trait Work: Clone { fn run(self) -> u32; }
        impl Work for Ready<u32> { fn run(self) -> u32 { self.into_inner() } }
        fn spawn<W: Work>(w: W) -> u32 { w.clone().run() + w.run() }
        pub fn go() -> u32 { spawn(ready(2)) }
    }
    own_trait_for_all {
        trait Job: FnOnce() -> u32 + Send + 'static {}
        impl<F: FnOnce() -> u32 + Send + 'static> Job for F {}
        fn spawn<J: Job>(job: J) -> u32 { std::thread::spawn(job).join().unwrap() }
        pub fn go() -> u32 { let c = || 3; spawn(|| 2) + spawn(c) }
    }
    type_comes_back {
        fn spawn<T>(t: T) -> T { t }
        pub fn go() -> (u8, usize) {
            let back: Ready<u8> = spawn(ready(7));
            (back.into_inner(), std::mem::size_of_val(&spawn(|| 1)))
        }
    }
    type_of_the_owner {
        struct Queue<F>(Vec<F>);
        impl<F: Fn() -> u32> Queue<F> {
            fn spawn(&mut self, f: F) { self.0.push(f) }
        }
        fn three() -> u32 { 3 }
        pub fn go() -> u32 {
            let mut queue: Queue<fn() -> u32> = Queue(Vec::new());
            queue.spawn(three);
            queue.0[0]()
        }
    }
    type_told_by_callee {
        fn spawn(n: u64) -> u64 { n }
        fn parsed<T: std::str::FromStr>(text: &str) -> T { text.parse().ok().unwrap() }
        fn spawn_blocking(f: Box<dyn FnOnce(u8) -> u64>) -> u64 { f(1) }
        pub fn go() -> u64 { spawn(parsed("4")) + spawn_blocking(Box::new(|n| n.into())) }
    }
    task_before_its_name {
        struct Executor;
        impl Executor {
            fn spawn(&self, f: impl FnOnce() -> u32, name: &str) -> u32 { f() + name.len() as u32 }
        }
        pub fn go() -> u32 {
            let c = move || 1;
            Executor.spawn(|| 2, "two") + Executor.spawn(c, "one")
        }
    }
    shared_closure {
        fn spawn(f: Rc<dyn Fn() -> u32>) -> u32 { f() }
        fn spawn_local(f: Arc<dyn Fn() -> u32 + Send + Sync>) -> u32 { f() }
        pub fn go() -> u32 { spawn(Rc::new(|| 4)) + spawn_local(Arc::new(|| 5)) }
    }
    alias {
        type Job = Box<dyn FnOnce() -> u32 + Send>;
        type Shared = Rc<dyn Fn() -> u32>;
        fn spawn(job: Job) -> u32 { job() }
        fn spawn_local(job: Shared) -> u32 { job() }
        pub fn go() -> u32 {
            let job: Job = Box::new(|| 2);
            spawn(job) + spawn(Box::new(|| 3)) + spawn_local(Rc::new(|| 4))
        }
    }
    imported_callee {
        mod own {
            pub fn spawn(f: &dyn Fn() -> u32) -> u32 { f() }
        }
        mod user {
            use std::thread::spawn;
            pub fn go() -> u32 { spawn(|| 3).join().unwrap() + super::own::spawn(&|| 4) }
        }
        pub fn go() -> u32 { user::go() }
    }
    auto_traits {
        trait Auto: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static {}
        impl<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static> Auto for T {}
        fn spawn<T: Auto>(t: T) -> usize { std::mem::size_of::<T>() }
        pub fn go() -> [usize; 3] { [spawn(ready(3)), spawn(|| 1), spawn(Box::pin(ready(1)))] }
    }
}

/// The tasks of functions that take a task as any callee does keep their records.
#[birthmark::instrument]
mod tasks {
    use super::*;

    fn spawn<F: Future<Output = String>>(name: &str, f: F) -> String {
        assert!(!name.is_empty());
        birthmark_integration_tests::block_on(f)
    }

    struct Executor;

    impl Executor {
        fn spawn(&self, f: impl FnOnce() -> String, name: &'static str) -> String {
            assert!(!name.is_empty());
            f()
        }
    }

    fn role() -> String {
        birthmark::current().map_or_else(String::new, |task| task.role().to_owned())
    }

    async fn job() -> String {
        role()
    }

    #[test]
    fn role_of_a_task_in_any_position_is_its_own() {
        assert_eq!(spawn("job", job()), "job");
        let name = "by name";
        assert_eq!(Executor.spawn(role, name), "role");
        assert_eq!(Executor.spawn(|| role(), name), "role");
        let own = Executor.spawn(|| (role(), 1).0, name);
        assert!(own.ends_with("::{closure}"), "{own}");
    }
}
