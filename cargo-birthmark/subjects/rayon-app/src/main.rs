//! Jobs on a pool of rayon's, one of which walks a directory by the threads of another crate and panics
//! there.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ignore::{WalkBuilder, WalkState};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let sum = pool.install(|| {
        let mut sums = [0_u32; 4];
        rayon::scope(|scope| {
            for (index, sum) in (0..).zip(&mut sums) {
                scope.spawn(move |_| *sum = index);
            }
        });
        sums.iter().sum::<u32>()
    });
    println!("sum {sum}");
    let broken = AssertUnwindSafe(|| pool.scope(|scope| scope.spawn(|_| walk())));
    println!("panicked {}", catch_unwind(broken).is_err());
}

fn walk() {
    let walk = WalkBuilder::new(".").threads(2).build_parallel();
    walk.run(|| {
        Box::new(|entry| {
            if entry.is_ok_and(|entry| entry.file_name() == "Cargo.toml") {
                panic!("found it");
            }
            WalkState::Continue
        })
    });
}
