//! The ways in which programs are built and put together.

use birthmark_test_support as _;

mod support;
use support::Project;

const DUMP: &str = r#"
fn main() {
    let task = std::thread::spawn(|| birthmark::current().unwrap().to_string()).join().unwrap();
    assert!(task.contains("main::{closure}"), "{task}");
    helper::go();
    let sites: Vec<_> = birthmark::sites().into_iter().map(|site| site.site.to_string()).collect();
    println!("{}", sites.join("\n"));
    println!("tasks {}", birthmark::sites().iter().map(|site| site.completed).sum::<u64>());
}
"#;

fn runtime() -> String {
    format!("{}/../birthmark", env!("CARGO_MANIFEST_DIR"))
}

/// A program that depends on birthmark, and on a library that does not.
fn with_runtime(name: &str, dependency: &str) -> Project {
    let dependencies = format!(
        "\n[dependencies]\n{name}-helper = {{ path = \"helper\" }}\nbirthmark = {{ path = \"{}\"{dependency} }}\n[workspace]\nmembers = [\"helper\"]\n",
        runtime()
    );
    let helper =
        format!("[package]\nname = \"{name}-helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    Project::new(
        name,
        &[
            ("+Cargo.toml", &dependencies),
            (
                "src/main.rs",
                &DUMP.replace("helper::", &format!("{name}_helper::")),
            ),
            ("helper/Cargo.toml", &helper),
            (
                "helper/src/lib.rs",
                "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }\n",
            ),
        ],
    )
}

#[test]
fn program_with_its_own_runtime_has_only_one() {
    for (name, dependency) in [("own", ""), ("bare", ", default-features = false")] {
        let project = with_runtime(name, dependency);
        let ran = project.birthmark("--workspace run").ok();
        assert!(ran.stdout.contains("helper/src/lib.rs:1"), "{}", ran.stdout);
        assert!(ran.stdout.contains("tasks 2"), "{}", ran.stdout);
        let again = project.birthmark("--workspace run").ok();
        assert!(!again.stderr.contains("Compiling"), "{}", again.stderr);
        project.birthmark("--workspace check").ok();
        project.birthmark("--workspace run").ok();
    }
}

#[test]
fn annotated_crates_alone_are_instrumented_without_options() {
    let project = with_runtime("marked", "");
    let text = format!("#![cfg_attr(birthmark, birthmark::instrument)]\n{DUMP}")
        .replace("helper::", "marked_helper::");
    project.write("src/main.rs", &text);
    let ran = project.birthmark("run").ok();
    assert!(ran.stdout.contains("tasks 1"), "{}", ran.stdout);
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn missing_annotations_are_reported() {
    let project = Project::new(
        "unmarked",
        &[("src/main.rs", "fn main() { std::thread::spawn(|| ()); }\n")],
    );
    let said = project.birthmark("run").ok().stderr;
    let line = "nothing instrumented: no crate is annotated; spawns are in the binary `unmarked` of unmarked";
    assert!(said.contains(line), "{said}");
}

const PANICS: &str =
    "fn main() {\n    let _ = std::thread::spawn(|| panic!(\"boom\")).join();\n}\n";

fn reports(project: &Project, args: &str) {
    let ran = project.birthmark(args);
    assert!(
        ran.stderr.contains("    by       1 main"),
        "{args}\n{}",
        ran.stderr
    );
}

#[test]
fn every_profile_and_target() {
    let profiles = "[profile.fat]\ninherits = \"release\"\nlto = \"fat\"\n[profile.thin]\ninherits = \"dev\"\nlto = \"thin\"\n[profile.abort]\ninherits = \"dev\"\npanic = \"abort\"\n[profile.abort-fat]\ninherits = \"fat\"\npanic = \"abort\"\ncodegen-units = 1\n";
    let project = Project::new(
        "profiles",
        &[("+Cargo.toml", profiles), ("src/main.rs", PANICS)],
    );
    let host = host();
    for args in [
        "run",
        "run --release",
        "run --profile fat",
        "run --profile thin",
        "run --profile abort",
        "run --profile abort-fat",
        &format!("run --target {host}"),
    ] {
        reports(&project, &format!("--workspace {args}"));
    }
}

fn host() -> String {
    let output = std::process::Command::new("rustc")
        .arg("-vV")
        .output()
        .unwrap()
        .stdout;
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned()
}

#[test]
fn every_edition() {
    for edition in ["2015", "2018", "2021", "2024"] {
        let manifest = format!(
            "[package]\nname = \"edition-{edition}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n"
        );
        let project = Project::new(
            "",
            &[
                ("Cargo.toml", &manifest),
                (
                    "src/main.rs",
                    "mod birthmark { pub mod core {} }\nmod inner;\nfn main() { inner::go() }\n",
                ),
                (
                    "src/inner.rs",
                    "pub fn go() { let _ = ::std::thread::spawn(|| panic!()).join(); }\n",
                ),
            ],
        );
        let ran = project.birthmark("--workspace run").ok();
        assert!(
            ran.stderr.contains("    by       1 main"),
            "{edition}: {}",
            ran.stderr
        );
    }
}

#[test]
fn odd_source_files() {
    let spawn = "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }";
    let project = Project::new(
        "odd",
        &[
            (
                "src/main.rs",
                "#!/usr/bin/env run\nmod bom;\nmod crlf;\nmod generated;\n#[cfg(any())]\nmod missing;\nmod späße { #[path = \"ö.rs\"] pub mod o; }\nfn main() {\n    bom::go(); crlf::go(); späße::o::go(); generated::go(); generated::built();\n    assert_eq!(birthmark_free(), 5);\n}\nfn birthmark_free() -> u32 { include!(\"five.in\") }\n// no line end",
            ),
            ("src/bom.rs", &format!("\u{feff}{spawn}")),
            ("src/crlf.rs", &format!("// übrigens\r\n{spawn}\r\n")),
            ("src/späße/ö.rs", &format!("/* ß */ {spawn} // Ende")),
            (
                "src/generated.rs",
                &format!("include!(concat!(env!(\"OUT_DIR\"), \"/built.rs\"));\n{spawn}\n"),
            ),
            ("src/five.in", "5"),
            (
                "build.rs",
                "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(out + \"/built.rs\", \"pub fn built() { std::thread::spawn(|| ()).join().unwrap(); }\").unwrap();\n}\n",
            ),
        ],
    );
    assert_eq!(
        project.birthmark("--workspace run").ok().summary(),
        "1 crate instrumented, 4 sites"
    );
}

#[test]
fn libraries_that_build_scripts_and_macros_share_are_linked_there_too() {
    let package = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"shared-{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}"
        )
    };
    let on = "shared-common = { path = \"../common\" }\n";
    let project = Project::new(
        "",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"common\", \"mac\", \"app\"]\nresolver = \"3\"\n",
            ),
            ("common/Cargo.toml", &package("common", "")),
            (
                "common/src/lib.rs",
                "pub fn count() -> usize { std::thread::spawn(|| 3).join().unwrap() }\n",
            ),
            (
                "mac/Cargo.toml",
                &package(
                    "mac",
                    &format!("[lib]\nproc-macro = true\n[dependencies]\n{on}"),
                ),
            ),
            (
                "mac/src/lib.rs",
                "#[proc_macro]\npub fn three(_: proc_macro::TokenStream) -> proc_macro::TokenStream { shared_common::count().to_string().parse().unwrap() }\n",
            ),
            (
                "app/Cargo.toml",
                &package(
                    "app",
                    &format!(
                        "build = \"build.rs\"\n[dependencies]\n{on}shared-mac = {{ path = \"../mac\" }}\n[build-dependencies]\n{on}"
                    ),
                ),
            ),
            (
                "app/build.rs",
                "fn main() { println!(\"cargo::rustc-env=THREE={}\", shared_common::count()); }\n",
            ),
            (
                "app/src/main.rs",
                "fn main() { println!(\"{}{}{}\", shared_common::count(), shared_mac::three!(), env!(\"THREE\")); }\n",
            ),
        ],
    );
    let host = host();
    for args in ["run", "run --release", &format!("run --target {host}")] {
        let ran = project.birthmark(&format!("--workspace {args}")).ok();
        assert_eq!(ran.stdout.trim(), "333");
    }
}

#[test]
fn several_versions_of_one_crate_and_one_without_std() {
    let package = |version: &str| {
        format!("[package]\nname = \"twice\"\nversion = \"{version}\"\nedition = \"2021\"\n")
    };
    let lib = "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }\n";
    let dependencies = "[dependencies]\none = { package = \"twice\", path = \"one\" }\ntwo = { package = \"twice\", path = \"two\" }\nbare = { path = \"bare\" }\nquiet = { path = \"quiet\" }\n[workspace]\nexclude = [\"one\", \"two\", \"bare\", \"quiet\"]\n";
    let project = Project::new(
        "versions",
        &[
            ("+Cargo.toml", dependencies),
            (
                "src/main.rs",
                "fn main() { one::go(); two::go(); bare::go(); }\n",
            ),
            ("one/Cargo.toml", &package("1.0.0")),
            ("one/src/lib.rs", lib),
            ("two/Cargo.toml", &package("2.0.0")),
            ("two/src/lib.rs", lib),
            (
                "bare/Cargo.toml",
                &package("0.1.0").replace("twice", "bare"),
            ),
            (
                "quiet/Cargo.toml",
                &package("0.1.0").replace("twice", "quiet"),
            ),
            (
                "quiet/src/lib.rs",
                "#![no_std]\n//! Nothing, as with `spawn(f)`.\n",
            ),
            (
                "bare/src/lib.rs",
                "#![no_std]\npub fn go() { spawn(|| ()); }\nfn spawn(task: impl FnOnce()) { task(); }\n",
            ),
        ],
    );
    let ran = project.birthmark("run --deps").ok();
    assert_eq!(
        ran.summary(),
        "2 crates instrumented, 2 sites; 1 `no_std` crate left alone"
    );
    let ran = project.birthmark("run --deps --only twice@1.*").ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
}

#[test]
fn pool_threads_are_no_children_of_later_requests() {
    let pool = r#"
use std::sync::{mpsc, Mutex, OnceLock};
type Job = Box<dyn FnOnce() + Send>;
/// Hands a job to the one thread of the pool, which the first makes.
pub fn run(job: Job) {
    static POOL: OnceLock<Mutex<mpsc::Sender<Job>>> = OnceLock::new();
    let (done, is_done) = mpsc::channel::<()>();
    let job: Job = Box::new(move || { let _done = done; job() });
    POOL.get_or_init(|| {
        let (jobs, given) = mpsc::channel::<Job>();
        std::thread::Builder::new().spawn(move || for job in given {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
        }).unwrap();
        jobs.into()
    }).lock().unwrap().send(job).unwrap();
    let _ = is_done.recv();
}
"#;
    let program = r#"
fn first_request() { threadpool::run(Box::new(|| ())) }
fn second_request() { threadpool::run(Box::new(|| panic!("bad row in request 2"))) }
fn main() {
    std::thread::spawn(first_request).join().unwrap();
    std::thread::spawn(second_request).join().unwrap();
}
"#;
    let manifest = "[package]\nname = \"pooling\"\nedition = \"2024\"\n\
                    [dependencies]\nthreadpool.path = \"threadpool\"\n";
    let project = Project::new(
        "",
        &[
            ("Cargo.toml", manifest),
            ("src/main.rs", program),
            (
                "threadpool/Cargo.toml",
                "[package]\nname = \"threadpool\"\nedition = \"2024\"\n",
            ),
            ("threadpool/src/lib.rs", pool),
        ],
    );
    let ran = project.birthmark("run --deps").ok();
    let (_, report) = ran.stderr.split_once("bad row in request 2").unwrap();
    assert!(report.contains(", thread, root (pool): "), "{report}");
    // If the second request sleeps already, the stack of the pool's thread may lead to it.
    let (of_the_task, guessed) = report
        .split_once("  probably for task ")
        .unwrap_or((report, " second_request, which waits"));
    let has_parent = |line: &str| line.starts_with("    by       ");
    assert!(!of_the_task.lines().any(has_parent), "{report}");
    assert!(guessed.contains(" second_request, which waits"), "{report}");
    assert!(!report.contains("first_request"), "{report}");
}

#[test]
fn tests_of_a_runtime_are_recorded_as_of_any_program() {
    let library = "pub fn execute(job: impl FnOnce() + Send + 'static) { spawn(job) }
        fn spawn(job: impl FnOnce() + Send + 'static) { job() }\n";
    let test = "#[test]
fn job_has_a_lineage() { std::thread::spawn(|| panic!(\"in a job\")).join().unwrap_err(); }\n";
    let manifest = "[package]\nname = \"threadpool\"\nedition = \"2024\"\n";
    let project = Project::new(
        "",
        &[
            ("Cargo.toml", manifest),
            ("src/lib.rs", library),
            ("tests/jobs.rs", test),
        ],
    );
    let ran = project.birthmark("--workspace test --test jobs -- --nocapture");
    let ran = ran.ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(
        ran.stderr.contains("    by       1 job_has_a_lineage\n"),
        "{}",
        ran.stderr
    );
    let listed = project.birthmark("sites --workspace").ok().stdout;
    let [library, test] = listed.lines().collect::<Vec<_>>()[..] else {
        panic!("{listed}");
    };
    assert!(
        library.contains("not covered: passes a task on"),
        "{listed}"
    );
    assert!(
        test.ends_with("job_has_a_lineage::{closure} (Thread)"),
        "{listed}"
    );
}

#[test]
fn first_edition_without_a_prelude() {
    let manifest =
        "[package]\nname = \"unpreluded\"\nversion = \"0.1.0\"\nedition = \"2015\"\n[lib]\n";
    let spawn = "pub fn go() { let _ = ::std::thread::spawn(|| panic!()).join(); }\n";
    let project = Project::new(
        "",
        &[
            ("Cargo.toml", manifest),
            (
                "src/main.rs",
                "extern crate unpreluded;\nfn main() { unpreluded::inner::go() }\n",
            ),
            ("src/lib.rs", "#![no_implicit_prelude]\n\npub mod inner;\n"),
            ("src/inner.rs", &format!("use ::std::panic;\n\n{spawn}")),
        ],
    );
    let ran = project.birthmark("--workspace run").ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 1 site");
    assert!(ran.stderr.contains("    by       1 main"), "{}", ran.stderr);
}

#[test]
fn another_target() {
    const MUSL: &str = "x86_64-unknown-linux-musl";
    let mut rustup = std::process::Command::new("rustup");
    let listed = rustup.args(["target", "list", "--installed"]).output();
    if !listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(MUSL)) {
        eprintln!("SKIPPED: `rustup target add {MUSL}` brings what this needs");
        return;
    }
    let project = Project::new("musl", &[("src/main.rs", PANICS)]);
    reports(&project, &format!("--workspace run --target {MUSL}"));
}
