//! `log`: the task as key-values of each record.

use birthmark::extension::Identity;
use log::kv::{Error, Key, Source, Value, VisitSource};
use log::{Log, Metadata, Record};

/// A logger that passes each record to another one, with `task.id`, `task.name` and `task.role` among its key-values.
#[derive(Debug)]
pub struct WithTask<L>(pub L);

impl<L: Log> Log for WithTask<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let Some(task) = Identity::current() else {
            return self.0.log(record);
        };
        let fields = Fields {
            id: task.id().as_u64(),
            name: task.name(),
            role: task.role().into_owned(),
            others: record.key_values(),
        };
        self.0.log(&record.to_builder().key_values(&fields).build());
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// The fields of a task, and those that a record has already.
struct Fields<'a> {
    id: u64,
    name: Option<String>,
    role: String,
    others: &'a dyn Source,
}

impl Source for Fields<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        visitor.visit_pair(Key::from_str("task.id"), Value::from(self.id))?;
        if let Some(name) = &self.name {
            visitor.visit_pair(Key::from_str("task.name"), Value::from(&**name))?;
        }
        visitor.visit_pair(Key::from_str("task.role"), Value::from(&*self.role))?;
        self.others.visit(visitor)
    }
}
