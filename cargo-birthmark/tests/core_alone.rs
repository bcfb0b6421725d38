//! A program whose library depends on `birthmark-core` and `birthmark-macros`, and not on `birthmark`.

use birthmark_test_support as _;

mod support;

use support::Project;

const LIBRARY: &str = r#"
#[birthmark_macros::instrument(crate = birthmark_core)]
pub fn serve(request: u32) -> std::thread::JoinHandle<()> {
    birthmark_core::set_name(format_args!("req-{request}"));
    std::thread::spawn(|| panic!("broken"))
}
"#;

const PROGRAM: &str = r#"
fn main() {
    let served = std::thread::spawn(|| library::serve(7).join());
    println!("{}", served.join().unwrap().is_err());
}
"#;

/// Returns a program that uses the library.
fn project(name: &str) -> Project {
    let packages = ["runtime-shim", "macros"].map(|folder| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        format!("{root}/{folder}")
    });
    let manifest = format!(
        "[package]\nname = \"library\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[dependencies]\n\
         birthmark-core = {{ path = {:?} }}\nbirthmark-macros = {{ path = {:?} }}\n",
        packages[0], packages[1]
    );
    Project::new(
        name,
        &[
            (
                "+Cargo.toml",
                "[dependencies]\nlibrary = { path = \"library\" }\n",
            ),
            ("src/main.rs", PROGRAM),
            ("library/Cargo.toml", &manifest),
            ("library/src/lib.rs", LIBRARY),
        ],
    )
}

#[test]
fn library_with_the_core_alone_works_without_the_command() {
    let ran = project("core_plain").cargo("run -q").ok();
    assert_eq!(ran.stdout, "true\n");
    // No runtime was installed, so the message has no report.
    assert!(!ran.stderr.contains("in task"), "{}", ran.stderr);
}

#[test]
fn library_with_the_core_alone_shares_the_registry_of_the_command() {
    for args in ["--workspace run", "run --deps"] {
        let ran = project("core_alone").birthmark(args).ok();
        assert_eq!(ran.stdout, "true\n");
        // The library names its spawner, which the command has instrumented, and its task inherits the name.
        let expected = [
            "\"req-7\" serve::{closure}\n",
            " in serve, ",
            "    by       2 main::{closure} (its name) < 1 main\n",
        ];
        for part in expected {
            assert!(ran.stderr.contains(part), "{args}: {part}\n{}", ran.stderr);
        }
    }
}
