//! Uses of shared things by tasks: locks, permits, channels and handles.

use super::await_stack::AwaitLocation;

/// The uses of one task.
#[derive(Clone, Debug, Default)]
pub struct TaskUses {
    /// All uses that were found.
    pub uses: Vec<ResourceUse>,
    /// Number of futures that the task waits for.
    pub leaves: usize,
    /// The task that spawned it has ended, and its `JoinHandle` was dropped.
    pub is_abandoned: bool,
}

/// A use of a shared thing by a task.
#[derive(Clone, Debug)]
pub struct ResourceUse {
    /// Kind of the use.
    pub relation: Relation,
    /// Kind of the thing.
    pub resource: ResourceKind,
    /// Address of the value.
    pub value: u64,
    /// Address of the thing.
    pub address: u64,
    /// Number of permits that are held or waited for.
    pub permits: Option<u64>,
    /// Number of senders that exist, if a receiver waits for them.
    pub senders: Option<u64>,
    /// Variable that contains the value. Temporary values have none.
    pub variable: Option<String>,
    /// Path of the function that contains the value.
    pub function: String,
    /// Position at which the function is suspended.
    pub location: Option<AwaitLocation>,
    /// Position of the `await` by which the thing was acquired.
    pub since: Option<AwaitLocation>,
    /// The value is polled if the task is.
    pub is_polled: bool,
    /// The function is one of a future that the task keeps and does not poll.
    pub is_kept: bool,
    /// Variable in which that future is kept.
    pub kept_in: Option<String>,
    /// `false` if the value may be that of a variable that was moved.
    pub is_certain: bool,
    /// The value is a whole variable, and certain if this variable was not moved.
    pub is_certain_unless_moved: bool,
    /// Id of the task that is waited for.
    pub joined: Option<u64>,
}

/// Kind of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Waits until it gets the thing, or until the thing has happened.
    Waits,
    /// Was given the thing, and was not polled since.
    Assigned,
    /// Holds the thing and excludes all others.
    HoldsExclusively,
    /// Holds the thing and excludes some others.
    HoldsShared,
    /// Has a sender.
    Sends,
    /// Has a receiver, or the handle of a task.
    Receives,
    /// Waits for room in a channel.
    WaitsToSend,
    /// Waits for a message.
    WaitsToReceive,
}

/// Kind of a thing that tasks share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
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
    /// A channel of which each receiver gets all messages.
    Broadcast,
    /// A notification.
    Notify,
    /// A barrier.
    Barrier,
    /// A pool of connections or other objects.
    Pool,
    /// A mutex that blocks the thread.
    BlockingMutex,
    /// A reader-writer lock that blocks the thread.
    BlockingRwLock,
    /// A task.
    Task,
}

impl Relation {
    /// Returns the name in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Assigned => "assigned",
            Self::HoldsExclusively => "holds",
            Self::HoldsShared => "holds-shared",
            Self::Sends => "sends",
            Self::Receives => "receives",
            Self::WaitsToSend => "waits-to-send",
            Self::WaitsToReceive => "waits-to-receive",
        }
    }

    /// Returns `true` if the task waits.
    pub(crate) fn is_wait(self) -> bool {
        matches!(self, Self::Waits | Self::WaitsToSend | Self::WaitsToReceive)
    }

    /// Returns `true` if others may have to wait for the task.
    pub(crate) fn is_hold(self) -> bool {
        matches!(
            self,
            Self::HoldsExclusively | Self::HoldsShared | Self::Assigned
        )
    }
}

impl ResourceKind {
    /// Returns the name in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mutex => "mutex",
            Self::BlockingMutex => "blocking-mutex",
            Self::RwLock => "rwlock",
            Self::BlockingRwLock => "blocking-rwlock",
            Self::Semaphore => "semaphore",
            Self::OnceCell => "once-cell",
            Self::Channel => "channel",
            Self::Oneshot => "oneshot",
            Self::Watch => "watch",
            Self::Broadcast => "broadcast",
            Self::Notify => "notify",
            Self::Barrier => "barrier",
            Self::Pool => "pool",
            Self::Task => "task",
        }
    }

    /// Returns `true` if who waits for the thing blocks its thread.
    pub(crate) fn blocks(self) -> bool {
        matches!(self, Self::BlockingMutex | Self::BlockingRwLock)
    }

    /// Returns the name of such a thing in a sentence, with an article.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Mutex => "a mutex",
            Self::BlockingMutex => "a blocking mutex",
            Self::RwLock => "an rwlock",
            Self::BlockingRwLock => "a blocking rwlock",
            Self::Semaphore => "a semaphore",
            Self::OnceCell => "a cell",
            Self::Channel => "a channel",
            Self::Oneshot => "a oneshot channel",
            Self::Watch => "a watch channel",
            Self::Broadcast => "a broadcast channel",
            Self::Notify => "a notification",
            Self::Barrier => "a barrier",
            Self::Pool => "an object of a pool",
            Self::Task => "a task",
        }
    }
}
