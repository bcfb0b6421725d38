//! Closures that are spawned by the name of a variable.
//!
//! The engine infers from the whole function if a closure is called once or more often. A program that compiles without
//! the attribute compiles with it.

use birthmark_integration_tests as _;

/// Executors whose signatures are out of the attribute's sight.
mod executor {
    use std::thread::{Builder, JoinHandle};

    pub fn execute(work: impl FnOnce() -> u32 + Send + 'static) -> JoinHandle<u32> {
        Builder::new().spawn(work).expect("a thread starts")
    }

    pub fn spawn<R>(mut work: impl FnMut() -> R) -> (R, R) {
        (work(), work())
    }

    pub fn spawn_local<R>(work: impl Fn() -> R) -> (R, R) {
        (work(), work())
    }

    pub struct Pool;

    impl Pool {
        #[allow(clippy::unused_self, reason = "as executors have it")]
        pub fn execute<R>(&self, work: Box<dyn FnOnce() -> R>) -> R {
            work()
        }
    }
}

#[birthmark::instrument(also(execute))]
mod spawns {
    use super::executor;
    use std::thread;

    pub fn called_once() -> [usize; 3] {
        let given = vec![1, 2];
        let consumes = move || given.into_iter().map(|_| 1).sum();
        let first = thread::spawn(consumes).join().unwrap();
        let given = vec![1, 2, 3];
        let consumes = move || {
            let given = given;
            given.len()
        };
        let second = thread::Builder::new()
            .spawn(consumes)
            .unwrap()
            .join()
            .unwrap();
        let given = vec![1, 2, 3, 4];
        let consumes = || given.into_iter().map(|_| 1).sum();
        let third = thread::scope(|scope| scope.spawn(consumes).join().unwrap());
        [first, second, third]
    }

    pub fn name_and_box() -> [u32; 3] {
        let given = Box::new(7);
        let work = move || *given;
        let named = thread::spawn(birthmark::named!("seven" => work))
            .join()
            .unwrap();
        let given = Box::new(8);
        let work = move || *given;
        let boxed = executor::Pool.execute(Box::new(work));
        let given = String::from("nine");
        let work = move || u32::from(given.into_bytes().is_empty());
        [named, boxed, executor::execute(work).join().unwrap()]
    }

    pub fn called_again() -> [(u32, u32); 2] {
        let mut count = 0;
        let counts = move || {
            count += 1;
            count
        };
        let given = String::from("ten");
        let reads = || given.len() as u32;
        [executor::spawn(counts), executor::spawn_local(reads)]
    }

    pub fn used_after_it_is_copied() -> [u32; 2] {
        let five = 5;
        let work = move || five;
        let spawned = thread::spawn(work).join().unwrap();
        [spawned, work()]
    }

    /// Returns the kind of the task that a closure's variable becomes.
    pub fn kind() -> Option<birthmark::Kind> {
        let given = vec![0];
        let work = move || {
            drop(given);
            birthmark::current().map(|task| task.kind())
        };
        thread::spawn(work).join().unwrap()
    }
}

#[test]
fn closure_that_consumes_what_it_owns_is_spawned() {
    assert_eq!(spawns::called_once(), [2, 3, 4]);
}

#[test]
fn closure_variable_under_a_name_or_in_a_box_is_spawned() {
    assert_eq!(spawns::name_and_box(), [7, 8, 0]);
}

#[test]
fn closure_variable_is_called_as_often_as_its_callee_likes() {
    assert_eq!(spawns::called_again(), [(1, 2), (3, 3)]);
}

#[test]
fn closure_variable_that_is_copied_can_be_used_again() {
    assert_eq!(spawns::used_after_it_is_copied(), [5, 5]);
}

#[test]
fn closure_variable_is_recorded_as_a_thread() {
    assert_eq!(spawns::kind(), Some(birthmark::Kind::Thread));
}
