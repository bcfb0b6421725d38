//! The birthmark that a program depends on itself: its features, and a second version of it.

mod support;
use support::Project;

const SPAWNS: &str = "fn main() {\n    std::thread::spawn(|| ()).join().unwrap();\n}\n";

fn dependency() -> String {
    let runtime = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../birthmark");
    format!(
        "birthmark = {{ path = {:?}, default-features = false }}\n",
        runtime.display()
    )
}

#[test]
fn second_version_is_refused_by_cargo_and_both_are_named() {
    let other = "[package]\nname = \"birthmark\"\nversion = \"0.2.0\"\nedition = \"2021\"\nlinks = \"birthmark\"\n";
    let program = format!(
        "[dependencies]\n{}other = {{ package = \"birthmark\", path = \"other\" }}\n",
        dependency()
    );
    let project = Project::new(
        "twofold",
        &[
            ("+Cargo.toml", &program),
            ("src/main.rs", SPAWNS),
            ("other/Cargo.toml", other),
            ("other/build.rs", "fn main() {}\n"),
            ("other/src/lib.rs", ""),
        ],
    );
    for args in [
        "build --offline",
        "birthmark --workspace build --offline",
        "birthmark doctor --offline",
    ] {
        let ran = project.cargo(args);
        assert_ne!(ran.code, 0);
        for said in ["links", "birthmark v0.1.0", "0.2.0"] {
            assert!(ran.stderr.contains(said), "{args}: {}", ran.stderr);
        }
    }
}

#[test]
fn program_s_own_runtime_gets_the_features_that_are_asked_for() {
    let member = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    let own = format!("[dependencies]\n{}", dependency());
    let main = "fn main() {\n    std::thread::spawn(|| { let _ = std::panic::catch_unwind(|| panic!()); }).join().unwrap();\n}\n";
    let project = Project::new(
        "unused",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"without\", \"with\"]\nresolver = \"3\"\n",
            ),
            ("without/Cargo.toml", &member("owns-none", "")),
            ("without/src/main.rs", main),
            ("with/Cargo.toml", &member("owns-one", &own)),
            (
                "with/src/main.rs",
                &main.replace(
                    "fn main() {",
                    "fn main() {\n    let _ = birthmark::is_enabled();",
                ),
            ),
        ],
    );
    for name in ["owns-none", "owns-one"] {
        let dumps = project.path().join(name);
        let args = format!("birthmark --workspace --runtime-features pprof run -p {name}");
        let mut command = project.command(&args);
        command.env(
            "BIRTHMARK",
            format!("panic=all,format=pprof,dir={}", dumps.display()),
        );
        project.run(&mut command).ok();
        let dumps: Vec<_> = std::fs::read_dir(dumps).unwrap().collect();
        let name = dumps[0].as_ref().unwrap().file_name();
        assert!(name.to_string_lossy().ends_with(".pb.gz"), "{name:?}");
    }
}
