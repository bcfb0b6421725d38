//! Choices of crates that choose nothing, and what is said of them.

use birthmark_test_support as _;

mod support;
use support::Project;

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

#[track_caller]
fn refused(project: &Project, args: &str, error: &str, help: &str) {
    let ran = project.birthmark(args);
    let said = format!("error: cannot {error}\nhelp: {help}\n");
    assert_eq!((ran.code, &ran.stderr[..]), (96, &said[..]), "{args}");
}

#[test]
fn patterns_that_match_no_package_are_refused_with_the_similar_name() {
    let project = Project::new("similar-one", &[("src/main.rs", SPAWNS)]);
    let none = "no package of the program matches";
    for args in [
        "run --only similar_won",
        "--only similar_won sites",
        "--workspace --exclude similar_won run",
        "diff similar_won",
    ] {
        let error = format!("choose packages by `similar_won`: {none}");
        refused(
            &project,
            args,
            &error,
            "use `similar-one`, which has a similar name",
        );
    }
    let error = format!("choose packages by `similar-one@7.*`: {none}");
    let help = "choose from its versions: 0.1.0";
    refused(&project, "run --only similar-one@7.*", &error, help);

    let manifest = project.read("Cargo.toml");
    for list in ["only", "exclude"] {
        let metadata = format!("[workspace.metadata.birthmark]\n{list} = [\"openssl*\"]\n");
        project.write("Cargo.toml", &format!("{manifest}{metadata}"));
        let place = "in [workspace.metadata.birthmark]";
        let error = format!("choose packages by `openssl*` {place}: {none}");
        let help = "list the names by `cargo tree --prefix none`, or remove the pattern";
        refused(&project, "--workspace run", &error, help);
        let found = project.birthmark("--workspace doctor");
        assert!(
            found.code == 98 && found.stdout.contains(&error),
            "{}",
            found.stdout
        );
    }
}

#[test]
fn package_of_another_platform_or_feature_matches() {
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    let elsewhere = "[target.'cfg(target_os = \"nowhere\")'.dependencies]\n\
        elsewhere = { path = \"elsewhere\" }\n\
        [dependencies]\nextra = { path = \"extra\", optional = true }\n";
    let project = Project::new(
        "unused",
        &[
            ("Cargo.toml", &package("platforms", elsewhere)),
            ("src/lib.rs", ""),
            ("elsewhere/Cargo.toml", &package("elsewhere", "")),
            ("elsewhere/src/lib.rs", ""),
            ("extra/Cargo.toml", &package("extra", "")),
            ("extra/src/lib.rs", ""),
        ],
    );
    for name in ["elsewhere", "extra"] {
        project
            .birthmark(&format!("--deps --exclude {name} sites"))
            .ok();
    }
}

#[test]
fn only_in_the_manifest_takes_dependencies() {
    let manifest = "[dependencies]\nonly-this = { path = \"dep\" }\n\
        [workspace.metadata.birthmark]\nonly = [\"only-this\"]\n";
    let project = Project::new(
        "only-that",
        &[
            ("+Cargo.toml", manifest),
            ("src/main.rs", SPAWNS),
            (
                "dep/Cargo.toml",
                "[package]\nname = \"only-this\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            ("dep/src/lib.rs", &SPAWNS.replace("fn main", "pub fn go")),
        ],
    );
    let sites = project.birthmark("sites").ok().stdout;
    assert_eq!(sites.lines().count(), 1, "{sites}");
    assert!(sites.contains("in go: go::{closure}"), "{sites}");
}

#[test]
fn dependencies_have_frames_if_they_are_asked_for() {
    let project = Project::new(
        "framed",
        &[
            (
                "+Cargo.toml",
                "[dependencies]\nframed-dep = { path = \"dep\" }\n[workspace]\nexclude = [\"dep\"]\n",
            ),
            (
                "src/lib.rs",
                "pub async fn go() { framed_dep::go().await }\n",
            ),
            (
                "dep/Cargo.toml",
                "[package]\nname = \"framed-dep\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            (
                "dep/src/lib.rs",
                "pub async fn go() { std::future::ready(()).await }\n",
            ),
        ],
    );
    let changed = |args: &str| -> Vec<String> {
        let shown = project.birthmark(args).ok().stdout;
        let files = shown.lines().filter_map(|line| line.strip_prefix("+++ "));
        files.map(str::to_owned).collect()
    };
    assert_eq!(changed("--deps diff"), ["src/lib.rs"]);
    let both = ["src/lib.rs", "framed-dep-0.1.0/src/lib.rs"];
    assert_eq!(changed("--deps --frames=* diff"), both);
    let said = project.birthmark("--deps doctor").ok().stdout;
    assert!(
        said.contains("without frames, which --frames adds"),
        "{said}"
    );
    let manifest = project.read("Cargo.toml") + "[workspace.metadata.birthmark]\nframes = true\n";
    project.write("Cargo.toml", &manifest);
    assert_eq!(changed("--deps diff"), both);
}

#[test]
fn frames_may_be_left_to_debug_information() {
    let project = Project::new(
        "frames-by-debug-info",
        &[
            (
                "+Cargo.toml",
                "[workspace.metadata.birthmark]\nframes = \"debug-info\"\n",
            ),
            (
                "src/main.rs",
                "#![cfg_attr(birthmark, birthmark::instrument)]\n\
                 async fn wait() {}\n\
                 async fn go() { wait().await; wait().await }\n\
                 fn main() { println!(\"{}\", size_of_val(&go())) }\n",
            ),
        ],
    );
    let size = |args: &str| project.birthmark(args).ok().stdout.trim().to_owned();
    let plain = project.cargo("run -q").ok().stdout.trim().to_owned();
    assert_eq!(size("run -q"), plain);
    assert_ne!(size("run -q --release"), plain);
}

#[test]
fn call_that_may_be_no_spawn_is_marked_as_probable() {
    let source = "fn go() {\n    client.execute(request());\n    pool.execute(|| ());\n    spawn(work());\n}\n";
    let project = Project::new("probable", &[("src/lib.rs", source)]);
    let sites = project.birthmark("--workspace sites").ok().stdout;
    let lines: Vec<&str> = sites.lines().collect();
    assert_eq!(
        lines,
        [
            "src/lib.rs:2:12: client.execute in go: request (probable)",
            "src/lib.rs:3:10: pool.execute in go: go::{closure} (Job)",
            "src/lib.rs:4:5: spawn in go: work",
        ]
    );
    let json = project
        .birthmark("--workspace sites --format json")
        .ok()
        .stdout;
    let certain = json.matches("\"certain\": true").count();
    assert_eq!(
        (certain, json.matches("\"certain\": false").count()),
        (2, 1)
    );
}

#[test]
fn package_that_is_left_alone_is_listed_with_its_reason() {
    let project = Project::new(
        "with-left",
        &[
            ("+Cargo.toml", "[workspace]\nmembers = [\"bare\"]\n"),
            ("src/lib.rs", SPAWNS),
            (
                "bare/Cargo.toml",
                "[package]\nname = \"bare\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            ("bare/src/lib.rs", "#![no_std]\nfn go() { spawn(|| ()); }\n"),
        ],
    );
    let sites = project.birthmark("--workspace sites").ok().stdout;
    let left = "bare 0.1.0: left alone: it does without the standard library";
    assert!(sites.lines().last().unwrap().starts_with(left), "{sites}");
    let json = project.birthmark("--workspace sites --format json").ok();
    assert!(
        json.stdout.contains("\"package\": \"bare\""),
        "{}",
        json.stdout
    );
}
