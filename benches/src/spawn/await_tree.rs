//! With await-tree: a root span per task, in one registry.

use std::sync::LazyLock;

use await_tree::{Config, Registry};
use tokio::task::JoinHandle;

use super::Spawn;

/// `registry.register_anonymous(…).instrument(…)` at the spawn.
#[derive(Debug)]
pub enum AwaitTree {}

/// The registry of all tasks.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(Config::default()));
    &REGISTRY
}

impl Spawn for AwaitTree {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        tokio::spawn(registry().register_anonymous("task").instrument(future))
    }
}
