// Values and temporaries are dropped in the same order, with and without the attribute.
#![allow(clippy::let_and_return)]

use std::cell::RefCell;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn log(text: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(text.into()));
}

pub struct Loud(pub &'static str);

impl Loud {
    pub fn get(&self) -> u32 {
        log(format!("get {}", self.0));
        1
    }
    pub fn job(&self) -> fn() -> u32 {
        log(format!("job {}", self.0));
        || 3
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        log(format!("drop {}", self.0));
    }
}

pub fn spawn<F: FnOnce() -> R, R>(_: &Loud, f: F) -> R {
    log("spawn");
    let value = f();
    log("spawned");
    value
}

birthmark_ui_tests::twice! {
    use super::{log, spawn, Loud};

    fn tail(outer: Loud) -> u32 {
        let _local = Loud("local");
        spawn(&outer, Loud("in tail").job())
    }

    pub fn all() {
        let captured = Loud("captured");
        spawn(&Loud("argument"), move || {
            let _local = Loud("local");
            Loud("temporary").get() + captured.get()
        });
        let borrowed = Loud("borrowed");
        spawn(&Loud("argument"), || borrowed.get());
        spawn(&Loud("argument"), || Loud("temporary").get());
        spawn(&Loud("argument"), Loud("temporary of the task").job());
        log(format!("{}", tail(Loud("outer"))));
        let mut value = spawn(&Loud("argument"), Loud("temporary of the task").job()) + Loud("operand").get();
        value += 1;
        log(format!("{value}"));
        match spawn(&Loud("argument"), Loud("temporary of the task").job()) {
            n => log(format!("arm {n}")),
        }
    }
}

fn main() {
    plain::all();
    let plain = LOG.take();
    marked::all();
    assert_eq!(plain, LOG.take());
}
