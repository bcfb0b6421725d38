//! The table of roles by which people know the tasks of libraries: `axum connection`, `rayon worker`.
//!
//! In a library, the role that the source shows names a private function, `handle_connection::{async}`. Such a role says
//! nothing to those who only use the library. `cargo-birthmark/tests/known_roles.rs` compares the table with the
//! libraries themselves.

use super::packages::is_library;

/// A role of the tasks that a function of a library spawns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRole {
    /// The function, as a site has it: `Client::connect_to`, `handle_connection`.
    pub function: &'static str,
    /// Which spawn of the function it is, counted from 1 in the order of the source. 0 means all of them.
    pub nth: usize,
    /// The role.
    pub role: &'static str,
    /// `true` if nothing is spawned: a thread that the package keeps runs a closure for long, and has the role meanwhile.
    pub is_of_thread: bool,
}

const fn all(function: &'static str, role: &'static str) -> KnownRole {
    nth(function, 0, role)
}

const fn nth(function: &'static str, nth: usize, role: &'static str) -> KnownRole {
    KnownRole {
        function,
        nth,
        role,
        is_of_thread: false,
    }
}

const fn thread(function: &'static str, role: &'static str) -> KnownRole {
    KnownRole {
        is_of_thread: true,
        ..all(function, role)
    }
}

/// The packages, sorted by name. The first row of a package that fits decides.
const TABLE: &[(&str, &[KnownRole])] = &[
    (
        "actix-rt",
        &[all("Arbiter::try_with_tokio_rt", "actix arbiter")],
    ),
    (
        "async-global-executor",
        &[all("spawn_more_threads", "async-global-executor worker")],
    ),
    ("async-io", &[all("unparker", "async-io reactor")]),
    (
        "axum",
        &[
            all("handle_connection", "axum connection"),
            all("WithGracefulShutdown::run", "axum shutdown signal"),
            all("WebSocketUpgrade::on_upgrade", "axum websocket"),
        ],
    ),
    (
        "blocking",
        &[all("Executor::grow_pool", "blocking pool thread")],
    ),
    ("ctrlc", &[all("set_handler_inner", "ctrlc handler")]),
    (
        "hyper-util",
        &[
            all("Client::connect_to", "hyper client connection"),
            all("Client::one_connection_for", "hyper client connect"),
            all("Client::try_send_request", "hyper client idle watch"),
            all("GaiResolver::call", "hyper dns lookup"),
            all(
                "PoolInner::spawn_idle_interval",
                "hyper idle connections reaper",
            ),
        ],
    ),
    ("ignore", &[all("WalkParallel::visit", "ignore walker")]),
    ("jobserver", &[all("spawn_helper", "jobserver helper")]),
    ("rayon-core", &[all("DefaultSpawn::spawn", "rayon worker")]),
    (
        "reqwest",
        &[
            nth("ClientHandle::new", 1, "reqwest runtime"),
            nth("ClientHandle::new", 2, "reqwest request"),
            all("Pool::new_connection", "reqwest h3 connection"),
            all("PoolClient::send_request", "reqwest h3 body"),
        ],
    ),
    ("smol", &[nth("spawn::global", 1, "smol worker")]),
    (
        "sqlx-core",
        &[
            nth("spawn_maintenance_tasks", 1, "sqlx pool filler"),
            nth("spawn_maintenance_tasks", 2, "sqlx connection reaper"),
            nth("PoolConnection::drop", 1, "sqlx connection close"),
            nth("PoolConnection::drop", 2, "sqlx connection return"),
        ],
    ),
    (
        "sqlx-sqlite",
        &[all("ConnectionWorker::establish", "sqlx sqlite worker")],
    ),
    (
        "tokio",
        &[
            all("Spawner::spawn_thread", "tokio blocking thread"),
            // Workers run on threads of the pool for blocking work.
            thread("Launch::launch", "tokio worker"),
            thread("maybe_move_runtime", "tokio worker"),
            // The same in older versions.
            thread("block_in_place", "tokio worker"),
        ],
    ),
    (
        "tonic",
        &[
            all("Channel::new", "tonic channel"),
            all("Channel::connect", "tonic channel"),
            all("serve_connection", "tonic connection"),
            all("ServerIoStream::poll_next", "tonic tls handshake"),
        ],
    ),
    (
        "tower",
        &[
            all("Buffer::new", "tower buffer worker"),
            all("SpawnReady::poll_ready", "tower spawn-ready"),
        ],
    ),
];

/// Returns the roles that are known of a crate in a package, by the names of both.
#[must_use]
pub fn of(package: &str, krate: &str) -> &'static [KnownRole] {
    let row = TABLE.binary_search_by_key(&package, |(name, _)| name);
    match row {
        Ok(row) if is_library(package, krate) => TABLE[row].1,
        _ => &[],
    }
}

/// Returns all packages of the table with their roles.
pub fn table() -> impl Iterator<Item = (&'static str, &'static [KnownRole])> {
    TABLE.iter().copied()
}

/// Returns the known role of a spawn in a function, of which `before` precede it there.
pub(crate) fn find(roles: &[KnownRole], function: &str, before: usize) -> Option<&'static str> {
    let is_it = |row: &&KnownRole| row.nth == 0 || row.nth == before + 1;
    let spawns = roles.iter().filter(|row| !row.is_of_thread);
    let mut of_function = spawns.filter(|row| row.function == function);
    of_function.find(is_it).map(|row| row.role)
}

/// Returns the role of a thread that the package keeps, while it runs a closure of the function.
pub(crate) fn of_thread(roles: &[KnownRole], function: &str) -> Option<&'static str> {
    let mut rows = roles.iter().filter(|row| row.is_of_thread);
    rows.find(|row| row.function == function)
        .map(|row| row.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_its_rows_are_those_of_libraries() {
        assert!(TABLE.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!(
            of("hyper-util", "hyper_util")[0].function,
            "Client::connect_to"
        );
        assert!(of("hyper-util", "client").is_empty());
        assert!(of("mine", "mine").is_empty());
    }

    #[test]
    fn role_is_found_by_function_and_place_in_it() {
        let roles = [all("serve", "server"), nth("run", 2, "second")];
        assert_eq!(find(&roles, "serve", 7), Some("server"));
        assert_eq!(find(&roles, "run", 1), Some("second"));
        assert_eq!(find(&roles, "run", 0), None);
        assert_eq!(find(&roles, "walk", 0), None);
        assert_eq!(of_thread(&roles, "serve"), None);
        assert_eq!(
            of_thread(of("tokio", "tokio"), "Launch::launch"),
            Some("tokio worker")
        );
    }
}
