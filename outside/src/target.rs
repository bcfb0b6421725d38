//! A process or a core file that has records of birthmark.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use birthmark_dump::__private::{
    AwaitReading, MAX_STACKS, OsThreads, Process, ReadTask, Source, StackSources, dump_of,
    program_name, read_stacks, sites_of,
};
use birthmark_dump::{AwaitDetail, AwaitStack, Dump, MissingFrames, SiteStats, ThreadDetail};
use birthmark_stacks::{CoreFile, DebugInfo, MappedFileState, Mapping, Unreadable};

use crate::awaits;
use crate::error::OpenError;
use crate::find;
use crate::layout::Layout;
use crate::memory::Memory;
use crate::procfs;
use crate::records::{ProcessFacts, Records};
use crate::sites::Sites;
use crate::slots::Slots;
use crate::threads;

/// Maximum number of bytes of records that are copied: 64 million tasks.
const MAX_BYTES: u64 = 4 << 30;

/// A process or a core file that has records of birthmark.
///
/// Each [`dump`](Target::dump) reads the records anew. Nothing runs in the process, and nothing stops it.
///
/// The spawn sites of the target are copied once, and stay in memory for ever, because a [`Dump`] refers to them so.
///
/// # Examples
///
/// ```no_run
/// use birthmark_outside::Target;
///
/// let target = Target::process(4711)?;
/// println!("{}", target.dump()?.groups());
/// # Ok::<(), birthmark_outside::OpenError>(())
/// ```
pub struct Target {
    memory: Memory,
    origin: Origin,
    /// The copies of birthmark in the target.
    copies: Vec<Layout>,
    selected: usize,
    sites: Sites,
    limit: u64,
    debug_files: Vec<PathBuf>,
    /// The debug information, once it was read.
    debug_info: RefCell<Option<DebugInfo>>,
}

enum Origin {
    /// The id, and the vector by which the kernel started the program.
    Process(u32, Vec<u8>),
    CoreFile(Arc<CoreFile>, PathBuf),
}

/// A copy of birthmark in a process. A plugin may bring one of its own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Copy {
    /// Version of the package in the target, or an empty text.
    pub version: String,
    /// Address of the description of its records.
    pub address: u64,
}

struct SharedCoreFile(Arc<CoreFile>);

impl birthmark_stacks::Memory for SharedCoreFile {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        birthmark_stacks::Memory::read(&*self.0, address, buffer)
    }
}

impl Target {
    /// Opens a running process.
    ///
    /// # Errors
    ///
    /// If there is no such process, if the system refuses to show its memory, or if it has no records that this version
    /// can read.
    pub fn process(id: u32) -> Result<Self, OpenError> {
        let vector = procfs::auxiliary_vector(id);
        let mappings = Mapping::parse(&procfs::maps(id)?);
        if mappings.is_empty() && matches!(procfs::lost(id), OpenError::Ended { .. }) {
            return Err(OpenError::Ended { id });
        }
        let memory = Memory::new(Box::new(birthmark_stacks::Process { id }), false);
        let mut found = find::by_announcement(&memory, find::named(&mappings));
        if found.is_empty() {
            if let Some(refused) = procfs::refusal(id) {
                return Err(refused);
            }
            let root = procfs::folder(id).join("root");
            let executable = fs::read_link(procfs::folder(id).join("exe")).ok();
            let files = mappings
                .iter()
                .filter(|it| it.offset == 0 && it.name.starts_with('/'));
            let files = files.map(|it| {
                let path = match executable.as_deref() == Some(Path::new(&it.name)) {
                    true => procfs::folder(id).join("exe"),
                    false => root.join(it.name.trim_start_matches('/')),
                };
                (path, it.start)
            });
            found = find::by_symbol(files);
        }
        Self::open(memory, Origin::Process(id, vector), &found).map_err(|error| match error {
            // A process that has ended meanwhile, or whose memory is not shown.
            OpenError::Damaged { .. } => procfs::refusal(id).unwrap_or(error),
            error => error,
        })
    }

    /// Opens a core file. Texts of the program are in its executable, which is found by the path in the core file unless
    /// `executable` is another path.
    ///
    /// # Errors
    ///
    /// If the file is no core file, or has no records that this version can read.
    pub fn core_file(path: &Path, executable: Option<&Path>) -> Result<Self, OpenError> {
        let mut core = CoreFile::open(path).map_err(OpenError::CoreFile)?;
        if let Some(executable) = executable {
            replace_executable(&mut core, executable)?;
        }
        let core = Arc::new(core);
        let memory = Memory::new(Box::new(SharedCoreFile(core.clone())), true);
        let starts = core.ranges().map(|(start, _)| start);
        let mut found = find::by_announcement(&memory, starts);
        if found.is_empty() {
            let files = core.mapped_files().filter(|(.., offset)| *offset == 0);
            found = find::by_symbol(files.map(|(path, start, ..)| (path.to_owned(), start)));
        }
        Self::open(memory, Origin::CoreFile(core, path.to_owned()), &found)
    }

    /// Opens memory of any source, in which the description of the records is at an address. `is_still` is `true` if
    /// nothing writes to it.
    ///
    /// # Errors
    ///
    /// If there are no records that this version can read.
    #[doc(hidden)]
    pub fn memory(
        memory: Box<dyn birthmark_stacks::Memory>,
        is_still: bool,
        address: u64,
    ) -> Result<Self, OpenError> {
        let memory = Memory::new(memory, is_still);
        Self::open(memory, Origin::Process(0, Vec::new()), &[address])
    }

    fn open(memory: Memory, origin: Origin, found: &[u64]) -> Result<Self, OpenError> {
        let read = found.iter().map(|address| Layout::read(&memory, *address));
        let (copies, mut errors) = read.fold((Vec::new(), Vec::new()), |mut all, read| {
            match read {
                Ok(layout) => all.0.push(layout),
                Err(error) => all.1.push(error),
            }
            all
        });
        if copies.is_empty() {
            let none = OpenError::NoRecords {
                help: origin.help(),
            };
            return Err(errors.pop().unwrap_or(none));
        }
        Ok(Target {
            memory,
            origin,
            copies,
            selected: 0,
            sites: Sites::default(),
            limit: MAX_BYTES,
            debug_files: Vec::new(),
            debug_info: RefCell::default(),
        })
    }

    /// Returns what a core file lacks, with what to do about it. A process lacks nothing.
    ///
    /// A truncated core file has a part of the tasks. Without the executable, spawn sites are not known.
    pub fn warnings(&self) -> Vec<String> {
        let Origin::CoreFile(core, path) = &self.origin else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        if core.missing_bytes() > 0 {
            warnings.push(format!(
                "{} is truncated, and lacks {} bytes, so tasks may be missing\nhelp: raise the limit (`ulimit -c unlimited`) \
                 before the next one",
                path.display(),
                core.missing_bytes()
            ));
        }
        // Some debuggers write all memory.
        if self
            .text_of_a_site()
            .is_some_and(|text| is_written(core, text))
        {
            return warnings;
        }
        let file = core.mapped_file_at(self.copies[self.selected].address);
        let cause = match file {
            Some((_, MappedFileState::Unreadable)) => "is no executable that can be read",
            Some((_, MappedFileState::OtherBuild)) => "is of another build than the core file",
            _ => return warnings,
        };
        let file = file.map_or(Path::new(""), |(path, _)| path);
        warnings.push(format!(
            "{} {cause}, so spawn sites may be missing\nhelp: pass the executable of the same build with --exe",
            file.display()
        ));
        warnings
    }

    /// Returns the address of the path in the first site.
    fn text_of_a_site(&self) -> Option<u64> {
        let registry = &self.copies[self.selected].registry;
        let sites = self.memory.word(registry.process.sites.addr() as u64)?;
        let site = self.memory.word(sites)?;
        let path = site.checked_add(registry.site.file.into())?;
        self.memory.word(path)
    }

    /// Returns the copies of birthmark in the target. There is at least one.
    pub fn copies(&self) -> Vec<Copy> {
        let copies = self.copies.iter().map(|layout| Copy {
            version: layout.package().to_owned(),
            address: layout.registry.chunks.addr() as u64,
        });
        copies.collect()
    }

    /// Selects the copy whose records are read. Returns `false` if there is none with this index in
    /// [`copies`](Target::copies).
    pub fn select(&mut self, index: usize) -> bool {
        let is_one = index < self.copies.len();
        if is_one && index != self.selected {
            self.selected = index;
            self.sites = Sites::default();
        }
        is_one
    }

    /// Sets the maximum number of bytes of records that are copied. A task has 64 bytes. The default is 4 GiB.
    pub fn set_limit(&mut self, bytes: u64) {
        self.limit = bytes;
    }

    /// Takes a snapshot of all live tasks.
    ///
    /// # Errors
    ///
    /// If there are more records than the limit, if the process has ended, or if it runs another program than before.
    pub fn dump(&self) -> Result<Dump, OpenError> {
        let dump = dump_of(&self.records()?);
        self.check_is_there()?;
        Ok(dump)
    }

    /// Takes a snapshot with the OS threads. A thread of a core file has the state in which the process ended.
    ///
    /// With [`ThreadDetail::Stacks`], each thread has its native stack, and a task that a thread runs shows it. A thread
    /// that runs is stopped for as long as its registers and 128 KiB of its stack are copied, which is a fraction of a
    /// millisecond. Then it goes on, also if the reader is killed. A thread that sleeps is not stopped if its stack can be
    /// followed without that, or if a stop would end its system call with an error. Its stack may then be incomplete.
    /// Native stacks are read on Linux on x86-64 and AArch64.
    ///
    /// # Errors
    ///
    /// As [`Target::dump`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use birthmark_dump::ThreadDetail;
    /// use birthmark_outside::Target;
    ///
    /// let dump = Target::process(4711)?.dump_with_threads(ThreadDetail::Stacks)?;
    /// println!("{}", dump.thread_list());
    /// # Ok::<(), birthmark_outside::OpenError>(())
    /// ```
    pub fn dump_with_threads(&self, detail: ThreadDetail) -> Result<Dump, OpenError> {
        let records = self.records()?;
        let mut dump = dump_of(&records);
        if detail != ThreadDetail::Off {
            let threads = self.os_threads(&records, &dump, detail == ThreadDetail::Stacks);
            dump.put_threads(threads);
        }
        self.check_is_there()?;
        Ok(dump)
    }

    /// Adds the await stacks of suspended tasks to a dump of this target, as
    /// [`Dump::with_awaits`](birthmark_dump::Dump::with_awaits) does in the program. The stacks are read now, of the tasks that
    /// the dump's filters have selected.
    ///
    /// The debug information is that of the executable, or of a separate file: beside the executable, by `.gnu_debuglink`
    /// or build id, a package `.dwp`, or one of [`Target::add_debug_file`]. Without debug information, the dump has the
    /// frames of instrumented code, and tells what is missing.
    ///
    /// More than 10,000 suspended tasks get no stacks, because those without a stack would look like others.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use birthmark_dump::AwaitDetail;
    /// use birthmark_outside::Target;
    ///
    /// let target = Target::process(4711)?;
    /// let dump = target.dump()?.filter(&"for=1m".parse()?);
    /// println!("{}", target.with_awaits(dump, AwaitDetail::DebugInfo));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_awaits(&self, mut dump: Dump, detail: AwaitDetail) -> Dump {
        if detail == AwaitDetail::Instrumented {
            return dump.with_awaits(detail);
        }
        let suspended = dump.count_suspended();
        let is_locals = detail == AwaitDetail::Locals;
        dump.put_awaits(&mut |reading| match suspended {
            ..=MAX_STACKS => self.read_awaits(is_locals, reading),
            _ => Err(MissingFrames::new(
                format!(
                    "{suspended} tasks are suspended, and at most {MAX_STACKS} stacks are read"
                ),
                Some("use a filter"),
            )),
        });
        dump
    }

    /// Adds what tasks wait for and hold to a dump of this target, out of debug information. The text and
    /// [`Dump::stuck`](birthmark_dump::Dump::stuck) then name deadlocks, and JSON has them. All suspended tasks are read, up to 10,000.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use birthmark_outside::Target;
    ///
    /// let target = Target::process(4711)?;
    /// let dump = target.with_waits(target.dump()?);
    /// println!("{}", dump.stuck());
    /// # Ok::<(), birthmark_outside::OpenError>(())
    /// ```
    #[must_use]
    pub fn with_waits(&self, mut dump: Dump) -> Dump {
        dump.put_uses(&mut |reading| self.read_awaits(false, reading));
        dump
    }

    /// Adds the await stack of one task to a dump of any number of tasks.
    #[doc(hidden)]
    pub fn put_awaits_of(&self, dump: &mut Dump, id: u64, detail: AwaitDetail) {
        if detail != AwaitDetail::Instrumented {
            let is_locals = detail == AwaitDetail::Locals;
            dump.put_awaits(&mut |reading| {
                self.read_awaits(is_locals, &mut OneTask { id, reading })
            });
        }
    }

    fn read_awaits(
        &self,
        locals: bool,
        reading: &mut dyn AwaitReading,
    ) -> Result<(), MissingFrames> {
        let layout = &self.copies[self.selected];
        let sources = StackSources {
            memory: self.memory.source(),
            info: &mut self.debug_info.borrow_mut(),
            open: &|| self.open_debug_info(),
            locals,
        };
        let tasks = |f: &mut dyn FnMut(&dyn ReadTask)| {
            awaits::walk(&self.memory, layout, self.limit, f);
        };
        read_stacks(sources, tasks, reading)
    }

    fn open_debug_info(&self) -> Result<DebugInfo, MissingFrames> {
        let missing = |cause: String| MissingFrames::new(cause, None);
        let mut info = self
            .origin
            .debug_info()
            .map_err(|error| missing(error.to_string()))?;
        for path in &self.debug_files {
            info.add_file(path)
                .map_err(|error| missing(error.to_string()))?;
        }
        Ok(info)
    }

    /// Uses a separate file with debug information, or a package `.dwp`, for [`Target::with_awaits`].
    ///
    /// # Errors
    ///
    /// If the file has no debug information, or is of another build than the files of the target.
    pub fn add_debug_file(&mut self, path: &Path) -> Result<(), OpenError> {
        let mut kept = self.debug_info.borrow_mut();
        let info = match &mut *kept {
            Some(info) => info,
            None => match self.origin.debug_info() {
                Ok(info) => kept.insert(info),
                // Reading a stack tells why.
                Err(_) => return Ok(()),
            },
        };
        info.add_file(path).map_err(OpenError::DebugFile)?;
        self.debug_files.push(path.to_owned());
        Ok(())
    }

    /// Returns the spawn sites of the program with their counts, by file and line.
    ///
    /// # Errors
    ///
    /// As [`Target::dump`].
    pub fn sites(&self) -> Result<Vec<SiteStats>, OpenError> {
        let sites = sites_of(&self.records()?);
        self.check_is_there()?;
        Ok(sites)
    }

    /// Returns the id of the process, if the target is a running one.
    pub fn process_id(&self) -> Option<u32> {
        match self.origin {
            Origin::Process(id, _) => Some(id),
            Origin::CoreFile(..) => None,
        }
    }

    fn records(&self) -> Result<Records<'_>, OpenError> {
        let layout = &self.copies[self.selected];
        let slots = Slots::copy(&self.memory, layout, self.limit)?;
        self.check_is_there()?;
        let facts = self.origin.facts();
        Ok(Records::new(
            &self.memory,
            layout,
            &self.sites,
            slots,
            facts,
        ))
    }

    /// Returns an error if the process has ended or runs another program. Memory that was read before is then incomplete. The
    /// check is after the reading, because the process may end during it.
    fn check_is_there(&self) -> Result<(), OpenError> {
        match &self.origin {
            Origin::Process(id, vector)
                if !vector.is_empty() && procfs::auxiliary_vector(*id) != *vector =>
            {
                Err(procfs::lost(*id))
            }
            _ => Ok(()),
        }
    }

    /// Reads the states of all threads, and the tasks that they run.
    fn os_threads(&self, records: &Records<'_>, dump: &Dump, stacks: bool) -> Option<OsThreads> {
        let known = Source::os_threads(records)?;
        let mut found = match &self.origin {
            Origin::Process(id, _) => threads::of_process(*id, &known, &self.memory, stacks)?,
            Origin::CoreFile(core, _) => {
                let names = Source::threads(records);
                let names = names.filter_map(|it| Some((it.os_id?, it.name)));
                threads::of_core_file(core, &known, &names.collect(), &self.memory, stacks)
            }
        };
        // Before functions are looked up, which takes long.
        let later = match self.memory.is_still {
            true => None,
            false => Some(dump_of(&self.records().ok()?)),
        };
        if let Some(walks) = found.walks.take() {
            let mut kept = self.debug_info.borrow_mut();
            if kept.is_none() {
                *kept = self.open_debug_info().ok();
            }
            found.put_stacks(walks.stacks(kept.as_ref()));
        }
        found.put_tasks(dump, later.as_ref());
        Some(OsThreads {
            own: found.count.saturating_sub(known.len()),
            all: found.all,
            has_epoll: || false,
            words_around: |_| None,
        })
    }
}

/// The reading of the stack of one task.
struct OneTask<'a> {
    id: u64,
    reading: &'a mut dyn AwaitReading,
}

impl AwaitReading for OneTask<'_> {
    fn wants(&mut self, id: u64) -> bool {
        id == self.id && self.reading.wants(id)
    }

    fn put(&mut self, id: u64, polls: u32, stack: AwaitStack) {
        self.reading.put(id, polls, stack);
    }
}

impl Origin {
    fn debug_info(&self) -> Result<DebugInfo, birthmark_stacks::OpenError> {
        match self {
            Origin::Process(id, _) => DebugInfo::of_process(*id),
            Origin::CoreFile(core, _) => DebugInfo::of_core_file(core),
        }
    }

    fn facts(&self) -> ProcessFacts {
        match self {
            Origin::Process(id, _) => ProcessFacts {
                process: procfs::process(*id),
                time: Some(SystemTime::now()),
                threads: procfs::threads(*id)
                    .map(|threads| threads.iter().map(|thread| thread.own).collect()),
            },
            Origin::CoreFile(core, path) => {
                let command = core.command();
                let started = command.split(' ').next().unwrap_or_default();
                let started = Some(Path::new(started)).filter(|it| !it.as_os_str().is_empty());
                let mut files = core.mapped_files();
                let program = program_name(started, || Some(files.next()?.0.to_owned()));
                let threads = core.threads().iter().map(|it| u64::from(it.id)).collect();
                ProcessFacts {
                    process: Process {
                        id: core.process_id().unwrap_or(0),
                        program: Arc::from(program),
                    },
                    time: fs::metadata(path).and_then(|it| it.modified()).ok(),
                    threads: Some(threads),
                }
            }
        }
    }

    fn help(&self) -> String {
        match self {
            Origin::Process(..) => "the program has none until its first recorded spawn; build it with birthmark, or run \
                                   it with `cargo birthmark run`"
                .into(),
            Origin::CoreFile(..) => "pass the executable with --exe if it was moved; the core file may also be \
                                     truncated (`ulimit -c unlimited`), or the program built without birthmark"
                .into(),
        }
    }
}

/// Returns `true` if the core file itself has the memory at an address.
fn is_written(core: &CoreFile, address: u64) -> bool {
    core.ranges()
        .any(|(start, size)| address.checked_sub(start).is_some_and(|at| at < size))
}

/// Reads the executable from this path. The mapping is the one of a file with the same name, or else the first one.
fn replace_executable(core: &mut CoreFile, path: &Path) -> Result<(), OpenError> {
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    let first = core.mapped_files().next().and_then(|file| name(file.0));
    let mut names = [name(path), first].into_iter().flatten();
    let is_readable = path.is_file();
    let is_replaced = is_readable && names.any(|name| core.replace_file(&name, path));
    let mut ranges = core.mapped_files().filter(|(mapped, ..)| *mapped == path);
    let first = ranges.next().map(|(_, start, ..)| start);
    let state = first.and_then(|start| core.mapped_file_at(start));
    let path = path.to_owned();
    match state {
        Some((_, MappedFileState::OtherBuild)) => Err(OpenError::OtherBuild { path }),
        Some((_, MappedFileState::Readable)) if is_replaced => Ok(()),
        _ => Err(OpenError::Executable { path }),
    }
}

/// Returns the running processes that announce records of birthmark, as far as the reader may see them.
pub fn processes() -> Vec<u32> {
    let mut all = procfs::all();
    all.retain(|id| procfs::maps(*id).is_ok_and(|maps| find::has_announcement(&maps)));
    all
}

/// Returns the program of a running process.
pub fn program(process: u32) -> String {
    procfs::process(process).program.to_string()
}

/// Returns `true` if a control group of a running process has this text in its path.
///
/// Container engines put the id or the name of a container there. The beginning of an id is enough.
///
/// Source: [cgroups(7)](https://man7.org/linux/man-pages/man7/cgroups.7.html), `/proc/PID/cgroup`.
pub fn is_in_container(process: u32, container: &str) -> bool {
    let groups = procfs::control_groups(process);
    groups.lines().any(|line| path_has(line, container))
}

/// Returns `true` if the path in a line `0::/system.slice/docker-3f2c.scope` has a part that contains the text.
fn path_has(line: &str, text: &str) -> bool {
    let path = line.splitn(3, ':').nth(2).unwrap_or_default();
    !text.is_empty() && path.split('/').any(|part| part.contains(text))
}

/// Returns the id of a running process in its container, or the same id if it is in none.
pub fn id_in_container(process: u32) -> u32 {
    procfs::inner_id(process).unwrap_or(process)
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("process", &self.process_id())
            .field("copies", &self.copies())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::path_has;

    #[test]
    fn container_is_part_of_a_path() {
        let docker = "0::/system.slice/docker-3f2c91.scope";
        assert!(path_has(docker, "3f2c") && path_has(docker, "docker-3f2c91.scope"));
        assert!(
            !path_has(docker, "") && !path_has(docker, "slice/docker") && !path_has(docker, "0")
        );
        assert!(path_has("4:memory:/lxc/web", "web"));
        assert!(!path_has("4:memory:/lxc/web", "memory"));
        assert!(!path_has("", "a") && !path_has("a:b", "a"));
    }
}
