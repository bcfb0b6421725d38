//! Tables of values by which tasks use something that they share: guards, permits, ends of channels, waiting futures.

use crate::dwarf::Type;
use crate::names;
use crate::uses::{Relation, Resource};

/// A type whose value is a use of a resource.
pub(crate) struct Handle {
    path: &'static str,
    pub(crate) relation: Relation,
    pub(crate) resource: Resource,
    /// Members that lead from the value to the resource. Pointers on the way are followed.
    pub(crate) way: &'static [&'static str],
    /// Member with a number of permits.
    pub(crate) permits: Option<&'static str>,
    /// Member of the resource with the number of senders that exist.
    pub(crate) senders: Option<&'static str>,
}

const fn row(
    path: &'static str,
    relation: Relation,
    resource: Resource,
    way: &'static [&'static str],
) -> Handle {
    Handle {
        path,
        relation,
        resource,
        way,
        permits: None,
        senders: None,
    }
}

/// A receiver of a channel that counts its senders.
const fn receiver(
    path: &'static str,
    resource: Resource,
    way: &'static [&'static str],
    senders: &'static str,
) -> Handle {
    Handle {
        senders: Some(senders),
        ..row(path, Receives, resource, way)
    }
}

const fn permits(
    path: &'static str,
    relation: Relation,
    way: &'static [&'static str],
    permits: &'static str,
) -> Handle {
    Handle {
        path,
        relation,
        resource: Resource::Semaphore,
        way,
        permits: Some(permits),
        senders: None,
    }
}

use Relation::{HoldsExclusively, HoldsShared, Receives, Sends, Waits};
use Resource::{
    Broadcast, Channel, Mutex, Notify, Oneshot, Pool, RwLock, StdMutex, StdRwLock, Watch,
};

const HANDLES: &[Handle] = &[
    receiver(
        "async_channel::Receiver",
        Channel,
        &["channel"],
        "sender_count",
    ),
    row("async_channel::Sender", Sends, Channel, &["channel"]),
    row(
        "deadpool::managed::object::Object",
        HoldsShared,
        Pool,
        &["pool", "inner", "semaphore", "ll_sem"],
    ),
    row(
        "futures_channel::oneshot::Receiver",
        Receives,
        Oneshot,
        &["inner"],
    ),
    row(
        "futures_channel::oneshot::Sender",
        Sends,
        Oneshot,
        &["inner"],
    ),
    row(
        "futures_util::lock::mutex::MutexGuard",
        HoldsExclusively,
        Mutex,
        &["mutex"],
    ),
    row(
        "futures_util::lock::mutex::MutexLockFuture",
        Waits,
        Mutex,
        &["mutex"],
    ),
    row(
        "futures_util::lock::mutex::OwnedMutexGuard",
        HoldsExclusively,
        Mutex,
        &["mutex"],
    ),
    row(
        "lock_api::mutex::ArcMutexGuard",
        HoldsExclusively,
        StdMutex,
        &["mutex", "raw"],
    ),
    row(
        "lock_api::mutex::MappedMutexGuard",
        HoldsExclusively,
        StdMutex,
        &["raw"],
    ),
    row(
        "lock_api::mutex::MutexGuard",
        HoldsExclusively,
        StdMutex,
        &["mutex", "raw"],
    ),
    row(
        "lock_api::rwlock::ArcRwLockReadGuard",
        HoldsShared,
        StdRwLock,
        &["rwlock", "raw"],
    ),
    row(
        "lock_api::rwlock::ArcRwLockWriteGuard",
        HoldsExclusively,
        StdRwLock,
        &["rwlock", "raw"],
    ),
    row(
        "lock_api::rwlock::MappedRwLockReadGuard",
        HoldsShared,
        StdRwLock,
        &["raw"],
    ),
    row(
        "lock_api::rwlock::MappedRwLockWriteGuard",
        HoldsExclusively,
        StdRwLock,
        &["raw"],
    ),
    row(
        "lock_api::rwlock::RwLockReadGuard",
        HoldsShared,
        StdRwLock,
        &["rwlock", "raw"],
    ),
    row(
        "lock_api::rwlock::RwLockWriteGuard",
        HoldsExclusively,
        StdRwLock,
        &["rwlock", "raw"],
    ),
    row(
        "sqlx_core::pool::connection::PoolConnection",
        HoldsShared,
        Pool,
        &["pool", "semaphore", "inner", "ll_sem"],
    ),
    row(
        "std::sync::poison::mutex::MutexGuard",
        HoldsExclusively,
        StdMutex,
        &["lock", "inner"],
    ),
    row(
        "std::sync::poison::rwlock::RwLockReadGuard",
        HoldsShared,
        StdRwLock,
        &["inner_lock"],
    ),
    row(
        "std::sync::poison::rwlock::RwLockWriteGuard",
        HoldsExclusively,
        StdRwLock,
        &["lock", "inner"],
    ),
    permits(
        "tokio::sync::batch_semaphore::Acquire",
        Waits,
        &["semaphore"],
        "num_permits",
    ),
    receiver(
        "tokio::sync::broadcast::Receiver",
        Broadcast,
        &["shared"],
        "num_tx",
    ),
    row(
        "tokio::sync::broadcast::Sender",
        Sends,
        Broadcast,
        &["shared"],
    ),
    receiver(
        "tokio::sync::mpsc::bounded::Receiver",
        Channel,
        &["chan", "inner"],
        "tx_count",
    ),
    row(
        "tokio::sync::mpsc::bounded::Sender",
        Sends,
        Channel,
        &["chan", "inner"],
    ),
    receiver(
        "tokio::sync::mpsc::unbounded::UnboundedReceiver",
        Channel,
        &["chan", "inner"],
        "tx_count",
    ),
    row(
        "tokio::sync::mpsc::unbounded::UnboundedSender",
        Sends,
        Channel,
        &["chan", "inner"],
    ),
    row(
        "tokio::sync::mutex::MappedMutexGuard",
        HoldsExclusively,
        Mutex,
        &["s"],
    ),
    row(
        "tokio::sync::mutex::MutexGuard",
        HoldsExclusively,
        Mutex,
        &["lock", "s"],
    ),
    row(
        "tokio::sync::mutex::OwnedMappedMutexGuard",
        HoldsExclusively,
        Mutex,
        &["lock", "s"],
    ),
    row(
        "tokio::sync::mutex::OwnedMutexGuard",
        HoldsExclusively,
        Mutex,
        &["lock", "s"],
    ),
    row("tokio::sync::notify::Notified", Waits, Notify, &["notify"]),
    row(
        "tokio::sync::notify::OwnedNotified",
        Waits,
        Notify,
        &["notify"],
    ),
    row(
        "tokio::sync::oneshot::Receiver",
        Receives,
        Oneshot,
        &["inner"],
    ),
    row("tokio::sync::oneshot::Sender", Sends, Oneshot, &["inner"]),
    row(
        "tokio::sync::rwlock::owned_read_guard::OwnedRwLockReadGuard",
        HoldsShared,
        RwLock,
        &["lock", "s"],
    ),
    row(
        "tokio::sync::rwlock::owned_write_guard::OwnedRwLockWriteGuard",
        HoldsExclusively,
        RwLock,
        &["lock", "s"],
    ),
    row(
        "tokio::sync::rwlock::owned_write_guard_mapped::OwnedRwLockMappedWriteGuard",
        HoldsExclusively,
        RwLock,
        &["lock", "s"],
    ),
    row(
        "tokio::sync::rwlock::read_guard::RwLockReadGuard",
        HoldsShared,
        RwLock,
        &["s"],
    ),
    row(
        "tokio::sync::rwlock::write_guard::RwLockWriteGuard",
        HoldsExclusively,
        RwLock,
        &["s"],
    ),
    row(
        "tokio::sync::rwlock::write_guard_mapped::RwLockMappedWriteGuard",
        HoldsExclusively,
        RwLock,
        &["s"],
    ),
    permits(
        "tokio::sync::semaphore::OwnedSemaphorePermit",
        HoldsShared,
        &["sem", "ll_sem"],
        "permits",
    ),
    permits(
        "tokio::sync::semaphore::SemaphorePermit",
        HoldsShared,
        &["sem", "ll_sem"],
        "permits",
    ),
    receiver(
        "tokio::sync::watch::Receiver",
        Watch,
        &["shared"],
        "ref_count_tx",
    ),
    row("tokio::sync::watch::Sender", Sends, Watch, &["shared"]),
];

/// Crates whose types are in the table.
const CRATES: [&str; 8] = [
    "async_channel",
    "deadpool",
    "futures_channel",
    "futures_util",
    "lock_api",
    "sqlx_core",
    "std",
    "tokio",
];

/// Returns what is known of a type whose value is a use of a resource.
pub(crate) fn handle(of_type: &Type) -> Option<&'static Handle> {
    if !is_of_library(of_type) {
        return None;
    }
    let path = names::path(of_type);
    HANDLES.iter().find(|handle| handle.path == path)
}

/// Returns `true` if the type is of a crate that has shared things, so that its functions are none of the program's.
pub(crate) fn is_of_library(of_type: &Type) -> bool {
    let first = of_type.scope.first();
    first.is_some_and(|name| CRATES.contains(&&**name))
}

/// Returns `true` for closures of sqlx, which poll all futures that they borrow.
pub(crate) fn polls_all(of_type: &Type) -> bool {
    matches!(of_type.scope.first(), Some(name) if &**name == "sqlx_core")
}

/// Returns `true` for tokio's `JoinHandle`.
pub(crate) fn is_join_handle(of_type: &Type) -> bool {
    of_type.name.starts_with("JoinHandle<")
        && names::path(of_type) == "tokio::runtime::task::join::JoinHandle"
}

/// Returns `true` for tokio's `JoinSet`.
pub(crate) fn is_join_set(of_type: &Type) -> bool {
    of_type.name.starts_with("JoinSet<") && names::path(of_type) == "tokio::task::join_set::JoinSet"
}

/// Returns the kind of a lock by a state machine of a library that acquires permits for it.
pub(crate) fn lock_of(of_type: &Type) -> Option<Resource> {
    let scope: Vec<&str> = of_type.scope.iter().map(|name| &**name).collect();
    if let ["deadpool", "managed", ..] | ["sqlx_core", "pool", ..] = scope[..] {
        return Some(Pool);
    }
    match scope.get(..3)? {
        ["tokio", "sync", "mutex"] => Some(Mutex),
        ["tokio", "sync", "rwlock"] => Some(RwLock),
        ["tokio", "sync", "semaphore"] => Some(Resource::Semaphore),
        ["tokio", "sync", "once_cell"] => Some(Resource::OnceCell),
        _ => None,
    }
}
