//! The rules of `watch`, which are quiet on a healthy service.

use super::action::Action;
use super::rule::NewRule;

/// Conditions of `watch`.
///
/// The times are longer than a healthy service has, also under load. A future that blocks its thread by `block_in_place` of
/// tokio is left out if its stack shows that. Findings about one poll and about runnable tasks are left out of `stuck`,
/// because the first two rules report them.
const WATCH: [&str; 5] = [
    "state=running&for=1s",
    "state=runnable&kind=future&for=5s",
    "no-waker&kind=future&for=10s",
    "stuck&for=30s",
    "growth(site)>100/min&for=10m",
];

/// Returns the rules of `watch`.
pub(crate) fn watch() -> Vec<NewRule> {
    let rules = WATCH.iter();
    let rules = rules.filter_map(|text| NewRule::preset(text, Action::stacks()));
    rules.collect()
}

/// Returns `true` if `watch` reports findings of a kind.
pub(super) fn is_reported(kind: &str) -> bool {
    matches!(kind, "deadlock" | "futurelock" | "blocking-pool")
}

/// Returns `true` if the function of a stack frame gives the thread's other tasks to another thread first.
pub(super) fn is_intended(function: &str) -> bool {
    function.contains("::block_in_place")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_of_watch_are_understood() {
        assert_eq!(watch().len(), WATCH.len());
    }
}
