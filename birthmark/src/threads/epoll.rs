//! Epoll instances of the program, by which executors look at sockets and timers.
//!
//! An instance of birthmark's own threads does not count. It is recognised by the thread that waits in it. The kernel lists
//! the files of each instance, and copies of a descriptor have the same list.

use std::path::Path;

use birthmark_core::__reader::{internal_thread, os_thread};
use birthmark_dump::__private::look_at;
use birthmark_dump::ThreadState;

use crate::platform::tasks;

/// Maximum number of open files that are looked at.
const MAX_FILES: usize = 4096;

/// Returns `true` if the program has an epoll instance. Returns `false` if that is not certain.
pub(super) fn is_there() -> bool {
    let Some(own) = own_instances() else {
        return false;
    };
    let Ok(files) = std::fs::read_dir("/proc/self/fd") else {
        return false;
    };
    let mut files = files.take(MAX_FILES).flatten();
    files.any(|file| {
        let is_epoll = std::fs::read_link(file.path())
            .is_ok_and(|target| target == Path::new("anon_inode:[eventpoll]"));
        let watched = || watched(&file.file_name().to_string_lossy());
        is_epoll && watched().is_some_and(|files| !files.is_empty() && !own.contains(&files))
    })
}

/// Returns the lists of files of the instances of birthmark's own threads. Returns `None` if one of them may have an
/// instance and does not wait in it now.
fn own_instances() -> Option<Vec<String>> {
    let this = os_thread::os_id();
    let ids = os_thread::all_os_ids()?.into_iter();
    let own = ids.filter(|&id| internal_thread::is_internal(id) && id != this);
    let mut instances = Vec::new();
    for id in own {
        let thread = look_at(id, tasks::clock_tick(), |file| tasks::read(id, file));
        match thread.as_ref().map(|thread| thread.state()) {
            Some(ThreadState::InCall(call)) if call.name() == Some("epoll_wait") => {
                instances.push(watched(&call.descriptor()?.to_string())?);
            }
            // A thread that waits otherwise has none.
            None | Some(ThreadState::InCall(_)) => {}
            Some(_) => return None,
        }
    }
    Some(instances)
}

/// Returns the lines about the files that an instance watches.
fn watched(descriptor: &str) -> Option<String> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
    let lines = info.lines().filter(|line| line.starts_with("tfd:"));
    Some(lines.collect::<Vec<_>>().join("\n"))
}
