//! Children that cannot hang a test: each ends within a bound, or is ended, and the test says which one it was.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use birthmark_test_support::guard::{BOUND, BOUND_VARIABLE};

/// More time than any child takes on a busy machine, and less than a test binary has. A test therefore names the child
/// that hangs before its binary is ended.
pub fn bound() -> Duration {
    let seconds = std::env::var(BOUND_VARIABLE).ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    let binary = seconds.map_or(BOUND, Duration::from_secs);
    if binary.is_zero() {
        // No bound is wanted. This is a year.
        return Duration::from_secs(365 * 24 * 60 * 60);
    }
    binary * 3 / 5
}

/// Runs a command to its end.
#[track_caller]
pub fn output(command: &mut Command) -> Output {
    output_within(bound(), command)
}

/// Runs a command to its end, which has to come within a bound.
#[track_caller]
pub fn output_within(bound: Duration, command: &mut Command) -> Output {
    let deadline = Instant::now() + bound;
    let shown = shown(command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // All that it starts is ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command.spawn();
    let mut child = child.unwrap_or_else(|error| panic!("cannot run `{shown}`: {error}"));
    let [stdout, stderr] = [
        read(child.stdout.take().unwrap()),
        read(child.stderr.take().unwrap()),
    ];
    let status = wait_until(deadline, &mut child);
    let [stdout, stderr] = [stdout, stderr].map(|it| collect(&it, deadline));
    match (status, stdout, stderr) {
        (Some(status), Ok(stdout), Ok(stderr)) => Output {
            status,
            stdout,
            stderr,
        },
        (_, stdout, stderr) => {
            end(&mut child);
            let said = [stdout, stderr].map(|it| {
                let text = it.unwrap_or_else(|unfinished| unfinished);
                String::from_utf8_lossy(&text).into_owned()
            });
            panic!(
                "`{shown}` hangs: it has not ended within {bound:?}, and printed:\n{}",
                said.concat()
            );
        }
    }
}

/// Waits for a child to end.
#[track_caller]
pub fn wait(child: &mut Child, shown: &str) -> ExitStatus {
    let bound = bound();
    wait_until(Instant::now() + bound, child).unwrap_or_else(|| {
        end(child);
        panic!("`{shown}` hangs: it has not ended within {bound:?}");
    })
}

fn wait_until(deadline: Instant, child: &mut Child) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        let group = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        // Others of its group may live on when it has ended.
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads on another thread, which outlives the test if the other end never closes.
fn read(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Everything until the other end closes; the part that came if it does not close in time.
fn collect(from: &Receiver<Vec<u8>>, deadline: Instant) -> Result<Vec<u8>, Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match from.recv_timeout(left) {
            Ok(part) => text.extend(part),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(text),
            Err(mpsc::RecvTimeoutError::Timeout) => return Err(text),
        }
    }
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
