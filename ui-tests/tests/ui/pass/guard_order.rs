// The temporaries of a closure's body are dropped while its task is still entered, also in edition 2021.
use std::sync::Mutex;

static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());

/// Stands in for the runtime, and logs when a task is left.
pub mod runtime {
    pub mod __private {
        pub use birthmark::__private::*;

        pub struct Birth;
        pub struct Guard;

        impl Drop for Guard {
            fn drop(&mut self) {
                crate::log("left");
            }
        }

        impl Birth {
            pub fn enter(&self) -> Guard {
                Guard
            }
            pub fn enter_owned(self) -> Guard {
                Guard
            }
        }

        pub fn birth_at(_: &'static Sites, _: usize) -> Birth {
            crate::log("born");
            Birth
        }
    }
}

fn log(text: &'static str) {
    LOG.lock().unwrap().push(text);
}

struct Loud(&'static str);

impl Loud {
    fn get(&self) -> u32 {
        1
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        log(self.0);
    }
}

fn spawn<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[birthmark::instrument(crate = crate::runtime)]
fn main() {
    spawn(move || Loud("temporary").get());
    spawn(|| Loud("temporary").get());
    spawn(|| {
        let _local = Loud("local");
        Loud("temporary").get()
    });
    let log = LOG.lock().unwrap();
    let (expressions, block) = log.split_at(6);
    assert_eq!(expressions, ["born", "temporary", "left", "born", "temporary", "left"]);
    assert_eq!(block, ["born", "local", "temporary", "left"]);
}
