//! Whole crates from the registry still compile when all of their files are rewritten.

use std::fs;
use std::path::{Path, PathBuf};

use birthmark_integration_tests::project::Project;
use birthmark_rewrite::text::{Edition, File, Options, rewrite};
use serde_json::Value;

/// Crates of all editions that spawn, and how they are depended on.
const CRATES: [(&str, &str); 16] = [
    ("actix-rt", ""),
    ("async-executor", ""),
    ("async-io", ""),
    ("async-process", ""),
    ("blocking", ""),
    ("crossbeam-utils", ""),
    ("futures-executor", "\"thread-pool\""),
    ("futures-util", ""),
    ("hyper", "\"client\", \"http1\", \"http2\", \"server\""),
    (
        "hyper-util",
        "\"client-legacy\", \"http1\", \"server-auto\", \"tokio\"",
    ),
    ("rayon", ""),
    ("rayon-core", ""),
    ("smol", ""),
    ("threadpool", ""),
    ("tokio", "\"full\""),
    ("tokio-util", "\"full\""),
];

#[test]
#[ignore = "compiles two dozen crates"]
fn whole_crates_compile() {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR")).join("text-crates-mirror");
    let packages = birthmark_test_support::packages::of_this_machine();
    let (mut dependencies, mut patches, mut sites) = (String::new(), String::new(), 0);
    for (name, features) in CRATES {
        let package = packages.iter().find(|package| package["name"] == name);
        let package =
            package.unwrap_or_else(|| panic!("{name} is no dependency of this workspace"));
        let mirror = tmp.join(name);
        sites += copy(package, &mirror);
        let version = package["version"].as_str().expect("it has a version");
        dependencies +=
            &format!("{name} = {{ version = \"={version}\", features = [{features}] }}\n");
        patches += &format!("{name} = {{ path = {mirror:?} }}\n");
    }
    assert!(sites > 100, "{sites}");
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name: "text-crates",
        edition: "2024",
        runtime: "__birthmark",
        manifest: &format!("{dependencies}[patch.crates-io]\n{patches}"),
    };
    project.write(&[("main.rs", "fn main() {}\n")]);
    let output = project.cargo(&["check"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Copies a package, rewritten and with the runtime among its dependencies. Returns the number of sites.
fn copy(package: &Value, to: &Path) -> usize {
    let manifest = PathBuf::from(
        package["manifest_path"]
            .as_str()
            .expect("it has a manifest"),
    );
    let options = Options {
        runtime: "__birthmark".to_owned(),
        edition: match package["edition"].as_str() {
            Some("2015") => Edition::E2015,
            Some("2018") => Edition::E2018,
            Some("2021") => Edition::E2021,
            _ => Edition::E2024,
        },
        ..Options::default()
    };
    let from = manifest.parent().expect("a file is in a directory");
    let sites = copy_directory(from, to, &options, false);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../birthmark");
    let mut text = fs::read_to_string(&manifest).expect("the manifest can be read");
    text += &format!("\n[dependencies.__birthmark]\npackage = \"birthmark\"\npath = \"{root}\"\n");
    fs::write(to.join("Cargo.toml"), text).expect("the manifest can be written");
    sites
}

/// Rewrites what is below `src`; build scripts are not.
fn copy_directory(from: &Path, to: &Path, options: &Options, within: bool) -> usize {
    fs::create_dir_all(to).expect("a directory can be made");
    let entries = fs::read_dir(from).expect("a directory can be read");
    let mut sites = 0;
    for entry in entries.flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            sites += copy_directory(&path, &to, options, within || path.ends_with("src"));
        } else if within && path.extension().is_some_and(|extension| extension == "rs") {
            sites += copy_source(&path, &to, options);
        } else {
            let _bytes = fs::copy(&path, &to).expect("a file can be copied");
        }
    }
    sites
}

fn copy_source(from: &Path, to: &Path, options: &Options) -> usize {
    let source = fs::read_to_string(from).expect("sources are text");
    let path = from.to_str().expect("paths are text");
    let file = File {
        source: &source,
        path,
    };
    let rewritten = rewrite(file, options).unwrap_or_else(|error| panic!("{path}: {error:?}"));
    fs::write(to, &rewritten.text).expect("a file can be written");
    rewritten.sites.len()
}
