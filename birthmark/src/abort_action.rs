//! The action of a rule that aborts tasks. Rules and subtrees know nothing of each other.

use crate::deadlines::abort_tree;
use crate::rules::{set_abort_tree, Action};

/// Has actions that words name abort tasks.
pub(crate) fn install() {
    set_abort_tree(abort_tree);
}

impl Action {
    /// Aborts each task of the report with all tasks that descend from it; see [`abort_tree`](crate::abort_tree), also for
    /// which tasks can be aborted. A line names the others. A report has at most 16 tasks.
    pub fn abort_tree() -> Self {
        install();
        Action::of_abort_tree()
    }
}
