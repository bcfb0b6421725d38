//! Facts about another process, out of procfs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use birthmark_dump::__private::{Process, look_at, program_name};
use birthmark_dump::OsThread;

use crate::error::OpenError;

/// The error `ESRCH`.
const NO_SUCH_PROCESS: i32 = 3;

/// The folder of a process in procfs.
pub(crate) fn folder(id: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{id}"))
}

/// Reads the list of mapped ranges.
pub(crate) fn maps(id: u32) -> Result<String, OpenError> {
    match fs::read(folder(id).join("maps")) {
        Ok(maps) => Ok(String::from_utf8_lossy(&maps).into_owned()),
        Err(error) => Err(explain(id, error)),
    }
}

/// Returns what differs between two programs that a process runs, one after the other. Empty if the process has ended.
///
/// The kernel hands addresses to each program that it starts, among them that of random bytes on the stack.
pub(crate) fn auxiliary_vector(id: u32) -> Vec<u8> {
    fs::read(folder(id).join("auxv")).unwrap_or_default()
}

/// Returns the error of a process that does not run the program of before.
pub(crate) fn lost(id: u32) -> OpenError {
    let stat = fs::read_to_string(folder(id).join("stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    match state.chars().next() {
        None | Some('Z' | 'X') => OpenError::Ended { id },
        _ => refusal(id).unwrap_or(OpenError::Replaced { id }),
    }
}

/// Returns the reason why memory of the process cannot be read, if there is one.
pub(crate) fn refusal(id: u32) -> Option<OpenError> {
    let error = fs::File::open(folder(id).join("mem")).err()?;
    Some(explain(id, error))
}

fn explain(id: u32, source: io::Error) -> OpenError {
    if !folder(id).exists() {
        return OpenError::NoProcess { id };
    }
    let help = match source.raw_os_error() {
        Some(NO_SUCH_PROCESS) => {
            "it has no memory, because it is a thread of the kernel or ends at this moment".into()
        }
        _ => help(id),
    };
    OpenError::Refused { id, source, help }
}

/// Returns `true` for the user that stands for all those that the user namespace of this process does not have.
fn is_of_no_user_here(user: u32) -> bool {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let overflow = read("/proc/sys/kernel/overflowuid").trim().parse() == Ok(user);
    // The initial namespace has all users.
    let all = ["0", "0", "4294967295"];
    overflow && !read("/proc/self/uid_map").split_whitespace().eq(all)
}

/// Returns what a person can do if the system refuses.
fn help(id: u32) -> String {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    match (owner(id), owner_of("/proc/self".as_ref())) {
        (Some(theirs), _) if is_of_no_user_here(theirs) => {
            "run it as root outside of this user namespace, which has no number for the user of the process".into()
        }
        (Some(theirs), Some(own)) if theirs != own => {
            format!("run it as the user of the process (`sudo -u '#{theirs}'`) or as root")
        }
        _ if scope.trim() == "3" => {
            "ptrace_scope is 3, which forbids it to everybody until the next boot; use a core file"
                .into()
        }
        (_, Some(0)) => {
            "give the reader the capability SYS_PTRACE, which root lacks in a container \
                         (`docker run --cap-add SYS_PTRACE`)"
                .into()
        }
        _ if matches!(scope.trim(), "1" | "2") => {
            format!(
                "run it as root, or permit it with `sudo sysctl kernel.yama.ptrace_scope=0`; it is {}",
                scope.trim()
            )
        }
        _ => "run it as root; in a container, add the capability SYS_PTRACE".into(),
    }
}

fn owner(id: u32) -> Option<u32> {
    owner_of(&folder(id))
}

#[cfg(unix)]
fn owner_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(fs::metadata(path).ok()?.uid())
}

#[cfg(not(unix))]
fn owner_of(_path: &Path) -> Option<u32> {
    None
}

/// Returns the process as it sees itself: its id in its own namespace, and the name of its program.
pub(crate) fn process(id: u32) -> Process {
    let folder = folder(id);
    let command = fs::read(folder.join("cmdline")).unwrap_or_default();
    let started = command.split(|byte| *byte == 0).next().unwrap_or_default();
    let started = String::from_utf8_lossy(started).into_owned();
    let started = Some(Path::new(&started)).filter(|path| !path.as_os_str().is_empty());
    let program = program_name(started, || fs::read_link(folder.join("exe")).ok());
    Process {
        id: own_id(&folder).map_or(id, |id| id as u32),
        program: Arc::from(program),
    }
}

/// Returns the paths of the control groups of a process, one in each line. Container engines put the id or the name of a
/// container into them.
pub(crate) fn control_groups(id: u32) -> String {
    let groups = fs::read(folder(id).join("cgroup")).unwrap_or_default();
    String::from_utf8_lossy(&groups).into_owned()
}

/// Returns the id of a process in its own namespace, as it is known in its container.
pub(crate) fn inner_id(id: u32) -> Option<u32> {
    own_id(&folder(id)).map(|id| id as u32)
}

/// Returns the id of a process or thread in its own namespace.
fn own_id(folder: &Path) -> Option<u64> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let ids = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?;
    ids.split_ascii_whitespace().next_back()?.parse().ok()
}

/// A thread: its id for the reader, and its id for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadId {
    pub(crate) outer: u64,
    pub(crate) own: u64,
}

/// Returns the threads of a process.
pub(crate) fn threads(id: u32) -> Option<Vec<ThreadId>> {
    let folder = folder(id);
    let is_nested = own_id(&folder).is_some_and(|own| own != u64::from(id));
    let entries = fs::read_dir(folder.join("task")).ok()?;
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let thread = |outer: u64| {
        let nested = || own_id(&folder.join(format!("task/{outer}")));
        let own = is_nested.then(nested).flatten().unwrap_or(outer);
        ThreadId { outer, own }
    };
    Some(ids.map(thread).collect())
}

/// Reads the kernel's state of a thread. Returns `None` if the thread has ended.
pub(crate) fn look(id: u32, thread: ThreadId) -> Option<OsThread> {
    let folder = folder(id).join(format!("task/{}", thread.outer));
    look_at(thread.own, clock_tick(), |file| {
        let content = fs::read(folder.join(file))?;
        Ok(String::from_utf8_lossy(&content).into_owned())
    })
}

/// The unit in which the kernel counts the time of threads.
#[cfg(unix)]
fn clock_tick() -> Duration {
    // SAFETY: takes a number and returns one.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Duration::from_secs(1) / u32::try_from(per_second).unwrap_or(0).max(1)
}

#[cfg(not(unix))]
fn clock_tick() -> Duration {
    Duration::ZERO
}

/// Returns all processes of which the reader may see the maps.
pub(crate) fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut ids: Vec<u32> = ids.collect();
    ids.sort_unstable();
    ids
}
