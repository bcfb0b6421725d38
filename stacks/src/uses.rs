//! Uses of shared things by tasks: locks, permits, channels and handles.

use crate::location::Location;

/// A use of a shared thing by a task: it waits for it, holds it, or has one end of it.
///
/// Two uses with the same address are of the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Kind of the use.
    pub relation: Relation,
    /// Kind of the thing.
    pub resource: Resource,
    /// Address of the value.
    pub value: u64,
    /// Address of the thing. For a task of tokio, this is the address of its header.
    pub address: u64,
    /// Number of permits that are held or waited for, of a semaphore.
    pub permits: Option<u64>,
    /// Number of senders that exist, if a receiver waits for them.
    pub senders: Option<u64>,
    /// Variable of the function that contains the value. Temporary values have none.
    pub variable: Option<String>,
    /// Path of the innermost function of the program around the value.
    pub function: String,
    /// Position at which this function is suspended.
    pub location: Option<Location>,
    /// Position of the `await` by which a guard or permit was acquired, if only one can be it.
    pub since: Option<Location>,
    /// The value is polled if the task is.
    pub is_polled: bool,
    /// The function is one of a future that the task keeps and does not poll.
    pub is_kept: bool,
    /// Variable in which that future is kept.
    pub kept_in: Option<String>,
    /// `false` if the value may be stale: a variable that was moved is still in the memory of its function.
    pub is_certain: bool,
    /// The value is a whole variable, and certain if this variable was not moved.
    pub is_certain_unless_moved: bool,
    /// The task of tokio that is waited for.
    pub joined: Option<JoinedTask>,
}

/// Kind of a [`Use`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Relation {
    /// A future waits for the thing.
    Waits,
    /// The thing was handed to a waiting future that was not polled since.
    Assigned,
    /// A guard excludes all others.
    HoldsExclusively,
    /// A guard or a permit excludes some others.
    HoldsShared,
    /// A sender of a channel is there.
    Sends,
    /// A receiver of a channel is there.
    Receives,
    /// A sender waits for room in a channel.
    WaitsToSend,
    /// A receiver waits for a message.
    WaitsToReceive,
}

impl Relation {
    /// Returns `true` if a future waits.
    pub(crate) fn is_wait(self) -> bool {
        matches!(self, Self::Waits | Self::WaitsToSend | Self::WaitsToReceive)
    }
}

/// Kind of a thing that tasks share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// A mutex of an async library.
    Mutex,
    /// A reader-writer lock of an async library.
    RwLock,
    /// A semaphore.
    Semaphore,
    /// A cell that is being initialized.
    OnceCell,
    /// A channel for several messages.
    Channel,
    /// A channel for one message.
    Oneshot,
    /// A channel for the newest value.
    Watch,
    /// A channel that each receiver gets all messages of.
    Broadcast,
    /// A notification.
    Notify,
    /// A barrier.
    Barrier,
    /// A pool of connections or other objects.
    Pool,
    /// A mutex that blocks the thread.
    StdMutex,
    /// A reader-writer lock that blocks the thread.
    StdRwLock,
    /// A task of tokio.
    Task,
}

/// A task of tokio that another task waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinedTask {
    /// Addresses of the memory in which the task's future or closure is, from the first to behind the last.
    pub memory: (u64, u64),
    /// Word of birthmark's record in the future or closure, if it is instrumented and not started or suspended.
    pub handle: Option<u64>,
}
