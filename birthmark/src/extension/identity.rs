//! The parts of a task that identify it in a line of a log.

use std::borrow::Cow;

use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::local;
use birthmark_core::__reader::name::effective_name;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::{Kind, TaskId, TaskRef};
use birthmark_dump::__private::redact::{redact, redact_labels};

/// The id, the role, the name and the labels of the task that runs on this thread.
///
/// [`Identity::current`] costs a fraction of [`current`](crate::current), because it reads neither lineage nor frames.
/// Names and labels are redacted, as in a dump.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    task: Record,
    name_node: Option<Record>,
}

impl Identity {
    /// Returns the identity of the current task, or `None` where [`current`](crate::current) returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[birthmark::instrument]
    /// # fn main() {
    /// use birthmark::extension::Identity;
    ///
    /// birthmark::set_name("start-up");
    /// let task = Identity::current().unwrap();
    /// assert_eq!((&*task.role(), task.name().as_deref()), ("main", Some("start-up")));
    /// # }
    /// ```
    pub fn current() -> Option<Identity> {
        let (task, name_node) = birthmark_dump::__private::current_record()?;
        Some(Identity { task, name_node })
    }

    /// Returns the identity of a task that a hook sees.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::extension::Identity;
    ///
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     println!("spawning {:?}", Identity::of(spawn).name());
    /// });
    /// # drop(hook);
    /// ```
    pub fn of(task: &TaskRef<'_>) -> Identity {
        let task = Record::of_live(local::slot_of(task));
        let name_node = task.own_name();
        Identity { task, name_node }
    }

    /// Returns the id.
    pub fn id(&self) -> TaskId {
        TaskId::from(self.task.id)
    }

    /// Returns the role. The role of a thread that was not spawned by instrumented code is the thread's name.
    pub fn role(&self) -> Cow<'static, str> {
        let site = self.task.site();
        let thread = self.task.thread();
        match thread.filter(|_| site.kind() == Kind::External) {
            None => site.role().into(),
            Some(thread) => thread.name().into(),
        }
    }

    /// Returns the name, set or inherited.
    pub fn name(&self) -> Option<String> {
        let (name, _) = effective_name(&self.task, self.name_node)?;
        let redacted = redact(name.as_str()).into_owned();
        (!redacted.is_empty()).then_some(redacted)
    }

    /// Returns the labels.
    pub fn labels(&self) -> Labels {
        let node = self.name_node.unwrap_or(self.task);
        match node.effective_labels() {
            Some(labels) => Labels::new(redact_labels(labels.as_slice()).as_slice()),
            None => Labels::NONE,
        }
    }
}
