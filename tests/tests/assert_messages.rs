//! A failed `assert!` says the same with and without birthmark, however its condition is written.

use std::process::Command;

use birthmark_integration_tests::project::Project;
use birthmark_rewrite::text::{Edition, File, Options, rewrite};

/// Conditions that are false, and hold a spawn or an await.
const CONDITIONS: &[&str] = &[
    "m::ready().await",
    "m :: ready ( ) . await",
    "m::ready().await&&true,",
    "std::thread::spawn(|| m::flag()).join().unwrap()",
    "std::thread::spawn(move||{m::flag()}).join().unwrap()",
    "std::thread::spawn(|| -> bool { let a = 1; a==2 }).join().unwrap()",
    "!std::thread::spawn(\n    || // a comment\n        true,\n).join().unwrap()",
    "!matches!(std::thread::spawn(|| Some(1,)).join(), Ok(Some(_)))",
    "(1+2)*3==std::thread::spawn(|| 8_u8 as usize).join().unwrap()",
    "vec![1,2,].len()==m::number().await",
    "[1, 2,][0..1].len() == m::number().await",
    "m::S{a:m::ready().await}.a",
    "<i32 as Default>::default()==- -1+m::number().await as i32",
    "Some(\"a\\\"\\n {}\").is_none() | m::ready().await",
    "if m::ready().await {true} else {false}",
    "std::mem::size_of::<[u8;3]>()==m::number().await",
    "m::generic::< Vec< u8 > , 3 >(&mut 1,).await",
    // Longer than a line, and other things that are not printed.
    "m::generic::<Vec<u8>, 3>(&mut 1).await && m::generic::<Vec<u8>, 4>(&mut 2).await || m::ready().await",
    "match m::number().await { 1=>true, _=>false }",
    "m::generic::<Vec<u8>, {1+2}>(&mut 1).await",
    "std::thread::spawn(|| { for _ in 0..1 {} m::flag() }).join().unwrap()",
];

const HEAD: &str = "
    pub fn block_on<F: std::future::Future>(future: F) -> F::Output {
        let mut future = Box::pin(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        loop { if let std::task::Poll::Ready(out) = future.as_mut().poll(&mut context) { return out } }
    }
    pub fn message(failed: Result<(), Box<dyn std::any::Any + Send>>) {
        let payload = failed.unwrap_err();
        let literal = payload.downcast_ref::<&'static str>().expect(\"the payload is a literal\");
        println!(\"{}\", literal.escape_debug());
    }
    pub mod m {
        pub struct S { pub a: bool }
        pub async fn ready() -> bool { false }
        pub async fn number() -> usize { 9 }
        pub async fn generic<T: Default, const N: usize>(_: &mut u8) -> bool { false }
        pub fn flag() -> bool { false }
    }";

/// A program that prints all messages.
fn program(attribute: &str) -> String {
    let tests = CONDITIONS.iter().map(|condition| {
        let named = if condition.contains("await") {
            "assert"
        } else {
            "debug_assert"
        };
        format!(
            "message(std::panic::catch_unwind(|| block_on(async {{ {named}!({condition}\n) }})));\n"
        )
    });
    let tests: String = tests.collect();
    format!(
        "#![allow(warnings)]\n{HEAD}\n{attribute}\nmod all {{ use super::*; pub fn go() {{ {tests} }} }}\n\
         fn main() {{ std::panic::set_hook(Box::new(|_| ())); all::go(); eprintln!(\"{{}}\", birthmark::sites().len()) }}\n"
    )
}

/// The messages, and the number of sites.
fn messages(name: &str, edition: &str, main: &str) -> (Vec<String>, String) {
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name,
        edition,
        runtime: "birthmark",
        manifest: "",
    };
    project.write(&[("main.rs", main)]);
    let output = Command::new(project.build()).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    let lines = text(output.stdout).lines().map(str::to_owned).collect();
    (lines, text(output.stderr).trim().to_owned())
}

#[test]
fn messages_of_assert_are_the_same_however_the_condition_is_written() {
    let editions = [("2018", Edition::E2018), ("2024", Edition::E2024)];
    for (edition, known) in editions {
        let (plain, sites) = messages("messages-plain", edition, &program(""));
        assert_eq!((plain.len(), sites.as_str()), (CONDITIONS.len(), "0"));
        let marked = program("#[birthmark::instrument]");
        let (marked, sites) = messages("messages-marked", edition, &marked);
        assert_eq!(marked, plain);
        // A spawn is recorded unless its condition is not sure to be printed in the same way.
        assert_eq!(sites, "6");

        let options = Options {
            runtime: "birthmark".to_owned(),
            edition: known,
            ..Options::default()
        };
        let source = &program("");
        let path = "src/main.rs";
        let rewritten = rewrite(File { source, path }, &options).expect("it parses");
        let (changed, sites) = messages("messages-text", edition, &rewritten.text);
        assert_eq!(changed, plain);
        assert_eq!(sites, "6");
        assert_eq!(rewritten.uncovered.len(), 1);
    }
}
