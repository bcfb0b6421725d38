//! A task as a hook sees it.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use crate::context::label::Labels;
use crate::context::name::Name;
use crate::platform::clock;
use crate::record::read::Record;
use crate::record::slot::TaskSlot;
use crate::record::words::flag;
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::TaskId;

/// A task that is being spawned, starts or ends, as a hook receives it.
///
/// `Task::of` reads everything that is known about it.
#[derive(Clone, Copy)]
pub struct TaskRef<'a> {
    slot: TaskSlot,
    /// The moment of the spawn, if it is known exactly.
    spawned: Option<Instant>,
    _borrow: PhantomData<&'a ()>,
}

impl TaskRef<'_> {
    pub(crate) fn new(slot: TaskSlot) -> Self {
        Self::spawned_at(slot, None)
    }

    pub(crate) fn spawned_at(slot: TaskSlot, spawned: Option<Instant>) -> Self {
        TaskRef {
            slot,
            spawned,
            _borrow: PhantomData,
        }
    }

    /// Returns the id.
    pub fn id(&self) -> TaskId {
        TaskId(self.slot.id())
    }

    /// Returns the spawn site.
    pub fn site(&self) -> &'static Site {
        self.slot.site()
    }

    /// Returns the role of the task.
    pub fn role(&self) -> &'static str {
        self.site().role()
    }

    /// Returns the id of the parent, or `None` for roots, and if the parent has ended and a long lineage was cut.
    pub fn parent(&self) -> Option<TaskId> {
        let child = Record::read(self.slot.slot()).filter(|child| child.cut_ancestors() == 0)?;
        let parent = child.parent().node()?.task()?;
        Some(TaskId(parent.id))
    }

    /// Returns the name of the task.
    pub fn name(&self) -> Option<Name> {
        let task = Record::read(self.slot.slot())?;
        Name::of(&task, task.own_name())
    }

    /// Returns the labels of the task.
    pub fn labels(&self) -> Labels {
        let task = Record::read(self.slot.slot());
        let node = task.map(|task| task.own_name().unwrap_or(task));
        let labels = node.and_then(|node| node.effective_labels());
        labels.map_or(Labels::NONE, |labels| Labels::new(labels.as_slice()))
    }

    /// Returns the value of the label with this key.
    ///
    /// # Examples
    ///
    /// A tenant is locked out:
    ///
    /// ```
    /// # #[birthmark::instrument]
    /// # fn main() {
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     if spawn.label("tenant").as_deref() == Some("acme") {
    ///         spawn.refuse("the tenant is locked out");
    ///     }
    /// });
    /// birthmark::set_label("tenant", "acme");
    /// assert!(std::thread::Builder::new().spawn(|| {}).is_err());
    /// # drop(hook);
    /// # }
    /// ```
    pub fn label(&self, key: &str) -> Option<String> {
        let labels = self.labels();
        labels.get(key).map(|label| label.value().to_owned())
    }

    /// Returns `true` if the task is the root of a lineage: it was spawned with [`root!`](crate::root), or a pool keeps
    /// it.
    pub fn is_root(&self) -> bool {
        self.slot.flags() & flag::ROOT != 0
    }

    /// Returns the number of polls or calls so far; see [`Task::polls`].
    ///
    /// [`Task::polls`]: https://docs.rs/birthmark/latest/birthmark/struct.Task.html#method.polls
    pub fn polls(&self) -> u32 {
        let Some(task) = Record::read(self.slot.slot()) else {
            return 0;
        };
        let is_thread = Kind::of(task.site(), task.flags()).is_thread();
        // The start of a thread counts like a poll.
        task.polls().saturating_sub(is_thread.into())
    }

    /// Returns the time since the spawn. In [`SpawnHook::on_end`](crate::SpawnHook::on_end), it is the duration of the task.
    ///
    /// The time is exact in `on_start` and `on_end`. Elsewhere it has steps of a tenth of a second, and is `None` if no clock runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::{Outcome, Spawn, SpawnHook, TaskRef};
    ///
    /// struct Durations;
    ///
    /// impl SpawnHook for Durations {
    ///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
    ///
    ///     fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {
    ///         println!("{} {outcome} after {:?}", task.role(), task.age().unwrap());
    ///     }
    /// }
    ///
    /// let hook = birthmark::add_hook(Durations);
    /// # drop(hook);
    /// ```
    pub fn age(&self) -> Option<Duration> {
        match self.spawned {
            Some(spawned) => Some(spawned.elapsed()),
            None => clock::since(Record::read(self.slot.slot())?.spawned(), clock::fine()?),
        }
    }

    pub(crate) fn slot(&self) -> TaskSlot {
        self.slot
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef")
            .field("id", &self.id())
            .field("site", self.site())
            .finish()
    }
}
