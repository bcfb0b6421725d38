//! Names, and values of labels, that the program hides: in every form of a dump and in panic reports, but not from itself.
//! In a process of its own, because the function that hides them is the process's.

use birthmark_test_support as _;

use std::process::Command;
use std::thread;

use birthmark::render::Format;
use birthmark::{Filter, PanicReport, Spawn};

const SECRET: &str = "jane.doe";

/// Runs the tests of this file that are marked as a process of its own, and returns what they print.
fn run(test: &str) -> (bool, String) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env_remove("BIRTHMARK")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn install() {
    birthmark::builder()
        .panic_report(PanicReport::All)
        .redact_names(|name| match name.split_once('@') {
            Some((_, domain)) => format!("…@{domain}").into(),
            // A function with a mistake.
            None => name[..2].into(),
        })
        .install();
    // A later one could show what the first is to hide.
    birthmark::builder()
        .panic_report(PanicReport::All)
        .redact_names(|name| name.into())
        .install();
}

#[test]
fn names_are_hidden_from_people_and_not_from_the_program() {
    let (success, text) = run("hides_names");
    assert!(success, "{text}");
    assert!(!text.contains(SECRET), "{text}");
    // The report of the panic, and the dump below it.
    assert!(
        text.contains("\n  in task ") && text.contains(" \"…@example.com\" "),
        "{text}"
    );
    assert!(
        text.contains("\n    labels   user=\"…@example.com\"\n"),
        "{text}"
    );
    assert!(text.contains("\ncoverage: "), "{text}");
}

#[test]
#[ignore = "run by the one above, in a process of its own"]
#[birthmark::instrument]
fn hides_names() {
    install();
    let seen_by_hook = std::sync::Mutex::new(String::new());
    let seen: &'static std::sync::Mutex<String> = Box::leak(Box::new(seen_by_hook));
    let hook = birthmark::add_hook(|spawn: &mut Spawn<'_>| {
        let name = spawn.name().map(|name| name.as_str().to_owned());
        *seen.lock().unwrap() = name.unwrap_or_default();
    });
    birthmark::set_name(format_args!("{SECRET}@example.com"));
    birthmark::set_label("user", format_args!("{SECRET}@example.com"));
    let ended = thread::spawn(|| {
        let own = birthmark::current().unwrap();
        assert_eq!(own.name().unwrap().as_str(), "jane.doe@example.com");
        assert_eq!(own.label("user"), Some("jane.doe@example.com"));
        for &format in Format::ALL
            .iter()
            .filter(|format| **format != Format::Pprof)
        {
            let mut out = Vec::new();
            birthmark::dump().write(format, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains("jane"), "{format}");
        }
        let dump = birthmark::dump();
        assert!(dump.tree().to_string().contains("\"…@example.com\""));
        assert!(!dump.diff(&dump).to_string().contains("jane"));
        let tasks = birthmark::tasks();
        assert!(tasks.iter().all(|task| !task.to_string().contains("jane")));
        // A filter sees what people see, so that it cannot be asked for what is hidden.
        for guess in [Filter::new().name("jane*"), Filter::new().label("*=jane*")] {
            assert_eq!(birthmark::dump().filter(&guess).len(), 0);
        }
        panic!("who was it?")
    });
    assert!(ended.join().is_err());
    let text = birthmark::dump().to_string();
    assert!(
        text.contains(" panicked ") && !text.contains("jane"),
        "{text}"
    );
    // A message may have the name in it.
    assert!(text.contains(": (hidden)\n"), "{text}");
    assert_eq!(*seen.lock().unwrap(), "jane.doe@example.com");
    drop(hook);
}

#[test]
fn function_that_panics_hides_the_name() {
    let (success, text) = run("hides_names_it_fails_on");
    assert!(success, "{text}");
    assert!(text.contains("\"(redaction failed)\""), "{text}");
}

#[test]
#[ignore = "run by the one above, in a process of its own"]
#[birthmark::instrument]
fn hides_names_it_fails_on() {
    install();
    birthmark::with_name("x", || {
        let thread = thread::spawn(|| birthmark::dump().to_string());
        let dump = thread.join().unwrap();
        assert!(dump.contains("\"(redaction failed)\""), "{dump}");
    });
}

#[test]
fn labels_are_hidden_by_a_function_of_their_own() {
    let (success, text) = run("hides_labels");
    assert!(success, "{text}");
    assert!(!text.contains(SECRET), "{text}");
    let report = " fails=\"(redaction failed)\" tenant=acme user=(hidden)\n    spawned  ";
    assert!(text.matches(report).count() > 1, "{text}");
}

#[test]
#[ignore = "run by the one above, in a process of its own"]
#[birthmark::instrument]
fn hides_labels() {
    birthmark::builder()
        .panic_report(PanicReport::All)
        .redact_labels(|key, value| match key {
            "user" => "(hidden)".into(),
            "secret" => "".into(),
            "fails" if !thread::panicking() => panic!("a function with a mistake"),
            "fails" => "(redaction failed)".into(),
            _ => value.into(),
        })
        .install();
    // This one would show what the first hides.
    birthmark::builder()
        .panic_report(PanicReport::All)
        .redact_names(|name| name.into())
        .install();
    for key in ["user", "secret", "fails"] {
        birthmark::set_label(key, SECRET);
    }
    birthmark::set_label("tenant", "acme");
    birthmark::set_name("shown as it is");
    let ended = thread::spawn(|| {
        assert_eq!(birthmark::current().unwrap().label("secret"), Some(SECRET));
        let task = birthmark::tasks().pop().unwrap();
        assert_eq!(task.name().unwrap().as_str(), "shown as it is");
        assert_eq!(task.label("secret"), None);
        assert_eq!(task.label("user"), Some("(hidden)"));
        panic!("who was it?")
    });
    assert!(ended.join().is_err());
}
