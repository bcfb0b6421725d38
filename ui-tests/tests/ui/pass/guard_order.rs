// The temporaries of a closure's body are dropped while its task is still entered, and what the closure owns before
// its task ends, also in edition 2021.
use std::sync::Mutex;

static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());

/// Stands in for the runtime, and logs when a task is left.
pub mod runtime {
    pub mod __private {
        pub use birthmark::__private::*;

        pub struct TaskHandle;
        pub struct First;
        pub struct Last;
        pub struct Guard;

        impl Drop for Guard {
            fn drop(&mut self) {
                crate::log("left");
            }
        }

        impl Drop for Last {
            fn drop(&mut self) {
                crate::log("ended");
            }
        }

        impl TaskHandle {
            pub fn closure(self) -> (First, Last) {
                (First, Last)
            }
        }

        impl First {
            pub fn enter(&self) -> Guard {
                Guard
            }
            pub fn enter_owned(self) -> Guard {
                Guard
            }
        }

        impl Last {
            pub fn last(&self) -> ! {
                unreachable!()
            }
            pub fn last_owned(self) -> ! {
                unreachable!()
            }
        }

        pub fn record_spawn_at(_: &'static Sites, _: usize) -> TaskHandle {
            crate::log("born");
            TaskHandle
        }

        // The callee may hand its task on, as far as the attribute sees.
        pub fn relayed_at(sites: &'static Sites, entry: usize, _: bool, _: bool, _: bool) -> TaskHandle {
            record_spawn_at(sites, entry)
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
    let owned = Loud("owned");
    spawn(move || owned.get());
    let owned = Loud("owned");
    spawn(|| {
        owned.get();
        drop(owned);
    });
    let log = LOG.lock().unwrap();
    let (expressions, rest) = log.split_at(8);
    let expression = ["born", "temporary", "left", "ended"];
    assert_eq!(expressions, [expression, expression].concat());
    let (block, owning) = rest.split_at(5);
    assert_eq!(block, ["born", "local", "temporary", "left", "ended"]);
    assert_eq!(
        owning,
        ["born", "left", "owned", "ended", "born", "owned", "left", "ended"]
    );
}
