//! Runs the program whose tasks the tests read.

#![allow(dead_code, reason = "no test needs all of it")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use birthmark_stacks::{DebugInfo, Guard, Memory as _, Options, Process, Root, Stack, Unchanging};
use birthmark_test_support as _;

/// A published task.
pub struct Task {
    pub label: String,
    pub address: u64,
    pub function: u64,
    pub vtable: u64,
    pub sequence: u64,
    pub size: u64,
    pub type_name: String,
}

impl Task {
    pub fn by_function(&self) -> Root {
        self.checked(Root::by_function(self.address, self.function, "F"))
    }

    pub fn by_vtable(&self) -> Root {
        self.checked(Root::by_vtable(self.address, self.vtable))
    }

    fn checked(&self, root: Root) -> Root {
        root.with_size(self.size).with_type_name(&self.type_name)
    }
}

/// The running program. It ends when this value is dropped.
pub struct Program {
    child: Child,
    pub tasks: Vec<Task>,
}

impl Program {
    /// Starts an executable and waits until all tasks are suspended.
    pub fn start(executable: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(executable);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("the output is a pipe"));
        let mut program = Self {
            child,
            tasks: Vec::new(),
        };
        for line in output.lines() {
            let line = line.expect("the program prints text");
            if line == "ready" {
                return program;
            }
            program.tasks.push(parse(&line));
        }
        panic!("the program ended before all tasks were suspended");
    }

    pub fn memory(&self) -> Process {
        Process {
            id: self.child.id(),
        }
    }

    pub fn debug_info(&self) -> DebugInfo {
        DebugInfo::of_process(self.child.id()).expect("the process is there")
    }

    pub fn task(&self, label: &str) -> &Task {
        let mut labelled = self.tasks.iter().filter(|task| task.label == label);
        labelled.next().expect("a task has this label")
    }

    pub fn stack(&self, info: &mut DebugInfo, root: &Root) -> Stack {
        info.stack(&self.memory(), root, &Unchanging, &Options::new())
    }

    /// Returns a guard that reads the count of a task.
    pub fn guard(&self, task: &Task) -> impl Guard {
        let (memory, address) = (self.memory(), task.sequence);
        move || {
            let mut bytes = [0; 8];
            memory.read(address, &mut bytes).ok()?;
            Some(u64::from_le_bytes(bytes))
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(line: &str) -> Task {
    let mut fields = line.splitn(8, ' ');
    let mut field = || {
        fields
            .next()
            .unwrap_or_else(|| panic!("a field is missing: {line}"))
    };
    let number = |text: &str| {
        let hex = text.strip_prefix("0x").expect("a hexadecimal number");
        u64::from_str_radix(hex, 16).expect("a number")
    };
    assert_eq!(field(), "task");
    Task {
        label: field().to_owned(),
        address: number(field()),
        function: number(field()),
        vtable: number(field()),
        sequence: number(field()),
        size: field().parse().expect("a size"),
        type_name: field().to_owned(),
    }
}

/// Builds the program with further arguments of cargo, and returns the path of the executable.
pub fn build(arguments: &[&str]) -> PathBuf {
    build_by(Command::new(env!("CARGO")), arguments)
}

/// Builds the program in a target directory of its own, because other flags would change every crate.
pub fn build_separately(name: &str, arguments: &[&str]) -> PathBuf {
    build(&[&["--target-dir", &separate_folder(name)], arguments].concat())
}

/// Builds the program with the nightly toolchain, which `.ci/check docs` needs, too.
pub fn build_by_nightly() -> PathBuf {
    let mut cargo = Command::new("cargo");
    cargo
        .arg("+nightly")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTC");
    build_by(cargo, &["--target-dir", &separate_folder("nightly")])
}

fn separate_folder(name: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("builds")
        .join(name);
    folder.to_str().expect("the path is text").to_owned()
}

fn build_by(mut cargo: Command, arguments: &[&str]) -> PathBuf {
    cargo.args(["build", "--quiet", "--package", "birthmark-stacks-program"]);
    cargo.args(["--message-format", "json"]).args(arguments);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{cargo:?} failed");
    let text = String::from_utf8(output.stdout).expect("cargo prints text");
    let executables = text.lines().filter_map(|line| {
        let (_, after) = line.split_once("\"executable\":\"")?;
        after.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    executables.max().expect("cargo names the executable")
}
