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
    let pooled = lines.flat_map(|(text, line)| text.matches("](pooled)").map(move |_| line));
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
