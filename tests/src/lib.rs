//! Tools of the integration tests: witnesses inside of tasks, waiting for a state, scenarios in separate processes.
//!
//! Tests of one file run at the same time in one process. So each test reads only its own sites and tasks: by the site
//! of a witness, by a role, or by an id.

use birthmark_test_support as _;

pub mod asked;
pub mod project;
pub mod schema;
pub mod stress;
pub mod stuck;

use std::panic::Location;
use std::pin::Pin;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use birthmark::{Kind, Site, SiteStats, State, Task, TaskId};

/// For how long a state is waited for. Nothing depends on it but how late a failure is noticed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Joins lines with their continuations, which begin four columns further to the right.
pub fn unwrapped(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut joined = String::new();
    let mut before = 0;
    for line in text.lines() {
        match !joined.is_empty() && indent(line) == before + 4 {
            true => joined.push(' '),
            false => {
                joined.push('\n');
                joined.push_str(&line[..indent(line)]);
                before = indent(line);
            }
        }
        joined.push_str(line.trim_start());
    }
    joined.split_off(1.min(joined.len()))
}

/// Waits until `is` holds.
///
/// # Panics
///
/// If it does not within a bound that no machine that works exceeds.
#[track_caller]
pub fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    wait_for(what, || is().then_some(()));
}

/// Waits until `find` finds something.
///
/// # Panics
///
/// As [`wait_until`].
#[track_caller]
pub fn wait_for<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "gave up waiting until {what}\n{}",
            birthmark::dump()
        );
        std::thread::yield_now();
    }
}

/// Polls a future until it is ready. Unlike those of the runtimes, it may be nested.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A task that is held where it was spawned.
pub type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Texts that could forge a line or control a terminal, and how they are shown.
pub const HOSTILE: [(&str, &str); 7] = [
    ("new\nline\r", r#""new\nline\r""#),
    ("\u{1b}[2J", r#""\u{1b}[2J""#),
    ("\"quoted\\", r#""\"quoted\\""#),
    ("bidi \u{202e}\u{2066}", r#""bidi \u{202e}\u{2066}""#),
    ("\0\u{7f}\u{9b}", r#""\0\u{7f}\u{9b}""#),
    ("line\u{2028}separator", r#""line\u{2028}separator""#),
    (
        "task 1 \"x\" main [running]:",
        r#""task 1 \"x\" main [running]:""#,
    ),
];

/// An executor that gives the task back.
pub fn spawn<T>(task: T) -> T {
    task
}

/// Polls a task that does not end, once.
///
/// # Panics
///
/// If it does.
#[must_use]
pub fn start(mut task: Held) -> Held {
    let pending = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(pending.is_pending(), "it ended");
    task
}

/// Observations of a task about itself.
#[derive(Debug)]
pub struct Witness {
    /// Its record, read from inside.
    pub task: Task,
    /// The system's id of the thread that it ran on.
    pub thread: u64,
    /// `true` if a dump that was taken meanwhile shows the task.
    pub in_dump: bool,
    /// A result, to be found unchanged.
    pub value: u32,
}

/// The result that each witness returns.
pub const VALUE: u32 = 42;

/// Runs in a task, and bears witness of it.
///
/// # Panics
///
/// If it runs in no task.
#[must_use]
pub fn witness() -> Witness {
    let task = birthmark::current().expect("a witness runs in a task");
    let id = task.id();
    Witness {
        task,
        thread: os_thread(),
        in_dump: find(id).is_some(),
        value: VALUE,
    }
}

/// As [`witness`], after having been suspended once.
pub async fn testimony() -> Witness {
    let before = birthmark::current().map(|task| task.id());
    yield_once().await;
    let witness = witness();
    assert_eq!(before, Some(witness.task.id()));
    witness
}

/// Pending once, and woken at once.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The kernel's id of the calling thread.
///
/// # Panics
///
/// Where there is no procfs.
#[must_use]
pub fn os_thread() -> u64 {
    let link = std::fs::read_link("/proc/thread-self").expect("procfs says who the thread is");
    let id = link.file_name().and_then(|id| id.to_str()?.parse().ok());
    id.expect("the thread's directory is its id")
}

/// The id of the task that runs on this thread.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn own_id() -> TaskId {
    birthmark::current().expect("runs in a task").id()
}

/// The live task with this id.
#[must_use]
pub fn find(id: TaskId) -> Option<Task> {
    birthmark::tasks().into_iter().find(|task| task.id() == id)
}

/// The live tasks with this role.
#[must_use]
pub fn with_role(role: &str) -> Vec<Task> {
    let mut tasks = birthmark::tasks();
    tasks.retain(|task| task.role() == role);
    tasks
}

/// Waits until one live task with this role is in a state.
///
/// # Panics
///
/// As [`wait_until`].
#[track_caller]
#[must_use]
pub fn wait_for_role(role: &str, is: impl Fn(State) -> bool) -> Task {
    wait_for(&format!("{role} is in the state"), || {
        with_role(role).into_iter().find(|task| is(task.state()))
    })
}

/// The counts of one site.
///
/// # Panics
///
/// If the site is not registered.
#[must_use]
pub fn stats_of(site: &Site) -> SiteStats {
    birthmark::sites()
        .into_iter()
        .find(|stats| std::ptr::eq(stats.site, site))
        .expect("each site is registered")
}

/// The counts of the sites in one function: its module's path and its name.
#[must_use]
pub fn stats_in(module_path: &str, function: &str) -> Vec<SiteStats> {
    let mut stats = birthmark::sites();
    stats.retain(|stats| {
        stats.site.module_path() == module_path && stats.site.function() == function
    });
    stats
}

/// The counts of the only site in one function.
///
/// # Panics
///
/// If there is not exactly one.
#[track_caller]
#[must_use]
pub fn only_stats_in(module_path: &str, function: &str) -> SiteStats {
    let mut stats = stats_in(module_path, function);
    assert_eq!(stats.len(), 1, "sites in {module_path}::{function}");
    stats.remove(0)
}

/// Checks a witness that the calling task has spawned, and waits for the end of its record.
///
/// # Panics
///
/// If anything about the record is not as it should be.
#[track_caller]
pub fn check(witness: &Witness, callee: &str, kind: Kind, role: &str) {
    check_child_of(own_id(), witness, callee, kind, role);
}

/// As [`check`], for a witness that another task has spawned.
///
/// # Panics
///
/// As [`check`].
#[track_caller]
pub fn check_child_of(parent: TaskId, witness: &Witness, callee: &str, kind: Kind, role: &str) {
    let Witness { task, thread, .. } = witness;
    assert_eq!(witness.value, VALUE, "the result has changed");
    assert!(witness.in_dump, "no dump shows {task}");
    assert_eq!((task.kind(), task.role()), (kind, role), "{task}");
    assert_eq!(task.parent(), Some(parent), "the parent of {task}");
    let running = State::Running {
        thread: Some(*thread),
    };
    assert_eq!(task.state(), running, "{task}");
    let site = task.site().expect("a spawned task has a site");
    check_place(site, callee, Location::caller());
    wait_until("the record has ended", || find(task.id()).is_none());
    wait_until("the end is counted", || {
        let stats = stats_of(site);
        stats.live == 0 && stats.completed == stats.spawned()
    });
    let stats = stats_of(site);
    assert_eq!((stats.spawned(), stats.completed), (1, 1), "{stats:?}");
    assert_eq!((stats.panicked, stats.cancelled, stats.refused), (0, 0, 0));
}

/// A site is where its callee stands in the source: at the beginning of a path, or at the name of a
/// method, as in [`Location`].
#[track_caller]
fn check_place(site: &Site, callee: &str, test: &Location<'_>) {
    assert_eq!(site.callee(), callee);
    assert_eq!(site.file(), test.file());
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let source = std::fs::read_to_string(format!("{root}{}", site.file())).unwrap();
    let line = source.lines().nth(site.line() as usize - 1).unwrap();
    let rest: String = line.chars().skip(site.column() as usize - 1).collect();
    let written = callee.rsplit('.').next().unwrap();
    assert!(rest.starts_with(written), "{site} is at {rest:?}");
}

/// Resident memory of this process in bytes.
///
/// # Panics
///
/// Where there is no procfs.
#[must_use]
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs tells of memory");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.expect("VmRSS is a number") * 1024
}

/// The output of a scenario in a separate process.
#[derive(Debug)]
pub struct Ran {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// `true` if the process has exited with success.
    pub success: bool,
    /// The signal that has killed it, if one has.
    pub signal: Option<i32>,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        Ran {
            stdout: String::from_utf8(output.stdout).expect("the output is text"),
            stderr: String::from_utf8(output.stderr).expect("the output is text"),
            success: output.status.success(),
            signal: output.status.signal(),
        }
    }
}

/// Runs a program that shows one scenario, in a known environment.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn run(program: &str, scenario: &str, environment: &[(&str, &str)]) -> Ran {
    command(program, scenario, environment)
        .output()
        .expect("the scenario starts")
        .into()
}

/// The command that [`run`] runs.
#[must_use]
pub fn command(program: &str, scenario: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command
        .arg(scenario)
        .env_remove("BIRTHMARK")
        .env_remove("RUST_BACKTRACE")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Builds a program that depends on birthmark only, in a workspace of its own below `tmp`, with the
/// given lines in its profile. Returns its path.
///
/// # Panics
///
/// If it does not compile.
#[must_use]
pub fn build(tmp: &str, name: &str, profile: &str, main: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let folder = format!("{tmp}/{name}");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nbirthmark = {{ path = \"{root}/birthmark\" }}\n\n\
         [profile.dev]\ndebug = false\n{profile}\n"
    );
    std::fs::create_dir_all(format!("{folder}/src")).expect("the folder can be made");
    std::fs::write(format!("{folder}/Cargo.toml"), manifest).expect("it can be written");
    std::fs::write(format!("{folder}/src/main.rs"), main).expect("it can be written");
    // The same versions as here, so that nothing need be fetched.
    let _kept = std::fs::copy(format!("{root}/Cargo.lock"), format!("{folder}/Cargo.lock"));
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline"])
        .current_dir(&folder)
        // What the programs depend on is built once.
        .env("CARGO_TARGET_DIR", format!("{tmp}/target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{folder} does not compile:\n{errors}"
    );
    format!("{tmp}/target/debug/{name}")
}

/// Replaces what differs from run to run: ids and numbers of threads by `#`, ages by `#`.
///
/// Digits in names, paths and roles stay, which is why this looks at what stands around a number.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.lines()
        .map(|line| normalise_line(line) + "\n")
        .collect()
}

fn normalise_line(line: &str) -> String {
    let before = [
        "task ",
        "by       ",
        " < ",
        "thread ",
        " on thread ",
        "running ",
        "waiting ",
        "suspended ",
        "created ",
        // The end of a range of times.
        " s to ",
    ];
    let after = [" s ago", " s to ", " polls", " poll", ") panicked at "];
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (head, tail) = rest.split_at(start);
        let end = tail
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(end);
        out.push_str(head);
        let varies = before.iter().any(|before| out.ends_with(before))
            || after.iter().any(|after| tail.starts_with(after));
        out.push_str(if varies { "#" } else { number });
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// A generator of numbers that look random and are the same for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }
}
