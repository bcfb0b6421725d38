//! Where the source of a crate may come from, and what its path may look like.
#![cfg(unix)]

use birthmark_test_support as _;

mod support;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Project, Ran, environment};

const SPAWNS: &str = "pub fn go() { std::thread::spawn(|| ()).join().unwrap(); }\n";

/// A library in a repository of git, outside of any workspace.
fn repository(name: &str) -> Project {
    let library = Project::new(name, &[("src/lib.rs", SPAWNS)]);
    let git = |args: &str| {
        let mut git = library.by("git", "-c user.name=n -c user.email=e");
        library.run(git.args(args.split(' '))).ok();
    };
    git("init --quiet");
    git("add .");
    git("commit --quiet --message first");
    library
}

/// A program that calls a dependency's `go`.
fn program(name: &str, dependency: &str, source: &str) -> Project {
    let crate_name = dependency.replace('-', "_");
    Project::new(
        name,
        &[
            (
                "+Cargo.toml",
                &format!("[dependencies]\n{dependency} = {{ {source} }}\n"),
            ),
            (
                "src/main.rs",
                &format!("fn main() {{ {crate_name}::go() }}\n"),
            ),
        ],
    )
}

/// A directory of cargo's with git checkouts of its own.
fn cargo_home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    environment::fill_cargo_home(home.path());
    home
}

/// Runs the program with all dependencies, twice, and expects one crate with one site.
#[track_caller]
fn instruments_the_dependency(project: &Project, run: impl Fn(&str) -> Ran) {
    let ran = run("birthmark run --deps").ok();
    assert_eq!(
        ran.summary(),
        "1 crate instrumented, 1 site",
        "{}",
        ran.stderr
    );
    let again = run("birthmark run --deps").ok();
    assert!(!again.stderr.contains("Compiling"), "{}", again.stderr);
    let sites = run("birthmark sites --deps").ok().stdout;
    assert!(
        sites.contains("src/lib.rs:1:15: std::thread::spawn in go"),
        "{sites}"
    );
    drop(project.path());
}

#[test]
fn git_dependency() {
    let library = repository("from-git");
    let source = format!("git = \"file://{}\"", library.path().display());
    let project = program("uses-git", "from-git", &source);
    let home = cargo_home();
    instruments_the_dependency(&project, |args| {
        project.run(project.command(args).env("CARGO_HOME", home.path()))
    });
}

#[test]
fn vendored_dependency_without_a_network() {
    let library = repository("from-vendor");
    let source = format!("git = \"file://{}\"", library.path().display());
    let project = program("uses-vendor", "from-vendor", &source);
    let home = cargo_home();
    let run = |args: &str| project.run(project.command(args).env("CARGO_HOME", home.path()));
    let config = run("vendor").ok().stdout;
    project.write(".cargo/config.toml", &config);
    std::fs::remove_dir_all(home.path().join("git")).unwrap();
    instruments_the_dependency(&project, |args| run(&format!("{args} --offline")));
}

#[test]
fn path_dependency_outside_of_the_workspace() {
    let library = Project::new("from-path", &[("src/lib.rs", SPAWNS)]);
    let source = format!("path = \"{}\"", library.path().display());
    let project = program("uses-path", "from-path", &source);
    instruments_the_dependency(&project, |args| project.cargo(args));
}

const PANICS: &str = "mod inner;\nfn main() { inner::go() }\n";
const INNER: &str =
    "pub fn go() {\n    let _ = std::thread::spawn(|| panic!(\"boom\")).join();\n}\n";

/// A program in this directory below another, which is reached by what `path` makes of that.
fn runs_in(directory: impl AsRef<Path>, name: &str, reach: impl Fn(&Path) -> PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let real = parent.path().canonicalize().unwrap().join(directory);
    std::fs::create_dir_all(real.join("src")).unwrap();
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    for (file, text) in [
        ("Cargo.toml", &manifest[..]),
        ("src/main.rs", PANICS),
        ("src/inner.rs", INNER),
    ] {
        std::fs::write(real.join(file), text).unwrap();
    }
    let project = Project::new("unused", &[]);
    let here = reach(&real);
    let run = |args: &str, target: &Path| {
        let mut command = project.command(args);
        command.current_dir(&real).env("CARGO_TARGET_DIR", target);
        command.arg("--manifest-path").arg(here.join("Cargo.toml"));
        project.run(&mut command)
    };
    let ran = run("birthmark --workspace run", &here.join("target dir"));
    assert!(
        ran.stderr.contains("panicked at src/inner.rs:2:")
            && ran.stderr.contains("    by       1 main"),
        "{}",
        ran.stderr
    );
    let again = run("birthmark --workspace run", &here.join("target dir"));
    assert!(!again.stderr.contains("Compiling"), "{}", again.stderr);
}

#[test]
fn path_with_spaces_and_umlauts() {
    runs_in("my späße = #1, \"it's\"", "spaced", Path::to_owned);
}

#[test]
fn workspace_behind_a_symbolic_link() {
    runs_in("real", "linked-to", |real| {
        let link = real.with_file_name("link");
        std::os::unix::fs::symlink(real, &link).unwrap();
        link
    });
}

#[test]
fn path_that_is_no_text_is_refused_in_cargo_s_words() {
    use std::os::unix::ffi::OsStrExt;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir_all(directory.join("src")).unwrap();
    std::fs::write(directory.join("src/main.rs"), "fn main() {}\n").unwrap();
    std::fs::write(
        directory.join("Cargo.toml"),
        "[package]\nname = \"untext\"\nversion = \"0.1.0\"\n",
    )
    .unwrap();
    let project = Project::new("unused", &[]);
    let run = |args: &str| project.run(project.command(args).current_dir(&directory));
    assert!(run("build").stderr.contains("not utf-8"));
    let ran = run("birthmark --workspace build");
    assert_eq!(ran.code, 96);
    assert!(ran.stderr.contains("UTF-8"), "{}", ran.stderr);
}

#[test]
fn sources_that_cannot_be_written() {
    let project = Project::new(
        "readonly",
        &[("src/main.rs", PANICS), ("src/inner.rs", INNER)],
    );
    project.cargo("generate-lockfile").ok();
    let protect = |flag: &str| {
        let mut chmod = Command::new("chmod");
        chmod.args(["-R", flag]).arg(project.path());
        project.run(&mut chmod).ok();
    };
    protect("a-w");
    let before = listing(&project.path());
    let ran = project.birthmark("--workspace run");
    let after = listing(&project.path());
    protect("u+w");
    assert!(ran.stderr.contains("    by       1 main"), "{}", ran.stderr);
    assert_eq!(before, after);
}

/// All files and their times; root may write where others may not, so the mode alone shows nothing.
fn listing(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        found.push(format!("{} {changed:?}", path.display()));
        if path.is_dir() {
            found.extend(listing(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn file_above_the_workspace_is_included() {
    let main = "\
const WORDS: [&[u8]; 2] = [include_bytes!(\"../../above.txt\"), include_bytes!(concat!(\"../../\", \"above.txt\"))];
fn main() {
    let task = || print!(\"{} {}\", WORDS[0].len(), WORDS[1].len());
    std::thread::spawn(task).join().unwrap();
}
";
    let manifest = "[package]\nname = \"below\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let project = Project::new(
        "unused",
        &[
            ("src/lib.rs", ""),
            ("above.txt", "four"),
            ("inner/Cargo.toml", manifest),
            ("inner/src/main.rs", main),
        ],
    );
    let run = || {
        project
            .birthmark("--workspace run --manifest-path inner/Cargo.toml")
            .ok()
    };
    let ran = run();
    assert_eq!(ran.stdout, "4 4");
    assert_eq!(
        ran.summary(),
        "1 crate instrumented, 1 site",
        "{}",
        ran.stderr
    );
    assert!(!run().compiled("below"));
    project.write("above.txt", "three");
    assert_eq!(run().stdout, "5 5");
}
