// Closures with parameters, captures by reference, inference, `return` and `?` in scopes.
birthmark_ui_tests::twice! {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Mutex;
    use std::thread;

    pub fn std_scope() -> Vec<u32> {
        let mut numbers = vec![1, 2, 3];
        let mut sum = 0;
        let total = thread::scope(|s| {
            let handle = s.spawn(|| numbers.iter().sum::<u32>());
            let builder = thread::Builder::new();
            let last = builder.spawn_scoped(s, || numbers.last().copied()).unwrap();
            handle.join().unwrap() + last.join().unwrap().unwrap_or_default()
        });
        thread::scope(|s| {
            s.spawn(|| sum += total);
            s.spawn(|| numbers.push(4));
        });
        numbers.push(sum);
        numbers
    }

    pub fn nested() -> u32 {
        let count = AtomicU32::new(0);
        thread::scope(|outer| {
            outer.spawn(|| outer.spawn(|| count.fetch_add(1, Ordering::Relaxed)).join());
        });
        count.into_inner()
    }

    pub fn rayon_scope() -> Vec<u32> {
        let found = Mutex::new(Vec::new());
        let limit = 3;
        rayon::scope(|s| {
            for n in 0..4 {
                let found = &found;
                s.spawn(move |s| {
                    if n == limit {
                        return;
                    }
                    s.spawn(move |_| found.lock().unwrap().push(n));
                });
            }
            s.spawn(|inner| inner.spawn_fifo_like());
            s.spawn_broadcast(|_, _| ());
        });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let mut local = 0;
        pool.scope(|s| s.spawn(|_| local += 1));
        pool.scope_fifo(|s| s.spawn_fifo(|_| local += 1));
        let more = pool.install(|| rayon::current_num_threads() as u32);
        let mut found = found.into_inner().unwrap();
        found.sort_unstable();
        found.extend([local, more]);
        found
    }

    trait SpawnFifoLike {
        fn spawn_fifo_like(&self);
    }

    impl SpawnFifoLike for rayon::Scope<'_> {
        fn spawn_fifo_like(&self) {
            self.spawn(|_| ());
        }
    }

    pub fn question() -> Option<u32> {
        thread::spawn(|| {
            let n = "12".strip_prefix('1')?.parse::<u32>().ok()?;
            Some(n)
        })
        .join()
        .ok()?
    }
}

fn main() {
    assert_eq!(plain::std_scope(), marked::std_scope());
    assert_eq!(plain::nested(), marked::nested());
    assert_eq!(plain::rayon_scope(), marked::rayon_scope());
    assert_eq!(plain::question(), marked::question());
}
