//! The environment of cargo in tests: that of the machine, without what a person or an outer cargo has set.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Variables that change what cargo, the compiler, git or birthmark do, by how their names begin.
const CHOICES: [&str; 18] = [
    "BIRTHMARK",
    "CARGO_",
    "CLICOLOR",
    "COLORTERM",
    "COLUMNS",
    "FORCE_COLOR",
    "GIT_",
    "LANG",
    "LC_",
    "MAKEFLAGS",
    "MFLAGS",
    "NEXTEST",
    "NO_COLOR",
    "NUM_JOBS",
    "RUSTC",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUST_",
];

/// Variables that say how this machine reaches its registries.
const OF_THE_MACHINE: [&str; 4] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
];

/// Gives a command the same environment for every user who runs the tests.
pub fn set(command: &mut Command) {
    let begins = |name: &str, with: &[&str]| with.iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if begins(&text, &CHOICES) && !begins(&text, &OF_THE_MACHINE) {
            command.env_remove(&name);
        }
    }
    // Elsewhere, registries cannot be linked, and stay where they are.
    if cfg!(unix) {
        command.env("CARGO_HOME", cargo_home());
    } else if let Some(home) = std::env::var_os("CARGO_HOME") {
        command.env("CARGO_HOME", home);
    }
    command
        .env("CARGO_TERM_COLOR", "never")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .env("RUST_BACKTRACE", "0")
        .env("TERM", "dumb");
}

/// The directory of cargo for all tests.
pub fn cargo_home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-home");
        fill_cargo_home(&home);
        home
    })
}

/// Makes a directory of cargo's that has the registries of the user's, and none of the other choices.
pub fn fill_cargo_home(home: &Path) {
    std::fs::create_dir_all(home).unwrap();
    let user = user_s_cargo_home();
    #[cfg(unix)]
    link(&user.join("registry"), home);
    let configurations = ["config", "config.toml"].map(|name| user.join(name));
    let text = configurations
        .iter()
        .find_map(|file| std::fs::read_to_string(file).ok());
    let mut config: toml_edit::DocumentMut = text.unwrap_or_default().parse().unwrap();
    config.retain(|key, _| ["http", "net", "registries", "registry", "source"].contains(&key));
    let (file, text) = (home.join("config.toml"), config.to_string());
    // A file that is written anew is young, and what depends on it is not remembered.
    if std::fs::read_to_string(&file).ok() != Some(text.clone()) {
        let unfinished = home.join(format!(".config-{}", std::process::id()));
        std::fs::write(&unfinished, text).unwrap();
        std::fs::rename(&unfinished, file).unwrap();
    }
}

/// Links the registries into a directory of cargo's. Other test binaries may do the same at once.
#[cfg(unix)]
fn link(registry: &Path, home: &Path) {
    std::fs::create_dir_all(registry).unwrap();
    let registry = registry.canonicalize().unwrap();
    let link = home.join("registry");
    if std::fs::read_link(&link).ok().as_ref() != Some(&registry) {
        let unfinished = home.join(format!(".registry-{}", std::process::id()));
        std::os::unix::fs::symlink(&registry, &unfinished).unwrap();
        std::fs::rename(&unfinished, link).unwrap();
    }
}

fn user_s_cargo_home() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cargo"))
}
