//! The program that tests look at, and the command.
#![allow(dead_code, reason = "each test uses a part")]

pub mod terminal;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

/// The specimen as it runs.
pub struct Specimen {
    pub child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Returns the executable of the specimen.
pub fn executable() -> PathBuf {
    example("specimen")
}

/// Returns the file of an example.
pub fn example(file: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    profile.join("examples").join(file)
}

/// Compiles the specimen with these options and variables. Returns its path, which is `path` below a target directory of its
/// own.
pub fn built(name: &str, options: &[&str], variables: &[(&str, &str)], path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let built = Command::new(env!("CARGO"))
        .args(["build", "--example", "specimen", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .args(options)
        .envs(variables.iter().copied())
        .status();
    assert!(built.expect("cargo starts").success());
    target.join(path)
}

/// Returns a folder for the files of a test.
pub fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs `objcopy`.
pub fn objcopy(options: &[&str], from: &Path, to: &Path) {
    let done = Command::new("objcopy")
        .args(options)
        .args([from, to])
        .status();
    assert!(
        done.expect("binutils are installed").success(),
        "{options:?}"
    );
}

/// Writes a core file of a running process.
pub fn core_of(process: &str, folder: &Path) -> String {
    let prefix = folder.join("core").display().to_string();
    let output = Command::new("gcore")
        .args(["-o", &prefix, process])
        .output();
    let output = output.expect("gdb is installed: `apt-get install gdb`");
    let core = format!("{prefix}.{process}");
    assert!(
        Path::new(&core).exists(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    core
}

/// Runs the specimen in gdb with a line of input that ends it by a signal. Returns its core file.
pub fn crashed(test: &str, line: &str) -> String {
    let folder = folder(test);
    let core = folder.join("core").display().to_string();
    let input = folder.join("input");
    std::fs::write(&input, format!("{line}\n")).expect("the folder is writable");
    let run = format!("run < {}", input.display());
    let generate = format!("generate-core-file {core}");
    let output = Command::new("gdb")
        .args(["-q", "-nx", "-batch"])
        .args(["-ex", &run, "-ex", &generate, "-ex", "kill", "--args"])
        .arg(executable())
        .output()
        .expect("gdb is installed: `apt-get install gdb`");
    let gdb = String::from_utf8_lossy(&output.stdout);
    assert!(gdb.contains("received signal SIG"), "{gdb}");
    core
}

/// Returns the frames of instrumented code in a dump.
pub fn instrumented(dump: &str) -> String {
    let frames = dump.lines().filter(|line| {
        let label = line.split_whitespace().next();
        label.is_some_and(|label| ["awaits", "and", "within"].contains(&label))
    });
    frames.collect::<Vec<_>>().join("\n")
}

impl Specimen {
    pub fn start(executable: &Path, arguments: &[&str]) -> Self {
        let started = Self::start_by(Command::new(executable).args(arguments));
        started.unwrap_or_else(|| {
            let path = executable.display();
            panic!("{path} does not start. `cargo build --examples` compiles it.")
        })
    }

    /// Starts the specimen by a command. Returns `None` if the command does not exist.
    pub fn start_by(command: &mut Command) -> Option<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut specimen = Specimen {
            child,
            input,
            output,
        };
        let mut line = String::new();
        specimen.output.read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Some(specimen)
    }

    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Writes a line to the specimen's input.
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Returns the dump that the specimen takes of itself.
    pub fn dump(&mut self, format: &str) -> String {
        self.tell(format);
        let mut dump = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).expect("text") > 0,
                "it ended"
            );
            if line == ".\n" {
                return dump;
            }
            dump += &line;
        }
    }

    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: the process is a child that was not waited for.
        unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
    }
}

impl Drop for Specimen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the command.
pub fn birthmark(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_birthmark"))
        .args(arguments)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

/// Runs the command, which succeeds, and returns its output.
pub fn shown(arguments: &[&str]) -> String {
    let output = birthmark(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Leaves out times, the time and the process of the heading, and the numbers of threads: one may end between two dumps.
pub fn timeless(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // A task without a waker is said to have none after a tenth of a second.
    for line in text.replace(", no waker left", "").lines() {
        if let Some((_, counts)) = line.split_once(" UTC: ") {
            let (counts, _) = counts.rsplit_once("; ").unwrap_or((counts, ""));
            lines.push(counts.into());
            continue;
        }
        let line = match line.split_once("; ") {
            Some((_, rest)) if line.starts_with("coverage: ") => rest,
            _ => line,
        };
        let mut words: Vec<&str> = line.split(' ').collect();
        for at in 1..words.len() {
            let is_unit = words[at].trim_end_matches([']', ',', ':']) == "s";
            let before = words[at - 1].trim_start_matches('[');
            if is_unit && before.parse::<f64>().is_ok() {
                words[at - 1] = "#";
            }
        }
        lines.push(words.join(" "));
    }
    lines.join("\n")
}
