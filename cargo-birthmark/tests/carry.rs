//! `carry`: the spans, contexts and hubs of a program that does not mention birthmark reach its child tasks.

use birthmark_test_support as _;

mod support;

use support::{Project, Ran};

const TRACING: &str = r#"
[dependencies]
tracing = { version = "0.1", default-features = false, features = ["std"] }
tracing-subscriber = { version = "0.3", default-features = false, features = ["fmt", "registry", "std"] }
library = { path = "library" }

[workspace]
"#;

/// Logs in children of its own and of a library's, in a closure of a library's that runs elsewhere, and in a root.
const MAIN: &str = r#"
use tracing::{info, info_span};

fn main() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_writer(std::io::stdout)
        .init();
    let _span = info_span!("request", id = 7).entered();
    std::thread::spawn(|| info!("in the child")).join().unwrap();
    library::on_a_thread(|| info!("in the library's child"));
}
"#;

const LIBRARY: &str = r#"
pub fn on_a_thread(f: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || f()).join().unwrap();
}
"#;

const LIBRARY_MANIFEST: &str =
    "[package]\nname = \"library\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn project(name: &str, manifest: &str, main: &str) -> Project {
    Project::new(
        name,
        &[
            ("+Cargo.toml", manifest),
            ("src/main.rs", main),
            ("library/Cargo.toml", LIBRARY_MANIFEST),
            ("library/src/lib.rs", LIBRARY),
        ],
    )
}

const IN_SPAN: &str = "request{id=7}: in the child\nrequest{id=7}: in the library's child\n";
const OUTSIDE: &str = "in the child\nin the library's child\n";

/// Runs the program with a value of `BIRTHMARK`.
fn run(project: &Project, words: &str) -> Ran {
    let mut command = project.command("birthmark --deps run -q");
    project.run(command.env("BIRTHMARK", words)).ok()
}

#[test]
fn spans_are_carried_if_that_is_asked_for() {
    let project = project("carries-tracing", TRACING, MAIN);
    let plain = run(&project, "panic=off");
    assert_eq!(plain.stdout, OUTSIDE, "{}", plain.stderr);
    let carried = run(&project, "carry=tracing");
    assert_eq!(carried.stdout, IN_SPAN, "{}", carried.stderr);
    assert_eq!(carried.stderr, "");

    // The manifest asks once for all.
    let metadata = "\n[workspace.metadata.birthmark]\nreach = \"deps\"\ncarry = [\"tracing\"]\n";
    project.write("Cargo.toml", &(project.read("Cargo.toml") + metadata));
    let ran = project.birthmark("run -q").ok();
    assert_eq!(ran.stdout, IN_SPAN, "{}", ran.stderr);

    // Rules come into the program in the same way. One that is not understood is reported at its word.
    let rules = "rules = [\"kind=main*:log\", \"watch\", \"state=runing\"]\n";
    project.write("Cargo.toml", &(project.read("Cargo.toml") + rules));
    let ran = project.birthmark("run -q").ok();
    assert_eq!(ran.stdout, IN_SPAN, "{}", ran.stderr);
    let error =
        "birthmark: cannot use rule \"state=runing\": at character 7: \"runing\" is no state\n";
    assert!(ran.stderr.contains(error), "{}", ran.stderr);
    project.write("Cargo.toml", &project.read("Cargo.toml").replace(rules, ""));

    let wrong = metadata.replace("tracing", "traces");
    let manifest = project.read("Cargo.toml").replace(metadata, &wrong);
    project.write("Cargo.toml", &manifest);
    let ran = project.birthmark("run -q");
    assert!(
        ran.stderr
            .contains("carry `traces`: there is no carrier of this name")
            && ran
                .stderr
                .contains("choose from tracing, opentelemetry, sentry"),
        "{}",
        ran.stderr
    );
}

#[test]
fn library_without_a_carrier_is_reported() {
    let main = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";
    let project = Project::new("carries-nothing", &[("src/main.rs", main)]);
    let ran = run(&project, "carry=tracing");
    assert!(
        ran.stderr
            .contains("birthmark: cannot carry `tracing`: the program has no instrumented crate"),
        "{}",
        ran.stderr
    );
    let ran = run(&project, "carry=traces");
    assert!(ran.stderr.contains("carry=traces"), "{}", ran.stderr);
}

const OPENTELEMETRY: &str = r#"
[dependencies]
opentelemetry = { version = "0.31", default-features = false, features = ["trace"] }
sentry-core = { version = "0.46", default-features = false, features = ["client"] }

[workspace]
"#;

const CONTEXTS: &str = r#"
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};

fn main() {
    // Not in the main thread, whose hub sentry gives to each new thread.
    sentry_core::Hub::main();
    std::thread::spawn(serve).join().unwrap();
}

fn serve() {
    let context = Context::current_with_baggage([KeyValue::new("tenant", "acme")]);
    let _attached = context.attach();
    sentry_core::Hub::current().configure_scope(|scope| scope.set_user(Some(sentry_core::User {
        id: Some("7".into()),
        ..Default::default()
    })));
    let child = std::thread::spawn(|| {
        let tenant = Context::current().baggage().get("tenant").map(|value| value.to_string());
        let user = sentry_core::Hub::current().inner_user();
        (tenant, user)
    });
    println!("{:?}", child.join().unwrap());
}

trait InnerUser {
    fn inner_user(&self) -> Option<String>;
}

impl InnerUser for sentry_core::Hub {
    fn inner_user(&self) -> Option<String> {
        let event = sentry_core::protocol::Event::default();
        let event = self.configure_scope(|scope| scope.apply_to_event(event));
        event?.user?.id
    }
}
"#;

#[test]
fn contexts_and_hubs_are_carried_if_that_is_asked_for() {
    let project = Project::new(
        "carries-contexts",
        &[("+Cargo.toml", OPENTELEMETRY), ("src/main.rs", CONTEXTS)],
    );
    let plain = run(&project, "panic=off");
    assert_eq!(plain.stdout, "(None, None)\n", "{}", plain.stderr);
    let carried = run(&project, "carry=opentelemetry,carry=sentry");
    assert_eq!(
        carried.stdout, "(Some(\"acme\"), Some(\"7\"))\n",
        "{}",
        carried.stderr
    );
}
