//! Refused spawns as events.

mod support;

use birthmark_test_support as _;
use tracing::info_span;

#[birthmark::instrument]
mod spawns {
    use super::*;

    fn serve() {}

    /// The events of a second are one. A test that lasts longer sees more.
    #[test]
    fn refusals_are_counted_by_site_and_second() {
        let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
            spawn.refuse("overload");
        });
        const REFUSED: usize = 1000;
        let lines = support::lines_of(|| {
            let _span = info_span!("request", id = 7).entered();
            for _ in 0..REFUSED {
                assert!(std::thread::Builder::new().spawn(serve).is_err());
            }
        });
        hook.remove();
        assert!(
            !lines.is_empty() && lines.len() < REFUSED,
            "{}",
            lines.len()
        );
        let start = "request{id=7}: a spawn hook refused serve reason=\"overload\" callee=";
        assert!(
            lines.iter().all(|line| line.starts_with(start)),
            "{lines:?}"
        );
        assert!(
            lines.iter().any(|line| line.ends_with(" refused=1")),
            "{lines:?}"
        );
    }
}
