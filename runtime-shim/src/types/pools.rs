//! Modules of known libraries whose tasks outlive the request that happens to spawn them: connections, and workers of
//! pools.
//!
//! `cargo birthmark` marks many of these tasks as roots. This list concerns also those that it does not know, and
//! libraries that have the attribute. Such tasks inherit no deadline, and by default no span.

/// The modules, with the tasks that they spawn.
pub const KNOWN: &[(&str, &str)] = &[
    ("bb8", "connections and the reaper"),
    ("deadpool", "connections"),
    ("h2::client", "connections"),
    ("hyper::client", "connections"),
    ("hyper::proto::h2::client", "connections"),
    (
        "hyper_util::client",
        "connections, and the timer of the pool",
    ),
    ("lapin", "connections"),
    ("moka", "maintenance"),
    ("mongodb", "connections and monitors"),
    ("quinn", "connections"),
    ("r2d2", "connections"),
    ("rayon_core::registry", "threads of a pool"),
    ("redis::aio", "connections"),
    ("reqwest::async_impl::h3_client", "connections"),
    ("reqwest::blocking::client", "the thread of a client"),
    ("scheduled_thread_pool", "threads of a pool"),
    ("sqlx_core::pool", "connections and maintenance"),
    ("sqlx_mysql", "connections"),
    ("sqlx_postgres", "connections"),
    ("sqlx_sqlite::connection", "the thread of a connection"),
    ("tokio::runtime", "threads of a runtime"),
    ("tokio_postgres", "connections"),
    ("tonic::transport", "connections"),
    ("tower::buffer", "the worker of a service"),
];

/// Returns `true` if tasks that are spawned in this module outlive the request that spawns them.
pub fn is_known(module: &str) -> bool {
    KNOWN.iter().any(|(pool, _)| is_inside(module, pool))
}

/// Returns `true` if a module is `outer` or inside of it.
pub fn is_inside(module: &str, outer: &str) -> bool {
    let rest = module.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::{is_inside, is_known, KNOWN};

    #[test]
    fn module_is_inside_of_itself_and_of_its_crate_alone() {
        assert!(is_inside("my_queue::worker", "my_queue"));
        assert!(is_inside("my_queue", "my_queue"));
        assert!(!is_inside("my_queue_tests", "my_queue"));
        assert!(!is_inside("my_queue", "my_queue::worker"));
    }

    #[test]
    fn modules_of_pools_are_known_and_others_are_not() {
        assert!(KNOWN.is_sorted_by_key(|(module, _)| module));
        assert!(is_known("hyper_util::client::legacy::client"));
        assert!(is_known("sqlx_core::pool::inner"));
        assert!(!is_known("hyper_util::server::conn::auto"));
        assert!(!is_known("my_program"));
    }
}
