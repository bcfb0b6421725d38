//! Real cargo, on packages that are made for the purpose.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod bounded;
pub mod environment;
pub mod published;
pub mod silent;
pub mod started;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A package or workspace in a directory of its own.
pub struct Project {
    directory: tempfile::TempDir,
}

/// The result of a command.
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Project {
    /// Makes the files. A manifest of a package is written unless there is one.
    pub fn new(name: &str, files: &[(&str, &str)]) -> Project {
        let project = Project {
            directory: tempfile::tempdir().unwrap(),
        };
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write("Cargo.toml", &manifest);
        for (path, text) in files {
            let added = path.strip_prefix("+");
            match added {
                Some(path) => project.write(path, &(project.read(path) + text)),
                None => project.write(path, text),
            }
        }
        project
    }

    /// Where it is, as the compiler sees it.
    pub fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(path)).unwrap()
    }

    /// Runs `cargo birthmark ARGS`.
    pub fn birthmark(&self, args: &str) -> Ran {
        self.cargo(&format!("birthmark {args}"))
    }

    /// Runs `cargo ARGS`.
    pub fn cargo(&self, args: &str) -> Ran {
        self.run(&mut self.command(args))
    }

    /// `cargo ARGS`, not run yet.
    pub fn command(&self, args: &str) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.here(Command::new(cargo), args)
    }

    /// `cargo-birthmark ARGS`, not run yet: cargo is not there to find it.
    pub fn tool(&self, args: &str) -> Command {
        self.here(Command::new(env!("CARGO_BIN_EXE_cargo-birthmark")), args)
    }

    /// `PROGRAM ARGS`, not run yet.
    pub fn by(&self, program: &str, args: &str) -> Command {
        self.here(Command::new(program), args)
    }

    fn here(&self, mut command: Command, args: &str) -> Command {
        let tool = Path::new(env!("CARGO_BIN_EXE_cargo-birthmark"))
            .parent()
            .unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(tool.to_owned()).chain(std::env::split_paths(&path));
        environment::set(&mut command);
        command
            .args(args.split_whitespace())
            .current_dir(self.path())
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("CARGO_TARGET_DIR", shared())
            .env("CARGO_BIRTHMARK_HOME", shared().join("home"));
        command
    }

    /// Returns the command as an argument of another program, behind these arguments.
    pub fn through(&self, program: &str, args: &[&str], command: &Command) -> Command {
        let mut outer = Command::new(program);
        outer.args(args).arg(command.get_program());
        outer.args(command.get_args()).current_dir(self.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        outer
    }

    /// Runs a command.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = bounded::output(command);
        Ran {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }
}

/// One target directory for all tests, so that the runtime is built once.
pub fn shared() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects")
}

impl Ran {
    /// Asserts that it succeeded.
    #[track_caller]
    pub fn ok(self) -> Ran {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The last line of the command's own.
    pub fn summary(&self) -> &str {
        let line = self
            .stderr
            .lines()
            .rfind(|line| line.trim_start().starts_with("Birthmark"));
        line.map(|line| line.trim_start().trim_start_matches("Birthmark "))
            .unwrap_or_default()
    }

    /// Returns `true` if cargo has compiled a package.
    pub fn compiled(&self, package: &str) -> bool {
        self.stderr.contains(&format!("Compiling {package} "))
    }
}
