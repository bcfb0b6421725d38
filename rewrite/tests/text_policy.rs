//! Spawns that are recorded in a runtime, in a forwarder to one, and without tests.
#![cfg(feature = "text")]

use birthmark_rewrite::Reason;
use birthmark_rewrite::text::{File, Options, modules, rewrite};
use birthmark_test_support as _;

const SOURCE: &str = "
impl Handle {
    fn spawn(&self, task: T) { self.inner.spawn(task); scope(|s| s.spawn(|| 1)); }
    fn start(&self) { std::thread::Builder::new().spawn(|| 2); thread::scope(|s| { s.spawn(|| 3); }); }
}
#[cfg(test)] mod tests { fn a() { spawn(x4()); } }
#[cfg(all(test, unix))] fn b() { spawn(x5()); }
#[cfg(any(test, unix))] fn c() { spawn(x6()); }
#[test] fn d() { spawn(x7()); }
";

fn options() -> Options {
    Options {
        runtime: "B".to_owned(),
        ..Options::default()
    }
}

/// The lines of the sites, and of the spawns that were left alone with the reasons.
fn lines(options: &Options) -> (Vec<usize>, Vec<(usize, Reason)>) {
    let file = File {
        source: SOURCE,
        path: "x.rs",
    };
    let rewritten = rewrite(file, options).expect("the test's code parses");
    let sites = rewritten.sites.iter().map(|site| site.position.line);
    let uncovered = rewritten.uncovered.into_iter();
    let uncovered = uncovered.map(|one| (one.position.line, one.reason));
    (sites.collect(), uncovered.collect())
}

#[test]
fn of_a_runtime_only_threads_count() {
    let options = Options {
        only_threads: true,
        without_tests: true,
        ..options()
    };
    let (sites, uncovered) = lines(&options);
    assert_eq!(sites, [4, 4]);
    assert_eq!(
        uncovered,
        [
            (3, Reason::Forwarder),
            (3, Reason::Forwarder),
            (8, Reason::Forwarder)
        ]
    );
}

/// The lines of the spawns whose tasks a pool keeps.
fn pooled(options: &Options) -> Vec<usize> {
    let file = File {
        source: SOURCE,
        path: "x.rs",
    };
    let text = rewrite(file, options).expect("the test's code parses").text;
    let lines = text.lines().zip(1..);
    let pooled = lines.flat_map(|(text, line)| text.matches("pooled)").map(move |_| line));
    pooled.collect()
}

#[test]
fn threads_of_a_runtime_are_roots_unless_they_are_scoped() {
    let of_runtime = Options {
        only_threads: true,
        ..options()
    };
    assert_eq!(pooled(&of_runtime), [4]);
    assert!(pooled(&options()).is_empty());
}

#[test]
fn tasks_of_a_method_that_fills_a_pool_are_roots() {
    let options = Options {
        pooled: vec!["Handle::spawn".to_owned()],
        ..options()
    };
    assert_eq!(pooled(&options), [3, 3]);
}

#[test]
fn task_that_a_pool_keeps_is_announced_to_a_function_that_hands_it_on() {
    let source = "fn start() { crate::rt::spawn(async { work().await }); }";
    let options = Options {
        pooled: vec!["start".to_owned()],
        ..options()
    };
    let path = "x.rs";
    let rewritten = rewrite(File { source, path }, &options).expect("the test's code parses");
    let text = rewritten.text;
    assert!(text.contains("SITES[0](announced pooled), "), "{text}");
    assert!(text.contains("returned!("), "{text}");
}

#[test]
fn task_that_a_task_of_a_pool_spawns_is_its_child() {
    let source =
        "fn start() { thread::spawn(move || { tokio::spawn(work()); }); tokio::spawn(work()); }";
    let options = Options {
        pooled: vec!["start".to_owned()],
        ..options()
    };
    let path = "x.rs";
    let text = rewrite(File { source, path }, &options)
        .expect("the test's code parses")
        .text;
    assert!(
        text.contains("SITES[0](pooled)") && text.contains("SITES[2](pooled)"),
        "{text}"
    );
    assert!(text.contains("SITES[1], work()"), "{text}");
}

#[test]
fn all_tasks_of_a_file_may_be_those_of_a_pool() {
    let options = Options {
        all_pooled: true,
        without_tests: true,
        ..options()
    };
    assert_eq!(pooled(&options), [3, 3, 4, 8]);
}

#[test]
fn tasks_of_a_known_library_have_its_roles() {
    let file = File {
        source: "fn serve() { spawn(a()); spawn(b()); } fn other() { spawn(c()); }",
        path: "x.rs",
    };
    let options = Options {
        roles: birthmark_rewrite::roles::of("sqlx-core", "sqlx_core"),
        ..options()
    };
    let roles = |options: &Options| -> Vec<String> {
        let rewritten = rewrite(file, options).expect("the test's code parses");
        rewritten.sites.into_iter().map(|site| site.role).collect()
    };
    assert_eq!(roles(&options), ["a", "b", "c"]);
    let source = file.source.replace("serve", "spawn_maintenance_tasks");
    let of_pool = File {
        source: &source,
        ..file
    };
    let rewritten = rewrite(of_pool, &options).expect("the test's code parses");
    let found = rewritten.sites.into_iter().map(|site| site.role);
    let expected = ["sqlx pool filler", "sqlx connection reaper", "c"];
    assert!(found.eq(expected));
}

#[test]
fn worker_that_runs_on_a_thread_of_a_pool_gives_the_thread_its_role() {
    let source =
        "impl Launch { fn launch(self) { runtime::spawn_blocking(move || run(worker)); } }";
    let options = Options {
        only_threads: true,
        roles: birthmark_rewrite::roles::of("tokio", "tokio"),
        ..options()
    };
    let path = "x.rs";
    let rewritten = rewrite(File { source, path }, &options).expect("the test's code parses");
    assert_eq!(rewritten.sites[0].role, "tokio worker");
    let expected =
        "spawn_blocking(move || ::B::__private::thread_role!(__BIRTHMARK_SITES[0], run(worker)))";
    assert!(rewritten.text.contains(expected), "{}", rewritten.text);
}

#[test]
fn in_a_layer_nothing_counts() {
    let options = Options {
        forwarders: vec!["Handle::spawn".to_owned()],
        without_tests: true,
        ..options()
    };
    let (sites, uncovered) = lines(&options);
    assert_eq!(sites, [4, 4, 8]);
    assert!(uncovered.iter().all(|one| *one == (3, Reason::Forwarder)));
}

#[test]
fn what_only_tests_have_is_passed_over() {
    let options = Options {
        without_tests: true,
        ..options()
    };
    assert_eq!(lines(&options).0, [3, 3, 4, 4, 8]);
    assert_eq!(lines(&self::options()).0, [3, 3, 4, 4, 6, 7, 8, 9]);
}

#[test]
fn modules_of_tests_are_known() {
    let found = modules("#[cfg(test)] mod a; #[cfg(unix)] mod b;").expect("tokens");
    let found: Vec<_> = found
        .iter()
        .map(|module| (&module.name[..], module.for_tests))
        .collect();
    assert_eq!(found, [("a", true), ("b", false)]);
}
