//! Memory of this process and of other ones, by `process_vm_readv`, or else by `/proc/PID/mem`.

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

impl Memory for ThisProcess {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        copy(std::process::id(), address, buffer)
    }
}

impl Memory for Process {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        copy(self.id, address, buffer)
    }
}

#[cfg(target_os = "linux")]
fn copy(process: u32, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
    let error = Unreadable { address };
    let start = usize::try_from(address).map_err(|_| error)?;
    let process = libc::pid_t::try_from(process).map_err(|_| error)?;
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
        Some(libc::ENOSYS | libc::EPERM) if read < 0 => copy_by_file(process, address, buffer),
        _ => Err(error),
    }
}

#[cfg(target_os = "linux")]
fn copy_by_file(process: libc::pid_t, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open(format!("/proc/{process}/mem"));
    let read = memory.and_then(|memory| memory.read_exact_at(buffer, address));
    read.map_err(|_| Unreadable { address })
}

#[cfg(not(target_os = "linux"))]
fn copy(_process: u32, address: u64, _buffer: &mut [u8]) -> Result<(), Unreadable> {
    Err(Unreadable { address })
}
