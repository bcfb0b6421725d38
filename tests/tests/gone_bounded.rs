//! The number of tasks that dumps show after their end. A process of its own, since it displaces those of others.

use birthmark_test_support as _;

use std::future::pending;

use birthmark::Outcome;

#[birthmark::instrument]
mod tasks {
    use super::*;

    async fn panics() {
        panic!("the one panic among many cancellations");
    }

    async fn waits() {
        pending::<()>().await;
    }

    async fn is_well() {}

    pub async fn run() {
        assert!(tokio::spawn(panics()).await.is_err());
        for _ in 0..100 {
            birthmark::set_name("x".repeat(300));
            let task = tokio::spawn(waits());
            tokio::spawn(is_well()).await.unwrap();
            task.abort();
            let _ = task.await;
        }
    }
}

#[test]
fn last_tasks_of_each_outcome_are_kept_and_all_are_counted() {
    birthmark::builder().gone_tasks(8).install();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    assert!(birthmark::dump().gone().is_empty());
    assert!(!birthmark::dump().to_string().contains("gone before"));
    runtime.block_on(tasks::run());
    let dump = birthmark::dump();
    let of = |outcome| {
        dump.gone()
            .iter()
            .filter(move |task| task.outcome() == outcome)
    };
    let panics: Vec<_> = of(Outcome::Panicked).map(|task| task.message()).collect();
    assert_eq!(panics, [Some("the one panic among many cancellations")]);
    let cancelled: Vec<_> = of(Outcome::Cancelled).collect();
    assert_eq!(cancelled.len(), 8);
    assert!(
        cancelled.is_sorted_by(|a, b| a.id() > b.id()),
        "latest first"
    );
    assert!(cancelled.iter().all(|task| task.role() == "waits"));
    let name = cancelled[0].name().expect("a name");
    assert!(name.is_truncated() && name.as_str().starts_with("xxx"));
    let ends = dump.bad_ends();
    let counts: Vec<_> = ends
        .iter()
        .map(|it| (it.site.role(), it.panicked, it.cancelled))
        .collect();
    assert_eq!(counts, [("panics", 1, 0), ("waits", 0, 100)]);
    for text in [
        dump.to_string(),
        dump.tree().to_string(),
        dump.groups().to_string(),
    ] {
        assert!(
            text.contains("\ngone before they were ready: 1 panicked, 100 cancelled\n"),
            "{text}"
        );
        assert!(text.contains("\n  8 × the last task "), "{text}");
        assert!(text.contains(": 92 cancelled\n"), "{text}");
        assert!(!text.contains("is_well"), "{text}");
    }
}
