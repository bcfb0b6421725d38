//! Roles of the tasks of real programs that are at work: `./test --subjects`, or alone
//!
//! ```text
//! BIRTHMARK_TEST_SECONDS=20000 cargo test -p cargo-birthmark --test roles_at_work -- --ignored --nocapture
//! ```
//!
//! Each program runs with all that it depends on instrumented, and a dump shows all its tasks. `PROGRAMS=dufs,ripgrep` selects
//! programs. A table at the end has the tasks of each program, and the share of those whose role says nothing.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use birthmark_test_support as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

mod support;
use support::Project;
use support::published::{cargo, copy, published};
use support::silent::share;
use support::started::{PATIENCE, Started};

/// Percentage of tasks whose role may say nothing.
const MOST_SILENT: f64 = 5.0;

/// A program, and what it does while it is looked at.
struct Subject {
    name: &'static str,
    /// The version on crates.io, or the directory from this package's.
    source: Source,
    /// Arguments of the build.
    build: &'static str,
    binary: &'static str,
    /// Starts the work. The program works while the result exists.
    start: fn(&Work) -> Box<dyn std::any::Any>,
    /// The dump is taken when there are as many tasks.
    tasks: usize,
}

enum Source {
    Version(&'static str),
    Directory(&'static str),
}

use Source::{Directory, Version};

const SUBJECTS: &[Subject] = &[
    Subject {
        name: "mini-redis",
        source: Version("0.4.1"),
        build: "--bins",
        binary: "mini-redis-server",
        start: |work| {
            let port = free_port();
            let server = work.run(&format!("--port {port}"));
            let connect = || connection(port, "*2\r\n$9\r\nsubscribe\r\n$5\r\nnews1\r\n");
            Box::new((server, [connect(), connect(), connect()]))
        },
        tasks: 7,
    },
    Subject {
        name: "dufs",
        source: Version("0.47.0"),
        build: "--no-default-features",
        binary: "dufs",
        start: |work| {
            let port = free_port();
            let server = work.run(&format!("--bind 127.0.0.1 --port {port} ."));
            let connect = || connection(port, "GET /Cargo.toml HTTP/1.1\r\nhost: here\r\n\r\n");
            Box::new((server, [connect(), connect(), connect()]))
        },
        tasks: 7,
    },
    Subject {
        name: "miniserve",
        source: Version("0.35.0"),
        build: "--no-default-features",
        binary: "miniserve",
        start: |work| {
            let port = free_port();
            let server = work.run(&format!("--interfaces 127.0.0.1 --port {port} ."));
            let connect = || connection(port, "GET /Cargo.toml HTTP/1.1\r\nhost: here\r\n\r\n");
            Box::new((server, [connect(), connect(), connect()]))
        },
        tasks: 6,
    },
    Subject {
        name: "bore",
        source: Version("0.6.0"),
        build: "",
        binary: "bore",
        start: |work| {
            // Its port is always the same, so the address is one that other programs do not use.
            let [_, _, high, low] = std::process::id().to_be_bytes();
            let address = Ipv4Addr::new(127, 77, high, low);
            let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = target.local_addr().unwrap().port();
            let outside = free_port();
            let server = work.beside(&format!("server --bind-addr {address}"));
            drop(connected((address, 7835).into()));
            let client = format!("local {port} --to {address} --port {outside}");
            let client = work.run(&client);
            let reach = || connected((address, outside).into());
            let connections = [reach(), reach(), reach()];
            let taken = [0, 1, 2].map(|_| target.accept().unwrap());
            Box::new((client, server, connections, taken))
        },
        tasks: 6,
    },
    Subject {
        name: "static-web-server",
        source: Version("2.44.1"),
        build: "--no-default-features",
        binary: "static-web-server",
        start: |work| {
            let port = free_port();
            let server = work.run(&format!("--host 127.0.0.1 --port {port} --root ."));
            let connect = || connection(port, "GET /Cargo.toml HTTP/1.1\r\nhost: here\r\n\r\n");
            Box::new((server, [connect(), connect(), connect()]))
        },
        tasks: 7,
    },
    Subject {
        name: "ripgrep",
        source: Version("14.1.1"),
        build: "",
        binary: "rg",
        start: |work| {
            work.pipe("pipe");
            Box::new(work.run("--threads 4 needle . pipe"))
        },
        tasks: 3,
    },
    Subject {
        name: "fd",
        source: Version("10.5.0"),
        build: "--no-default-features",
        binary: "fd",
        start: |work| {
            let sleep = format!("--threads 4 --exec sleep {}", PATIENCE.as_secs());
            Box::new(work.run(&sleep))
        },
        tasks: 5,
    },
    Subject {
        name: "asks",
        source: Directory("subjects/asks"),
        build: "",
        binary: "asks",
        start: |work| Box::new(work.run("8")),
        tasks: 18,
    },
    Subject {
        name: "shop",
        source: Directory("../examples/shop"),
        build: "",
        binary: "shop",
        start: |work| {
            let port = free_port();
            let server = work.run(&format!("127.0.0.1:{port}"));
            let ask = || connection(port, "GET /quotes/7 HTTP/1.1\r\nhost: here\r\n\r\n");
            Box::new((server, [ask(), ask(), ask()]))
        },
        tasks: 9,
    },
    wrapper("lighthouse"),
    wrapper("vector"),
    wrapper("zenoh"),
];

/// The way in which a large program spawns, rebuilt.
const fn wrapper(name: &'static str) -> Subject {
    Subject {
        name,
        source: Directory("subjects/wrappers"),
        build: "",
        binary: "wrappers",
        start: |work| Box::new(work.run(work.subject)),
        tasks: 5,
    }
}

/// Where a program works.
struct Work {
    project: Project,
    subject: &'static str,
    binary: PathBuf,
}

impl Work {
    fn command(&self, args: &str) -> Command {
        let mut command = self.project.by(&self.binary.display().to_string(), args);
        command.stdin(std::process::Stdio::null());
        command
    }

    /// Starts the program that is looked at.
    fn run(&self, args: &str) -> Started {
        let words = format!("signal=USR1,format=json,dir={}", self.dumps().display());
        let program = Started::new(self.command(args).env("BIRTHMARK", words));
        let id = program.id().to_string();
        std::fs::write(self.project.path().join("program.id"), id).unwrap();
        program
    }

    /// Starts the program in another role.
    fn beside(&self, args: &str) -> Started {
        Started::new(&mut self.command(args))
    }

    fn dumps(&self) -> PathBuf {
        self.project.path().join("dumps")
    }

    /// Makes a pipe, which somebody who opens it waits at.
    fn pipe(&self, name: &str) {
        let made = Command::new("mkfifo")
            .arg(self.project.path().join(name))
            .status();
        assert!(made.unwrap().success());
    }

    /// Dumps until there are as many tasks.
    fn dump(&self, tasks: usize) -> Value {
        let id = std::fs::read_to_string(self.project.path().join("program.id")).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        while !catches(&id) {
            assert!(Instant::now() < deadline, "{}: no handler", self.subject);
            std::thread::sleep(Duration::from_millis(20));
        }
        while Instant::now() < deadline {
            kill(Pid::from_raw(id.parse().unwrap()), Signal::SIGUSR1).unwrap();
            std::thread::sleep(Duration::from_millis(200));
            let files = std::fs::read_dir(self.dumps()).into_iter().flatten();
            let paths = files.map(|file| file.unwrap().path());
            for path in paths.filter(|path| path.extension().is_some_and(|it| it == "json")) {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let Ok(dump) = serde_json::from_str::<Value>(&text) else {
                    continue;
                };
                let found = dump["tasks"].as_array().map_or(0, Vec::len);
                last = dump;
                if found >= tasks {
                    return last;
                }
            }
        }
        panic!("{}: fewer than {tasks} tasks: {last:#}", self.subject);
    }
}

/// Returns `true` if the process has a handler of the signal, which would end it otherwise.
fn catches(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it has not ended");
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.unwrap_or_default() & (1 << (Signal::SIGUSR1 as u32 - 1)) != 0
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Connects as soon as somebody listens.
fn connected(address: SocketAddr) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < deadline, "{address}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Connects, and sends a request.
fn connection(port: u16, request: &str) -> TcpStream {
    let mut stream = connected((Ipv4Addr::LOCALHOST, port).into());
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The numbers of tasks by their roles.
fn roles_at_work(subject: &'static Subject) -> BTreeMap<String, usize> {
    let project = match subject.source {
        Version(version) => {
            let package = match subject.name {
                "bore" => "bore-cli",
                "fd" => "fd-find",
                name => name,
            };
            published(package, version)
        }
        Directory(path) => {
            let project = Project::new(subject.binary, &[]);
            copy(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join(path),
                &project.path(),
            );
            project
        }
    };
    cargo(
        &project,
        &format!("birthmark build --deps {}", subject.build),
    )
    .ok();
    let binary = support::shared()
        .join("birthmark/debug")
        .join(subject.binary);
    let work = Work {
        project,
        subject: subject.name,
        binary,
    };
    let at_work = (subject.start)(&work);
    let dump = work.dump(subject.tasks);
    drop(at_work);
    let mut roles = BTreeMap::new();
    for task in dump["tasks"].as_array().expect("tasks") {
        let role = task["role"].as_str().expect("a role").to_owned();
        *roles.entry(role).or_insert(0) += 1;
    }
    roles
}

#[test]
#[ignore = "compiles real programs, which takes many minutes"]
fn tasks_of_programs_at_work_have_roles() {
    let chosen = std::env::var("PROGRAMS").unwrap_or_default();
    let chosen: Vec<&str> = chosen.split_terminator(',').collect();
    let is_chosen = |subject: &&Subject| chosen.is_empty() || chosen.contains(&subject.name);
    let mut table = String::from("  program             tasks  say nothing\n");
    let mut silent = Vec::new();
    for subject in SUBJECTS.iter().filter(is_chosen) {
        let roles = roles_at_work(subject);
        let each = roles
            .iter()
            .flat_map(|(role, count)| std::iter::repeat_n(role.as_str(), *count));
        let (percent, count, which) = share(each);
        eprintln!("  {}: {roles:#?}", subject.name);
        let name = subject.name;
        writeln!(table, "  {name:18} {count:6} {percent:10.1} %  {which:?}").unwrap();
        if percent > MOST_SILENT {
            silent.push(name);
        }
    }
    eprintln!("{table}");
    assert!(silent.is_empty(), "{silent:?}\n{table}");
}
