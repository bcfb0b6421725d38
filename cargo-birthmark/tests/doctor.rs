//! Findings of the doctor, each on a program that has the fault.

use birthmark_test_support as _;

mod support;
use std::process::Command;

use serde_json::Value;
use support::{Project, Ran};

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

/// A diagnosis, and the exit code.
struct Seen {
    code: i32,
    json: Value,
}

impl Seen {
    fn of(ran: &Ran) -> Seen {
        let json = serde_json::from_str(&ran.stdout);
        let json = json.unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
        Seen {
            code: ran.code,
            json,
        }
    }

    fn codes(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| finding["code"].as_str().unwrap())
            .collect()
    }

    #[track_caller]
    fn finding(&self, code: &str) -> &str {
        let mut findings = self.json["findings"].as_array().unwrap().iter();
        let found = findings.find(|finding| finding["code"] == code);
        found.unwrap_or_else(|| panic!("{:#}", self.json))["what"]
            .as_str()
            .unwrap()
    }

    #[track_caller]
    fn package(&self, name: &str) -> &Value {
        let mut packages = self.json["packages"].as_array().unwrap().iter();
        let found = packages.find(|row| row["package"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:#}", self.json))
    }
}

/// Asks where no target directory is set, so that nothing was built unless the test did.
fn command(project: &Project, args: &str) -> Command {
    let mut command = project.command(args);
    command.env_remove("CARGO_TARGET_DIR");
    command
}

fn doctor(project: &Project, args: &str) -> Seen {
    let args = format!("birthmark {args} doctor --format json");
    Seen::of(&project.run(&mut command(project, &args)))
}

#[test]
fn healthy_program_has_no_findings() {
    let project = Project::new("well", &[("src/main.rs", SPAWNS)]);
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec![]));
    assert_eq!(seen.package("well")["sites"], 1);
    assert_eq!(seen.package("well")["built"], "no");
    assert_eq!(
        seen.json["chain"],
        serde_json::json!(["cargo-birthmark", "rustc"])
    );
    project
        .run(&mut command(&project, "birthmark --workspace build"))
        .ok();
    assert_eq!(
        doctor(&project, "--workspace").package("well")["built"],
        "fresh"
    );
    let text = project
        .run(&mut command(&project, "birthmark --workspace doctor"))
        .ok()
        .stdout;
    assert!(text.contains("well 0.1.0: 1 site; built\n"), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn colours_follow_the_terminal_and_no_color() {
    let project = Project::new("coloured", &[("src/main.rs", SPAWNS)]);
    let with = |name: &str, value: &str| {
        let mut command = command(&project, "birthmark doctor");
        project
            .run(command.env("CLICOLOR_FORCE", "1").env(name, value))
            .ok()
            .stdout
    };
    assert!(with("A", "1").contains("\x1b[1m"));
    assert!(!with("NO_COLOR", "1").contains('\x1b'));
}

#[test]
fn reason_of_each_crate_left_alone_is_shown() {
    let package = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"left-{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}"
        )
    };
    let spawns = "pub fn go() { std::thread::spawn(|| ()); }\n";
    let project = Project::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\", \"plain\", \"refused\", \"no-std\", \"quiet\"]\nexclude = [\"dep\", \"taken-out\"]\nresolver = \"3\"\n[workspace.metadata.birthmark]\nexclude = [\"left-taken-out\"]\n",
            ),
            (
                "a/Cargo.toml",
                &package(
                    "a",
                    "[dependencies]\nleft-dep = { path = \"../dep\" }\nleft-taken-out = { path = \"../taken-out\" }\n",
                ),
            ),
            (
                "a/src/lib.rs",
                &format!(
                    "#![cfg_attr(birthmark, birthmark::instrument)]\n{spawns}\n#[birthmark::instrument(skip)] fn skipped() {{ std::thread::spawn(|| ()); }}"
                ),
            ),
            ("plain/Cargo.toml", &package("plain", "")),
            ("plain/src/lib.rs", spawns),
            (
                "refused/Cargo.toml",
                &package(
                    "refused",
                    "[package.metadata.birthmark]\ninstrument = false\n",
                ),
            ),
            ("refused/src/lib.rs", spawns),
            (
                "no-std/Cargo.toml",
                &package("no-std", "[features]\ndefault = [\"std\"]\nstd = []\n"),
            ),
            (
                "no-std/src/lib.rs",
                &format!(
                    "#![cfg_attr(birthmark, birthmark::instrument)]\n#![cfg_attr(not(feature = \"std\"), no_std)]\n{spawns}"
                ),
            ),
            ("quiet/Cargo.toml", &package("quiet", "")),
            (
                "quiet/src/lib.rs",
                "#![no_std]\n#![cfg_attr(birthmark, birthmark::instrument)]\n//! Nothing, as with `spawn(f)`.\n",
            ),
            ("dep/Cargo.toml", &package("dep", "")),
            ("dep/src/lib.rs", spawns),
            ("taken-out/Cargo.toml", &package("taken-out", "")),
            ("taken-out/src/lib.rs", spawns),
        ],
    );
    let seen = doctor(&project, "");
    let reason = |seen: &Seen, name: &str| {
        seen.package(name)["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(seen.package("left-a")["sites"], 1);
    let uncovered = seen.package("left-a")["uncovered"][0].as_str().unwrap();
    assert!(
        uncovered.ends_with("is in an item with `skip`"),
        "{uncovered}"
    );
    assert!(reason(&seen, "left-plain").contains("--workspace takes all members"));
    assert!(reason(&seen, "left-refused").contains("instrument = false"));
    assert!(reason(&seen, "left-dep").contains("--deps takes all of them"));
    assert!(reason(&seen, "left-taken-out").contains("`only` or `exclude`"));
    assert_eq!(seen.package("left-no-std")["sites"], 1);
    assert!(!seen.json["packages"].to_string().contains("left-quiet"));
    let args = "birthmark doctor --no-default-features --format json";
    let bare = Seen::of(&project.run(&mut command(&project, args)));
    assert!(reason(&bare, "left-no-std").contains("without the standard library"));
    assert_eq!((seen.code, bare.code), (0, 0));
}

#[test]
fn invalid_manifest_is_a_problem() {
    let project = Project::new(
        "nonsense",
        &[
            (
                "+Cargo.toml",
                "[package.metadata.birthmark]\ninstrumnt = true\n",
            ),
            ("src/main.rs", SPAWNS),
        ],
    );
    let seen = doctor(&project, "");
    assert_eq!((seen.code, seen.codes()), (98, vec!["setting"]));
    assert!(seen.finding("setting").contains("manifest of `nonsense`"));
}

#[test]
fn runtime_of_another_version_is_a_problem() {
    let core = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime-shim");
    let manifest = format!(
        "[package]\nname = \"birthmark\"\nversion = \"0.0.7\"\nedition = \"2021\"\n\
         [dependencies]\nbirthmark-core = {{ path = {core:?} }}\n"
    );
    let runtime = Project::new(
        "birthmark",
        &[("Cargo.toml", &manifest), ("src/lib.rs", "")],
    );
    let dependency = format!(
        "[dependencies]\nbirthmark = {{ path = \"{}\" }}\n",
        runtime.path().display()
    );
    let project = Project::new(
        "outdated",
        &[("+Cargo.toml", &dependency), ("src/main.rs", SPAWNS)],
    );
    let seen = doctor(&project, "--workspace");
    assert_eq!(seen.code, 98);
    assert!(seen.finding("setting").contains("birthmark 0.0.7"));
    assert_eq!(
        seen.json["findings"][0]["remedy"],
        "run `cargo install cargo-birthmark --version 0.0.7`"
    );
}

#[test]
fn old_compiler_is_a_problem() {
    let project = Project::new(
        "aged",
        &[
            ("src/main.rs", SPAWNS),
            (
                "rustc.sh",
                "#!/bin/sh\nrustc \"$@\" | sed 's/^rustc .*/rustc 1.70.0 (90c541806 2023-05-31)/'\n",
            ),
        ],
    );
    let rustc = project.path().join("rustc.sh");
    project
        .run(Command::new("chmod").arg("+x").arg(&rustc))
        .ok();
    let mut command = command(&project, "birthmark --workspace doctor --format json");
    let seen = Seen::of(&project.run(command.env("RUSTC", &rustc)));
    assert_eq!((seen.code, seen.codes()), (98, vec!["toolchain-too-old"]));
}

#[test]
fn missing_wrapper_is_a_problem() {
    let project = Project::new("chained", &[("src/main.rs", SPAWNS)]);
    let mut command = command(&project, "birthmark --workspace doctor --format json");
    command
        .env("RUSTC_WRAPPER", "env")
        .env("RUSTC_WORKSPACE_WRAPPER", "/no/such/wrapper");
    let seen = Seen::of(&project.run(&mut command));
    assert_eq!(
        seen.json["chain"],
        serde_json::json!(["cargo-birthmark", "env", "/no/such/wrapper", "rustc"])
    );
    assert_eq!((seen.code, seen.codes()), (98, vec!["wrapper-missing"]));
}

#[test]
fn artifacts_of_other_choices_are_stale() {
    let project = Project::new("staled", &[("src/main.rs", SPAWNS)]);
    project
        .run(&mut command(
            &project,
            "birthmark --deps --exclude staled check",
        ))
        .ok();
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec!["stale"]));
    assert_eq!(
        seen.package("staled")["built"]["stale"],
        "when the choice was: all members and dependencies; not staled; dependencies without frames, which --frames adds"
    );
    // This choice makes the same of a member.
    project
        .run(&mut command(&project, "birthmark --deps check"))
        .ok();
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec![]));
}

#[test]
fn empty_choice_is_reported() {
    let project = Project::new("unchosen", &[("src/main.rs", SPAWNS)]);
    assert_eq!(doctor(&project, "").codes(), ["nothing-chosen"]);
}

#[test]
fn stale_entries_of_init_are_found() {
    let project = Project::new("entered", &[("src/main.rs", SPAWNS)]);
    project
        .run(&mut command(&project, "birthmark --workspace init"))
        .ok();
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec![]));
    assert!(
        seen.json["plain"]
            .as_str()
            .unwrap()
            .ends_with(".cargo/config.toml")
    );
    let config = project.read(".cargo/config.toml");
    let wrapper = config
        .lines()
        .find(|line| line.starts_with("rustc-wrapper"))
        .unwrap();
    project.write(
        ".cargo/config.toml",
        &config.replace(wrapper, "rustc-wrapper = \"/gone/cargo-birthmark\""),
    );
    let gone = doctor(&project, "--workspace");
    assert!(
        gone.code == 98 && gone.codes().contains(&"init-tool-missing"),
        "{:?}",
        gone.codes()
    );
    project.write(
        ".cargo/config.toml",
        &config.replace(wrapper, "rustc-wrapper = \"/bin/true\""),
    );
    assert!(
        doctor(&project, "--workspace")
            .codes()
            .contains(&"init-other-tool")
    );
    project.write(".cargo/config.toml", &config);
    let session = config
        .split('"')
        .find(|it| it.contains("session-"))
        .unwrap();
    let text = project.read(session);
    project.write(session, &text.replace("\"tool\": \"0", "\"tool\": \"7"));
    assert_eq!(
        doctor(&project, "--workspace").codes(),
        ["init-other-version"]
    );
    project.write(
        session,
        &text.replace(
            "\"members\": {",
            "\"members\": { \"/gone\": { \"instrument\": null },",
        ),
    );
    assert_eq!(
        doctor(&project, "--workspace").codes(),
        ["init-other-members"]
    );
    std::fs::remove_file(project.path().join(session)).unwrap();
    assert_eq!(
        doctor(&project, "--workspace").codes(),
        ["init-session-missing"]
    );
}

const ANNOTATED: &str = "#![cfg_attr(birthmark, birthmark::instrument)]\n";

#[test]
fn undeclared_cfg_is_pointed_out() {
    let project = Project::new(
        "undeclared",
        &[("src/main.rs", &format!("{ANNOTATED}{SPAWNS}"))],
    );
    assert!(
        project
            .cargo("check")
            .ok()
            .stderr
            .contains("unexpected `cfg`")
    );
    let seen = doctor(&project, "");
    assert_eq!((seen.code, seen.codes()), (0, vec!["cfg-undeclared"]));
    let remedy = seen.json["findings"][0]["remedy"].as_str().unwrap();
    let lines = remedy.split_once('\n').unwrap().1;
    project.write(
        "Cargo.toml",
        &format!("{}{lines}\n", project.read("Cargo.toml")),
    );
    assert_eq!(doctor(&project, "").codes(), Vec::<&str>::new());
    assert!(!project.cargo("check").ok().stderr.contains("warning"));
}

#[test]
fn mistaken_annotation_is_a_problem() {
    let text = format!(
        "{}{SPAWNS}",
        ANNOTATED.replace("instrument", "instrument(alsso(go))")
    );
    let project = Project::new("mistaken", &[("src/main.rs", &text)]);
    let seen = doctor(&project, "");
    assert_eq!(seen.code, 98);
    assert!(
        seen.finding("annotation").contains("src/main.rs:1:"),
        "{}",
        seen.finding("annotation")
    );
}

#[test]
fn items_with_the_attribute_count_as_annotated() {
    let project = Project::new(
        "partial",
        &[(
            "src/main.rs",
            &SPAWNS.replace("fn main", "#[birthmark::instrument]\nfn main"),
        )],
    );
    let seen = doctor(&project, "");
    assert_eq!(seen.codes(), [""; 0]);
    assert_eq!(seen.package("partial")["items"], true);
    let text = project.run(&mut command(&project, "birthmark doctor")).ok();
    let text = text.stdout;
    let line = "partial 0.1.0: annotated: its items with `#[birthmark::instrument]`";
    assert!(text.contains(line), "{text}");
}

#[test]
fn dependencies_follow_members_in_one_line() {
    let spawns = "pub fn go() { std::thread::spawn(|| ()); }\n";
    let dependency = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n"
        )
    };
    let project = Project::new(
        "zoo",
        &[
            (
                "+Cargo.toml",
                "[dependencies]\nape = { path = \"ape\" }\nbee = { path = \"bee\" }\n",
            ),
            ("src/main.rs", SPAWNS),
            ("ape/Cargo.toml", &dependency("ape")),
            ("ape/src/lib.rs", spawns),
            ("bee/Cargo.toml", &dependency("bee")),
            ("bee/src/lib.rs", spawns),
        ],
    );
    let packages = |args: &str| {
        let text = project.run(&mut command(&project, args)).ok().stdout;
        let packages = text.lines().skip_while(|line| !line.is_empty()).skip(1);
        let packages = packages.take_while(|line| !line.starts_with("Packages"));
        packages.map(String::from).collect::<Vec<_>>()
    };
    let folded = packages("birthmark --workspace doctor");
    assert!(folded[0].starts_with("zoo 0.1.0: 1 site"), "{folded:?}");
    let line = "2 dependencies left alone (--deps takes them; -v lists them)";
    assert_eq!(folded[1..], [line]);
    let listed = packages("birthmark --workspace doctor -v");
    assert!(listed[0].starts_with("zoo 0.1.0: "), "{listed:?}");
    assert!(
        listed[1].starts_with("ape 0.1.0: left alone: "),
        "{listed:?}"
    );
    assert_eq!(listed.len(), 3);
}

/// A program of two binaries, one of which the compiler refuses when it is rewritten.
fn refusing(name: &str) -> Project {
    let odd = format!("{SPAWNS}mod __birthmark {{}}\n");
    let project = Project::new(
        name,
        &[
            ("src/main.rs", SPAWNS),
            ("src/bin/odd.rs", &odd),
            ("+Cargo.toml", ""),
        ],
    );
    let manifest = project.read("Cargo.toml").replace("2024", "2015");
    project.write("Cargo.toml", &manifest);
    project
        .run(&mut command(&project, "birthmark --workspace check"))
        .ok();
    project
}

#[test]
fn failed_instrumentation_is_a_finding() {
    let project = refusing("refusing");
    let seen = doctor(&project, "--workspace");
    assert_eq!(seen.code, 98);
    let finding = seen.finding("fallback");
    assert!(
        finding.starts_with("the binary `odd` of refusing is left alone: ")
            && finding.contains("not when rewritten")
            && finding.contains("\nerror[E0260]: the name `__birthmark` is defined multiple times"),
        "{finding}"
    );
    assert!(!finding.contains("$message_type") && !finding.contains('\x1b'));
    // What has gone since is at nobody's fault.
    std::fs::remove_file(project.path().join("src/bin/odd.rs")).unwrap();
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec![]));
}

/// A member of the edition 2015 with a module.
fn old(name: &str, module: &str) -> Project {
    let main = SPAWNS.replace("fn main() {", "mod odd;\nfn main() {\n    odd::go();");
    let project = Project::new(name, &[("src/main.rs", &main), ("src/odd.rs", module)]);
    let manifest = project.read("Cargo.toml").replace("2024", "2015");
    project.write("Cargo.toml", &manifest);
    project
}

#[test]
fn file_with_syntax_of_2015_is_instrumented_except_for_the_items_with_it() {
    // The compiler knows this syntax. The parser does not.
    let module = "\
pub type Job = Fn() + Send;
pub trait Runs { fn m(u8); fn run(&self) { ::std::thread::spawn(|| println!(\"{}\", line!())).join().unwrap(); } }
impl Runs for Job { fn m(_: u8) {} }
struct Flag { await: u8 }
fn old(async: u8) {
    let flag = Flag { await: async };
    ::std::thread::spawn(move || assert_eq!(flag.await, 7)).join().unwrap();
}
pub fn go() {
    let job: Box<Job> = Box::new(|| ());
    job.run();
    old(7);
    let _ = ::std::thread::spawn(|| panic!()).join();
}
";
    let project = old("half-read", module);
    let seen = doctor(&project, "--workspace");
    assert_eq!((seen.code, seen.codes()), (0, vec![]));
    let package = seen.package("half-read");
    assert_eq!(package["sites"], 3, "{package:#}");
    let uncovered = package["uncovered"].as_array().unwrap();
    let uncovered = uncovered[0].as_str().unwrap();
    assert!(
        uncovered.starts_with(
            "src/odd.rs:5:1: fn old: may have spawns; its syntax is unknown: line 5: "
        ),
        "{uncovered}"
    );
    let mut run = command(&project, "birthmark --workspace run");
    let ran = project.run(&mut run).ok();
    assert_eq!(ran.summary(), "1 crate instrumented, 3 sites");
    let panicked = ran.stderr.contains("panicked at src/odd.rs:13:37:\n");
    let told = ran.stderr.contains("spawned  src/odd.rs:13:13");
    assert!(panicked && told, "{}", ran.stderr);
}

#[test]
fn file_without_tokens_is_reported_as_not_read() {
    // In the edition 2015, these are two tokens. In those that the lexer knows, they are a literal, which is wrong.
    let module = "macro_rules! m { ($a:ident $b:expr) => { $b } }\npub fn go() { ::std::thread::spawn(|| m!(c\"\\0\")); }\n";
    let project = old("unread", module);
    let seen = doctor(&project, "--workspace");
    let finding = seen.finding("not-read");
    assert!(
        seen.code == 0 && finding.contains("src/odd.rs:2:"),
        "{finding}"
    );
    let mut command = command(&project, "birthmark --workspace run");
    assert_eq!(
        project.run(&mut command).ok().summary(),
        "1 crate instrumented, 1 site"
    );
}
