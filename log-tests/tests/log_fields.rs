//! Each record of `log` has the task among its key-values.

use std::collections::BTreeMap;
use std::sync::Mutex;

use birthmark_log_tests::log_fields::WithTask;
use birthmark_test_support as _;
use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};

static FIELDS: Mutex<Vec<BTreeMap<String, String>>> = Mutex::new(Vec::new());

/// Keeps the key-values of each record.
struct Keeps;

struct Visitor<'a>(&'a mut BTreeMap<String, String>);

impl<'kvs> VisitSource<'kvs> for Visitor<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.insert(key.to_string(), value.to_string());
        Ok(())
    }
}

impl Log for Keeps {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut fields = BTreeMap::new();
        record
            .key_values()
            .visit(&mut Visitor(&mut fields))
            .unwrap();
        FIELDS.lock().unwrap().push(fields);
    }

    fn flush(&self) {}
}

#[birthmark::instrument]
#[test]
fn record_has_the_task_beside_its_own_key_values() {
    log::set_boxed_logger(Box::new(WithTask(Keeps))).unwrap();
    log::set_max_level(LevelFilter::Info);
    fn worker() {
        birthmark::set_name("job-3");
        log::info!(count = 2; "worked");
    }
    std::thread::spawn(worker).join().unwrap();
    let fields = FIELDS.lock().unwrap();
    let field = |key: &str| fields[0].get(key).map(String::as_str);
    assert_eq!(field("count"), Some("2"));
    assert_eq!(field("task.name"), Some("job-3"));
    assert_eq!(field("task.role"), Some("worker"));
    assert!(field("task.id").is_some_and(|id| id.parse::<u64>().is_ok()));
}
