//! The thread for which another one works, by their stacks.
//!
//! `rayon::join` and parallel iterators run closures that borrow from the stack of their caller, and the caller waits. So the
//! stack of a worker has the address of the caller's, or of another worker's that waits for the same caller. A search
//! follows the first such address, from the innermost call outwards, and repeats that on each stack that it reaches. The frames
//! of a stack outwards from such an address do not change: their thread waits for the borrower, even if it runs other jobs
//! meanwhile.
//!
//! A stack also contains words of calls that have returned. So the result is likely and not certain.
//!
//! Panic reports use this module. It allocates nothing and takes no lock, and the kernel copies what it reads.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::ptr;

/// Maximum number of stacks that are known.
const MAX_STACKS: usize = 256;
/// Maximum number of stacks that one search passes through, one behind the other and in all.
const MAX_DEPTH: usize = 16;
const MAX_VISITS: usize = 64;
/// Maximum number of bytes that are searched in one stack.
const MAX_BYTES: usize = 1 << 18;
/// Number of words of a stack that are copied at a time.
const CHUNK: usize = 64;
const WORD: usize = size_of::<usize>();
/// Maximum size of the memory without access below the stack of a thread.
const MAX_GUARD: usize = 1 << 16;
/// Minimum size of the stack of a thread that runs. A stack for signals is smaller.
const MIN_STACK: usize = 1 << 16;

/// The part of a thread's stack that is in use. Of a thread that runs, it is the whole stack.
#[derive(Clone, Copy)]
struct Stack {
    start: usize,
    end: usize,
    /// The thread that waits for another one. 0 if the thread runs, or sleeps in another way.
    waiting: u64,
}

impl Stack {
    fn has(&self, address: usize) -> bool {
        (self.start..self.end).contains(&address)
    }
}

/// Returns the first result of `task_of` for a thread whose stack the calling thread uses. The search begins at `from`, if
/// that is an address on the caller's stack, and otherwise at this call.
pub(crate) fn lender<T>(from: usize, task_of: impl Fn(u64) -> Option<T>) -> Option<T> {
    let here = ptr::from_ref(&from).addr();
    let stacks = Stacks::new(here)?;
    let own = stacks.at(here)?;
    let from = if own.has(from) { from } else { here };
    let mut search = Search {
        stacks: &stacks,
        task_of,
        visits: 0,
    };
    search.from(own, from, 0)
}

struct Search<'a, F> {
    stacks: &'a Stacks,
    task_of: F,
    visits: usize,
}

impl<T, F: Fn(u64) -> Option<T>> Search<'_, F> {
    /// Searches a stack from an address outwards. Each address of another stack is followed.
    fn from(&mut self, stack: &Stack, from: usize, depth: usize) -> Option<T> {
        self.visits += 1;
        if depth == MAX_DEPTH || self.visits > MAX_VISITS {
            return None;
        }
        let mut at = from & !(WORD - 1);
        let end = stack.end.min(at.saturating_add(MAX_BYTES));
        while at < end {
            let mut words = [0; CHUNK];
            let words = &mut words[..((end - at) / WORD).clamp(1, CHUNK)];
            copy(at, words)?;
            at += size_of_val(words);
            for &word in &*words {
                let Some(other) = self.stacks.at(word).filter(|it| !ptr::eq(*it, stack)) else {
                    continue;
                };
                let waiting = Some(other.waiting).filter(|&thread| thread != 0);
                let task = waiting.and_then(&self.task_of);
                let found = task.or_else(|| self.from(other, word, depth + 1));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}

struct Stacks {
    all: [Stack; MAX_STACKS],
    count: usize,
}

impl Stacks {
    /// Finds all stacks. That of the calling thread begins at `here`.
    fn new(here: usize) -> Option<Self> {
        const NONE: Stack = Stack {
            start: 0,
            end: 0,
            waiting: 0,
        };
        let mut stacks = Stacks {
            all: [NONE; MAX_STACKS],
            count: 0,
        };
        let own = birthmark_core::__reader::os_thread::os_id();
        each_thread(|thread| match thread == own {
            true => stacks.add(here, here, 0),
            false => {
                if let Some((start, waits)) = stack_pointer(thread) {
                    stacks.add(start, start, if waits { thread } else { 0 });
                }
            }
        })?;
        stacks.find_ends()?;
        Some(stacks)
    }

    fn add(&mut self, start: usize, end: usize, waiting: u64) {
        if let Some(free) = self.all.get_mut(self.count) {
            *free = Stack {
                start,
                end,
                waiting,
            };
            self.count += 1;
        }
    }

    fn all(&self) -> &[Stack] {
        &self.all[..self.count]
    }

    /// Returns the stack that an address is in.
    fn at(&self, address: usize) -> Option<&Stack> {
        self.all().iter().find(|stack| stack.has(address))
    }

    /// Finds the mapping of each stack, and the stacks of threads that run. Such a stack is known by the memory without
    /// access below it.
    fn find_ends(&mut self) -> Option<()> {
        let mut file = File::open("/proc/self/maps").ok()?;
        let mut line = Mapping::default();
        let mut guard_end = 0;
        let mut bytes = [0; 1024];
        loop {
            let count = file.read(&mut bytes).ok()?;
            if count == 0 {
                return Some(());
            }
            for &byte in &bytes[..count] {
                if line.push(byte) {
                    self.add_mapping(&line, guard_end);
                    let is_guard = !line.is_readable && line.end - line.start <= MAX_GUARD;
                    guard_end = if is_guard { line.end } else { 0 };
                }
            }
        }
    }

    fn add_mapping(&mut self, mapping: &Mapping, guard_end: usize) {
        let addresses = mapping.start..mapping.end;
        // Without memory between them, several stacks are one mapping.
        let next = |start: usize, all: &[Stack]| {
            let starts = all.iter().map(|stack| stack.start);
            starts
                .filter(|&other| other > start && addresses.contains(&other))
                .min()
        };
        let mut is_known = false;
        for index in 0..self.count {
            let start = self.all[index].start;
            if addresses.contains(&start) {
                self.all[index].end = next(start, self.all()).unwrap_or(mapping.end);
                is_known = true;
            }
        }
        let is_stack = mapping.start == guard_end && mapping.is_readable;
        if !is_known && is_stack && mapping.end - mapping.start >= MIN_STACK {
            self.add(mapping.start, mapping.end, 0);
        }
    }
}

/// A line of `/proc/self/maps`: `7f12a000-7f12c000 rw-p …`.
#[derive(Default)]
struct Mapping {
    start: usize,
    end: usize,
    is_readable: bool,
    /// Number of fields that are complete.
    fields: usize,
}

impl Mapping {
    /// Adds a byte of the file. Returns `true` when the mapping is complete.
    fn push(&mut self, byte: u8) -> bool {
        let number = match self.fields {
            0 => &mut self.start,
            1 => &mut self.end,
            2 => {
                self.is_readable = byte == b'r';
                self.fields = 3;
                return true;
            }
            _ => {
                if byte == b'\n' {
                    *self = Mapping::default();
                }
                return false;
            }
        };
        match char::from(byte).to_digit(16) {
            Some(digit) => *number = (*number << 4) | digit as usize,
            None => self.fields += 1,
        }
        false
    }
}

/// Copies words of this process.
fn copy(from: usize, words: &mut [usize]) -> Option<()> {
    let len = size_of_val(words);
    let local = libc::iovec {
        iov_base: words.as_mut_ptr().cast(),
        iov_len: len,
    };
    let remote = libc::iovec {
        iov_base: ptr::without_provenance_mut(from),
        iov_len: len,
    };
    // SAFETY: `local` is `words`, of which any bytes are valid. The kernel checks the addresses of `remote`.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    (usize::try_from(read) == Ok(len)).then_some(())
}

/// Calls `f` with the id of each thread of the process. `std::fs::read_dir` would allocate.
fn each_thread(mut f: impl FnMut(u64)) -> Option<()> {
    /// Offsets in a `linux_dirent64`: the length of the entry, and its name.
    const LENGTH: usize = 16;
    const NAME: usize = 19;
    let directory = File::open("/proc/self/task").ok()?;
    let mut bytes = [0_u8; 1024];
    loop {
        // SAFETY: the kernel writes entries to `bytes`, at most its length.
        let read = unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                directory.as_raw_fd(),
                bytes.as_mut_ptr(),
                bytes.len(),
            )
        };
        let mut entries = match usize::try_from(read).ok()? {
            0 => return Some(()),
            count => &bytes[..count],
        };
        while let [low, high, ..] = *entries.get(LENGTH..)? {
            let (entry, rest) =
                entries.split_at_checked(usize::from(u16::from_ne_bytes([low, high])))?;
            let name = entry.get(NAME..)?;
            let name = name.split(|&byte| byte == 0).next()?;
            if let Some(id) = std::str::from_utf8(name)
                .ok()
                .and_then(|id| id.parse().ok())
            {
                f(id);
            }
            entries = rest;
            if entries.is_empty() {
                break;
            }
        }
    }
}

/// Returns the stack pointer of a thread that sleeps, and whether it waits for another thread.
fn stack_pointer(thread: u64) -> Option<(usize, bool)> {
    let mut path = [0; 48];
    let mut rest = &mut path[..];
    write!(rest, "/proc/self/task/{thread}/syscall").ok()?;
    let free = rest.len();
    let path = std::str::from_utf8(&path[..path.len() - free]).ok()?;
    let mut bytes = [0; 256];
    let count = File::open(path).ok()?.read(&mut bytes).ok()?;
    let line = std::str::from_utf8(&bytes[..count]).ok()?;
    // `202 0x7f… … 0x7ffd… 0x7f…`: the call, its arguments, the stack pointer and the instruction. Or `running`.
    let call = line.split(' ').next()?.parse::<libc::c_long>().ok()?;
    let pointer = line.trim_end().rsplit(' ').nth(1)?.strip_prefix("0x")?;
    let pointer = usize::from_str_radix(pointer, 16).ok()?;
    Some((pointer, call == libc::SYS_futex))
}
