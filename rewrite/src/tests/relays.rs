use super::short_with_relays;
use proc_macro2::TokenStream;
use std::str::FromStr;

use crate::site::Position;

/// Returns a module after the rewrite, without white space.
fn module(items: &str) -> String {
    let item = TokenStream::from_str(&format!("mod m {{ {items} }}")).expect("tokens");
    let args = TokenStream::from_str("frames = false").expect("tokens");
    let nowhere = |_| Position {
        file: "x.rs".into(),
        line: 1,
        column: 1,
    };
    short_with_relays(&crate::instrument(args, item, &nowhere).item.to_string())
}

/// Returns whether the one spawn of a function is announced, received and late.
fn relay(function: &str) -> Option<[bool; 3]> {
    let text = module(function);
    let start = ["P::Relayed(S0,", "P::relayed_at(S0,"]
        .iter()
        .find_map(|head| Some(text.find(head)? + head.len()));
    let Some(start) = start else {
        assert!(text.contains("__BIRTHMARK_SITES1"), "{text}");
        return None;
    };
    let end = text[start..].find(')').expect("the call ends");
    let mut flags = text[start..start + end]
        .split(',')
        .map(|flag| flag == "true");
    let mut next = || flags.next().expect("three flags");
    Some([next(), next(), next()])
}

const HANDED: Option<[bool; 3]> = Some([true, false, false]);

#[test]
fn task_of_a_parameter_is_handed() {
    let functions = [
        "fn f<F: Future>(task: F) { tokio::spawn(task); }",
        "fn f(task: impl FnOnce()) { std::thread::spawn(task); }",
        "fn f(name: &str, task: BoxFuture<'static, ()>) { tokio::spawn(task); }",
        "fn f(task: Job) { tokio::spawn(task); }",
        "fn f<F>(task: F) where F: Future { tokio::spawn(async move { task.await }); }",
        "fn f(task: impl FnOnce()) { tokio::task::spawn_blocking(move || { before(); task() }); }",
        "fn f(task: impl Future) { let task = Box::pin(task); tokio::spawn(task.instrument(span)); }",
        "fn f(task: impl Future) { if let Some(other) = g(task) { tokio::spawn(other); } }",
        "fn f(task: impl Future) { match g(task) { Ok(other) => tokio::spawn(other), _ => h() } }",
        "fn f(task: impl Future) { let Some(other) = g(task) else { return }; tokio::spawn(other); }",
        "fn f(task: impl Future) { tokio::spawn(async { select! { _ = task => {} } }); }",
        "impl<F: Future> Executor<F> for E { fn execute(&self, task: F) { tokio::spawn(task); } }",
    ];
    for function in functions {
        assert_eq!(relay(function), HANDED, "{function}");
    }
}

#[test]
fn other_task_is_not_handed() {
    let functions = [
        "fn f(task: impl Future) { tokio::spawn(clean()); }",
        "fn f(name: &str, task: impl Future) { tokio::spawn(log(name)); }",
        "fn f(n: u32) { tokio::spawn(work(n)); }",
        "fn f(task: impl Future) { let task = 1; tokio::spawn(work(task)); }",
    ];
    for function in functions {
        assert_eq!(relay(function), None, "{function}");
    }
}

#[test]
fn task_that_awaits_the_spawn_of_a_handed_one_is_not_handed() {
    let text = module("fn f(t: impl Future) { tokio::spawn(async { tokio::spawn(t).await }); }");
    assert!(
        text.contains("P::future_at(S1,") || text.contains("P::future_at(S0,"),
        "{text}"
    );
    assert!(text.contains("true,true,false),t)"), "{text}");
}

#[test]
fn handed_task_with_a_name_has_a_record_of_its_own() {
    let function = "fn f(task: impl Future) { tokio::spawn(birthmark::named!(\"a\" => task)); }";
    assert_eq!(relay(function), None);
}

#[test]
fn function_that_may_run_later_is_late() {
    let function = "async fn f(task: impl FnOnce()) { tokio::task::spawn_blocking(task).await }";
    assert_eq!(relay(function), Some([true, true, false]));
}

#[test]
fn call_of_anything_but_a_library_announces() {
    let announcing = [
        "rt::spawn(work());",
        "spawn(work());",
        "self.executor.spawn(work());",
        "pool().spawn(|| 1);",
        "named(name).spawn(|| 1);",
    ];
    for call in announcing {
        let function = format!("fn f(&self) {{ {call} }}");
        assert_eq!(relay(&function), Some([false, false, true]), "{call}");
        assert!(
            module(&function).contains("P::returned(P::callee(),S0,"),
            "{call}"
        );
    }
    let silent = [
        "tokio::spawn(work());",
        "tokio02::task::spawn(work());",
        "std::thread::spawn(|| 1);",
        "thread::scope(|s| { s.spawn(|| 1); });",
        "rayon::scope(|s| s.spawn(|_| 1));",
        "std::thread::Builder::new().spawn(|| 1);",
        "let mut set = JoinSet::new(); set.spawn(work());",
    ];
    for call in silent {
        assert_eq!(relay(&format!("fn f() {{ {call} }}")), None, "{call}");
    }
    assert_eq!(relay("use tokio::spawn; fn f() { spawn(work()); }"), None);
    let awaited = module("async fn f() { rt::spawn_blocking(|| 1).await; }");
    assert!(awaited.contains("P::awaited(P::callee(),S0,"), "{awaited}");
}

#[test]
fn call_with_another_task_than_the_handed_one_puts_that_aside() {
    let text = module("fn f(own: impl Future) { rt::spawn(job()); rt::spawn(own); }");
    assert!(
        text.contains("P::returned(P::callee_beside(),S0,"),
        "{text}"
    );
    assert!(text.contains("P::returned(P::callee(),S1,"), "{text}");
}

/// The callee and the role of each site in a module.
fn sites(items: &str) -> Vec<String> {
    let run = super::instrument("frames = false", &format!("mod m {{ {items} }}"));
    let sites = run.sites.iter();
    sites
        .map(|site| format!("{} {}", site.callee, site.role))
        .collect()
}

#[test]
fn function_that_hands_its_parameter_on_is_a_callee_where_it_is_in_sight() {
    let calls = [
        (
            "fn start<F: Future>(task: F) { tokio::spawn(task); } fn f() { start(job()); }",
            "start job",
        ),
        (
            "fn start(name: &str, task: BoxFuture<'static, ()>) { RT.spawn(task.instrument(span())); }
             fn f() { self::start(\"job\", Box::pin(job())); }",
            "self::start job",
        ),
        (
            "impl Pool { fn start(&self, task: impl FnOnce()) { if self.0 { thread::spawn(task); } }
             fn f(&self) { self.start(job); } }",
            "self.start job",
        ),
        (
            "impl Pool { fn start(task: impl Future) { tokio::spawn(Box::pin(task)); } }
             fn f() { Pool::start(job()) }",
            "Pool::start job",
        ),
        (
            "impl Pool { fn start(&self, task: impl Future) { tokio::spawn(task); } }
             fn f(pool: &Pool) { pool.start(job()) }",
            "pool.start job",
        ),
        (
            "fn start(task: impl Future) { tokio::spawn(task); }
             fn f(own: impl Future) { start(job()); own.poll(); }",
            "start job",
        ),
    ];
    for (items, expected) in calls {
        let sites = sites(items);
        assert!(
            sites.len() == 2 && sites[1] == expected,
            "{items}: {sites:?}"
        );
    }
}

#[test]
fn function_that_may_be_another_one_or_does_more_than_to_hand_on_is_no_callee() {
    let calls = [
        // It is called later, or more than once.
        "fn start(task: impl Fn()) { thread::spawn(move || task()); } fn f() { start(job); }",
        "fn start(task: impl Fn() + Clone) { thread::spawn(task.clone()); } fn f() { start(job); }",
        "fn start(task: impl Future) -> impl FnOnce() { || tokio::spawn(task) } fn f() { start(job()); }",
        "async fn start(task: impl Future) { tokio::spawn(task); } fn f() { start(job()); }",
        // It may hand another task on.
        "fn start(task: impl Future) { other(job()); tokio::spawn(task); } fn f() { start(job()); }",
        // Nothing says that it takes a task.
        "fn start<T: Send>(task: T) { tokio::spawn(task); } fn f() { start(job()); }",
        // Another function may be meant.
        "use other::start; mod n { fn start(task: impl Future) { tokio::spawn(task); } } fn f() { start(job()); }",
        "mod n { fn start(task: impl Future) { tokio::spawn(task); } } fn start(n: u32) {} fn f() { start(1); }",
        "fn start(task: impl Future) { tokio::spawn(task); } fn f() { let start = |task| task; start(job()); }",
        "impl Pool { fn start(&self, task: impl Future) { tokio::spawn(task); } } fn f() { pool().start(job()); }",
        "impl Pool { fn start(&self, task: impl Future) { tokio::spawn(task); } } fn f(pool: Other) { pool.start(job()); }",
    ];
    for items in calls {
        assert_eq!(sites(items).len(), 1, "{items}");
    }
    let skipped = [
        "#[birthmark::instrument(skip)] fn start(task: impl Future) { tokio::spawn(task); } fn f() { start(job()); }",
        "#[birthmark::instrument(skip)] mod n { pub fn start(task: impl Future) { tokio::spawn(task); } }
         fn f() { n::start(job()); }",
    ];
    for items in skipped {
        assert_eq!(sites(items), [""; 0], "{items}");
    }
}
