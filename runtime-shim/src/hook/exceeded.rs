//! A deadline that was exceeded, as reports and hooks see it.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use crate::record::read::Record;
use crate::record::slot::Slot;
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::TaskId;

/// A deadline that has passed while its future or a task of its subtree was not done.
///
/// [`SpawnHook::on_exceeded`](crate::SpawnHook::on_exceeded) has an example.
#[derive(Clone)]
pub struct Exceeded {
    pub(crate) owner: Option<Owner>,
    pub(crate) place: &'static Location<'static>,
    pub(crate) deadline: Instant,
    pub(crate) timeout: Duration,
    pub(crate) is_enforced: bool,
    pub(crate) tasks: Vec<SubtreeTask>,
    /// Ids of the hooks with a filter that watch the task that set the deadline.
    pub(crate) watched_by: Vec<u64>,
}

/// The task that set a deadline. The task may have ended.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) id: u64,
    pub(crate) slot: &'static Slot,
    pub(crate) site: &'static Site,
}

/// A live task of a subtree, and whether it was aborted.
#[derive(Clone)]
pub struct SubtreeTask {
    pub(crate) id: TaskId,
    pub(crate) site: &'static Site,
    pub(crate) kind: Kind,
    pub(crate) is_aborted: bool,
    /// Ids of the hooks with a filter that watch the task.
    pub(crate) watched_by: Vec<u64>,
}

impl Exceeded {
    /// Returns the id of the task that set the deadline. The task may have ended.
    pub fn task(&self) -> Option<TaskId> {
        self.owner.map(|owner| TaskId(owner.id))
    }

    /// Returns the spawn site of the task that set the deadline.
    pub fn site(&self) -> Option<&'static Site> {
        self.owner.map(|owner| owner.site)
    }

    /// Returns the place in the source that set the deadline.
    pub fn location(&self) -> &'static Location<'static> {
        self.place
    }

    /// Returns the deadline.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns the time from the call that set the deadline to the deadline, or zero if the deadline had passed before.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns `true` if the deadline is enforced: its tasks were aborted, or asked to end.
    pub fn is_enforced(&self) -> bool {
        self.is_enforced
    }

    /// Returns the tasks of the subtree that were alive when the deadline passed, in the order of their spawns.
    pub fn tasks(&self) -> &[SubtreeTask] {
        &self.tasks
    }

    /// Returns the record of the task that set the deadline, unless the task has ended.
    #[doc(hidden)]
    pub fn owner_record(&self) -> Option<Record> {
        let owner = self.owner?;
        let record = Record::read(owner.slot).filter(|record| record.id == owner.id);
        record.filter(|record| record.is_live_task())
    }

    /// Returns `true` if the hook with this id watches a task that the deadline concerns.
    pub(super) fn is_watched_by(&self, hook: u64) -> bool {
        let mut tasks = self.tasks.iter().map(|task| &task.watched_by);
        self.watched_by.contains(&hook) || tasks.any(|hooks| hooks.contains(&hook))
    }
}

impl fmt::Debug for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exceeded")
            .field("task", &self.task())
            .field("location", &self.place)
            .field("timeout", &self.timeout)
            .field("is_enforced", &self.is_enforced)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

impl SubtreeTask {
    /// Not public API. Used by `birthmark` of the same version.
    #[doc(hidden)]
    pub fn new(id: TaskId, site: &'static Site, kind: Kind, is_aborted: bool) -> Self {
        SubtreeTask {
            id,
            site,
            kind,
            is_aborted,
            watched_by: Vec::new(),
        }
    }

    /// Returns the id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the spawn site.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the role of the task.
    pub fn role(&self) -> &'static str {
        self.site.role()
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns `true` if the task was aborted by the handle that its spawn returned.
    ///
    /// The executor drops such a task at its next poll. A task that is done before that completes.
    pub fn is_aborted(&self) -> bool {
        self.is_aborted
    }
}

/// Writes `8 audit`, and the kind of a task that is not a future: `9 flush (blocking)`.
impl fmt::Display for SubtreeTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.role())?;
        match self.kind {
            Kind::Future => Ok(()),
            kind => write!(f, " ({kind})"),
        }
    }
}

impl fmt::Debug for SubtreeTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubtreeTask")
            .field("id", &self.id)
            .field("site", &format_args!("{}", self.site))
            .field("kind", &self.kind)
            .field("is_aborted", &self.is_aborted)
            .finish()
    }
}
