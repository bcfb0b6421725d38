// Spawns outside of any function body.
birthmark_ui_tests::twice! {
    use std::sync::LazyLock;
    use std::thread::{self, JoinHandle};

    static LAZY: LazyLock<u32> = LazyLock::new(|| thread::spawn(|| 1).join().unwrap());
    const JOB: fn() -> JoinHandle<u32> = || thread::spawn(two);

    thread_local! {
        static LOCAL: u32 = thread::spawn(|| 3).join().unwrap();
    }

    fn two() -> u32 {
        2
    }

    pub fn all() -> u32 {
        static INNER: LazyLock<u32> = LazyLock::new(|| thread::spawn(|| 4).join().unwrap());
        *LAZY + JOB().join().unwrap() + LOCAL.with(|n| *n) + *INNER
    }
}

fn main() {
    assert_eq!(plain::all(), marked::all());
    let of = |function: &str| birthmark::sites().iter().filter(|site| site.site.function() == function).count();
    assert_eq!((of("LAZY"), of("JOB"), of(""), of("all::INNER")), (1, 1, 1, 1));
}
