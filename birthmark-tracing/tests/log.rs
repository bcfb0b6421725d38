//! Without a subscriber, panics and refusals reach a logger of the `log` crate, with the feature `log`.

use std::sync::Mutex;

use birthmark_test_support as _;
use birthmark_tracing::{Panics, TaskFields};
use log::{LevelFilter, Log, Metadata, Record};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A logger that adds the task to each line.
struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let task = TaskFields::current().map(|task| format!(" {task}"));
        let (target, text) = (record.target(), record.args());
        let line = format!("{target}: {text}{}", task.unwrap_or_default());
        LINES.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[birthmark::instrument]
#[test]
fn panics_refusals_and_lines_reach_the_logger() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(LevelFilter::Info);
    birthmark_tracing::builder().panics(Panics::Event).install();
    fn worker() {
        birthmark::set_name("job-3");
        log::info!("working");
        panic!("on purpose");
    }
    assert!(std::thread::spawn(worker).join().is_err());
    let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| spawn.refuse("full"));
    assert!(std::thread::Builder::new().spawn(worker).is_err());
    hook.remove();
    let lines = LINES.lock().unwrap();
    let [working, panicked, refused] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(working.starts_with("log: working task.id="), "{working}");
    assert!(
        working.ends_with("task.name=\"job-3\" task.role=worker"),
        "{working}"
    );
    assert!(
        panicked.starts_with("birthmark::panic: panicked: on purpose "),
        "{panicked}"
    );
    assert!(panicked.contains("task.role=\"worker\""), "{panicked}");
    assert!(
        refused.starts_with("birthmark::refusal: a spawn hook refused worker "),
        "{refused}"
    );
}
