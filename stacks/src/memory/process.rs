//! Memory of this process and of other ones, by `process_vm_readv`, or else by `/proc/PID/mem`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::{Memory, Unreadable};

/// The memory of this process.
///
/// The system copies the bytes, so an address without memory is an error and not a crash. The call needs no privilege.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisProcess;

/// The memory of another process.
///
/// The reader needs the right to trace the process: the same user and a permissive `ptrace_scope`, or `CAP_SYS_PTRACE`.
/// The process is not stopped.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Id of the process.
    pub id: u32,
}

impl Process {
    /// Returns `true` if system calls take the ids that procfs shows.
    ///
    /// They do not if `/proc` is that of another pid namespace, for example after `nsenter --mount`. A system call would then
    /// reach another process, so memory is read by `/proc/PID/mem` alone.
    #[must_use]
    pub fn has_ids_of_procfs() -> bool {
        static HAS: OnceLock<bool> = OnceLock::new();
        *HAS.get_or_init(|| match fs::read_to_string("/proc/self/status") {
            Ok(status) => is_only_id(&status, std::process::id()),
            // A procfs in which this process is not, or none.
            Err(_) => !Path::new("/proc/version").exists(),
        })
    }
}

/// Returns `true` if a process has this id in all namespaces that its status shows.
fn is_only_id(status: &str, id: u32) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    // Kernels before 4.1 do not tell.
    ids.is_none_or(|ids| {
        let mut ids = ids.split_ascii_whitespace().map(str::parse);
        ids.next() == Some(Ok(id)) && ids.next().is_none()
    })
}

impl Memory for ThisProcess {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        copy(std::process::id(), address, buffer)
    }
}

impl Memory for Process {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        match Self::has_ids_of_procfs() {
            true => copy(self.id, address, buffer),
            false => copy_by_file(self.id, address, buffer),
        }
    }
}

#[cfg(target_os = "linux")]
fn copy(id: u32, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
    let error = Unreadable { address };
    let start = usize::try_from(address).map_err(|_| error)?;
    let process = libc::pid_t::try_from(id).map_err(|_| error)?;
    let local = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let remote = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(start),
        iov_len: buffer.len(),
    };
    // SAFETY: `local` is `buffer`, which is borrowed exclusively during the call, and the kernel writes at most its
    // length. The kernel checks each address of `remote` and returns an error if it is not mapped.
    let read =
        unsafe { libc::process_vm_readv(process, &raw const local, 1, &raw const remote, 1, 0) };
    if usize::try_from(read).is_ok_and(|read| read == buffer.len()) {
        return Ok(());
    }
    match std::io::Error::last_os_error().raw_os_error() {
        // A kernel without the call, or a filter that forbids it.
        Some(libc::ENOSYS | libc::EPERM) if read < 0 => copy_by_file(id, address, buffer),
        _ => Err(error),
    }
}

#[cfg(target_os = "linux")]
fn copy_by_file(process: u32, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open(format!("/proc/{process}/mem"));
    let read = memory.and_then(|memory| memory.read_exact_at(buffer, address));
    read.map_err(|_| Unreadable { address })
}

#[cfg(not(target_os = "linux"))]
fn copy(_process: u32, address: u64, _buffer: &mut [u8]) -> Result<(), Unreadable> {
    Err(Unreadable { address })
}

#[cfg(not(target_os = "linux"))]
fn copy_by_file(_process: u32, address: u64, _buffer: &mut [u8]) -> Result<(), Unreadable> {
    Err(Unreadable { address })
}

#[cfg(test)]
mod tests {
    use super::is_only_id;

    #[test]
    fn ids_of_another_namespace_are_recognised() {
        let status = |ids: &str| format!("Name:\tbirthmark\nNSpid:\t{ids}\nNSpgid:\t7\n");
        assert!(is_only_id(&status("7"), 7));
        assert!(is_only_id("Name:\tbirthmark\n", 7));
        // The procfs of the namespace above: the process has an id in each.
        assert!(!is_only_id(&status("4711\t7"), 7));
        assert!(!is_only_id(&status("8"), 7));
        assert!(!is_only_id(&status(""), 7));
    }
}
