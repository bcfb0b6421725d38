//! Functions and files that the front end for text leaves as they are.
#![cfg(feature = "text")]

use birthmark_test_support as _;

mod common;

use birthmark_rewrite::Reason;
use birthmark_rewrite::text::{Except, File, Options, Rewritten, functions, rewrite_except};

const SOURCE: &str = "\
struct Server;
impl Server {
    async fn accept(self) {
        self.next().await;
        tokio::spawn(work());
        fn inner() { std::thread::spawn(work); }
    }
}
trait Runs { fn run(&self) { std::thread::spawn(work); } fn stop(&self); }
mod m { pub fn go() { std::thread::spawn(work); } }
";

fn rewritten(except: Except<'_>) -> Rewritten {
    let options = Options {
        runtime: "B".to_owned(),
        ..Options::default()
    };
    let file = File {
        source: SOURCE,
        path: "x.rs",
    };
    let rewritten = rewrite_except(file, &options, except).unwrap();
    common::only_inserts(SOURCE, "x.rs", &rewritten);
    rewritten
}

/// The lines of what is recorded, and of what is not.
fn lines(rewritten: &Rewritten) -> (Vec<usize>, Vec<usize>) {
    let sites = rewritten.sites.iter().map(|site| site.position.line);
    let mut left = rewritten.uncovered.iter();
    assert!(left.all(|one| one.reason == Reason::Left));
    let left = rewritten.uncovered.iter().map(|one| one.position.line);
    (sites.collect(), left.collect())
}

#[test]
fn functions_are_listed_with_their_types_and_lines() {
    let found = functions(SOURCE).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|one| (&one.name[..], one.lines.clone(), one.body))
        .collect();
    assert_eq!(
        found,
        [
            ("Server::accept", 3..=7, (3, 27)),
            ("inner", 6..=6, (6, 20)),
            ("Runs::run", 9..=9, (9, 28)),
            ("go", 10..=10, (10, 21)),
        ]
    );
    assert!(functions("fn {").is_err());
}

#[test]
fn left_function_is_as_it_was_and_the_others_are_recorded() {
    let all = functions(SOURCE).unwrap();
    assert_eq!(lines(&rewritten(Except::Nothing)).0, [5, 6, 9, 10]);
    let inner = rewritten(Except::Functions(&all[1..2]));
    assert_eq!(lines(&inner), (vec![5, 9, 10], vec![6]));
    let outer = rewritten(Except::Functions(&all[..1]));
    assert_eq!(lines(&outer), (vec![9, 10], vec![5, 6]));
    let body = |text: &str| {
        text.lines()
            .skip(2)
            .take(5)
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(body(&outer.text), body(SOURCE));
}

#[test]
fn left_file_is_as_it_was() {
    let left = rewritten(Except::File);
    assert_eq!(lines(&left), (vec![], vec![5, 6, 9, 10]));
    assert_eq!(left.text, SOURCE);
}

#[test]
fn body_of_a_left_main_function_is_not_blocked_on() {
    let source = "#[tokio::main]\nasync fn main() { work().await }\n";
    let options = Options {
        runtime: "B".to_owned(),
        ..Options::default()
    };
    let file = File {
        source,
        path: "x.rs",
    };
    let all = functions(source).unwrap();
    let rewritten = rewrite_except(file, &options, Except::Functions(&all)).unwrap();
    assert_eq!(rewritten.text, source);
}
