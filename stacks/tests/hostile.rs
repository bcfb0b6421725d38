//! Memory and files that were made to harm: a stack is wrong or missing, but nothing panics or runs for ever.

mod support;

use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use birthmark_stacks::{
    DebugInfo, Limits, Locals, Memory, Options, Ranges, Unchanging, Unreadable,
};
use object::{Object as _, ObjectSection as _};
use support::{Program, build};

/// A small generator of numbers, so that each failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Memory whose words are small numbers, addresses of it, or addresses of vtables.
struct Hostile {
    seed: u64,
    words: Vec<u64>,
}

impl Memory for Hostile {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        for (offset, byte) in (0..).zip(buffer.iter_mut()) {
            let at = address.wrapping_add(offset);
            let mut random = Random((at / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.seed | 1);
            random.next();
            let word = match random.below(8) {
                0 => 0,
                1 => u64::MAX - random.below(16),
                2 => random.below(8),
                3 => 0x0303_0303_0303_0303 + random.below(4),
                4 => random.next(),
                _ => self.words[random.below(self.words.len() as u64) as usize],
            };
            if self.seed.is_multiple_of(3) && (at / 4096).is_multiple_of(5) {
                return Err(Unreadable { address });
            }
            *byte = word.to_le_bytes()[(at % 8) as usize];
        }
        Ok(())
    }
}

#[test]
fn walk_through_hostile_memory_ends() {
    let program = Program::start(&build(&[]), &[]);
    let mut info = program.debug_info();
    let mut words = Vec::new();
    for task in &program.tasks {
        words.extend([task.vtable, task.address, task.address + 8]);
    }
    let mut limits = Limits::default();
    limits.nodes = 2_000;
    limits.bytes = 1 << 20;
    let options = Options::new().limits(limits).locals(Locals::new());
    for seed in 0..20 {
        let memory = Hostile {
            seed,
            words: words.clone(),
        };
        for task in &program.tasks {
            let stack = info.stack(&memory, &task.by_function(), &Unchanging, &options);
            let _ = stack.to_string();
            let frames: usize = stack.frames.iter().map(|frame| frame.count()).sum();
            assert!(
                frames <= 2_001,
                "seed {seed}, {}: {frames} frames",
                task.label
            );
        }
    }
}

#[test]
fn task_without_memory_has_a_reason() {
    let program = Program::start(&build(&[]), &[]);
    let mut info = program.debug_info();
    let root = program.task("plain").by_function();
    let stack = info.stack(&Ranges::default(), &root, &Unchanging, &Options::new());
    let missing = stack.frames[0].missing.as_ref().expect("a reason");
    assert!(
        matches!(missing, birthmark_stacks::Missing::Unreadable { .. }),
        "{missing}"
    );
    assert!(missing.remedy().is_some());
}

/// A copy of the program whose bytes are changed and put back.
struct Copy {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Ranges of the sections with debug information, and of the headers.
    parts: Vec<Range<u64>>,
}

impl Copy {
    fn new(executable: &Path) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damaged-{}", std::process::id()));
        let bytes = fs::read(executable).expect("the program can be read");
        fs::write(&path, &bytes).expect("the copy can be written");
        let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*bytes)
            .expect("the program is ELF");
        let mut parts = vec![0..64, bytes.len() as u64 - 2048..bytes.len() as u64];
        for section in file.sections() {
            let name = section.name().expect("a section has a name");
            if let Some((start, length)) =
                section.file_range().filter(|_| name.starts_with(".debug_"))
            {
                parts.push(start..start + length);
            }
        }
        assert!(parts.len() > 6, "debug information is missing");
        Self { path, bytes, parts }
    }

    /// Changes bytes of one part, and returns where they are.
    fn damage(&self, random: &mut Random) -> Vec<u64> {
        let part = &self.parts[random.below(self.parts.len() as u64) as usize];
        let length = part.end - part.start;
        // Each kilobyte is hit about once.
        let count = 1 + random.below(1 + length / 512);
        let places = (0..count).map(|_| part.start + random.below(length));
        let places: Vec<u64> = places.collect();
        let file = self.file();
        for place in &places {
            let old = self.bytes[*place as usize];
            let new = match random.below(4) {
                0 => 0xff,
                1 => 0,
                2 => old ^ 1 << random.below(8),
                _ => random.next() as u8,
            };
            file.write_all_at(&[new], *place)
                .expect("the copy can be written");
        }
        places
    }

    fn repair(&self, places: &[u64]) {
        let file = self.file();
        for place in places {
            let old = &self.bytes[*place as usize..][..1];
            file.write_all_at(old, *place)
                .expect("the copy can be written");
        }
    }

    fn file(&self) -> fs::File {
        fs::OpenOptions::new()
            .write(true)
            .open(&self.path)
            .expect("the copy is there")
    }
}

/// Returns the addresses between which the program's file is mapped.
fn mapped(program: &Program, executable: &Path) -> Range<u64> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", program.memory().id))
        .expect("the process is there");
    let name = executable.to_str().expect("the path is text");
    let lines = maps.lines().filter(|line| line.ends_with(name));
    let ranges: Vec<(u64, u64)> = lines
        .map(|line| {
            let (range, _) = line.split_once(' ').expect("a range");
            let (start, end) = range.split_once('-').expect("two addresses");
            let number = |text| u64::from_str_radix(text, 16).expect("a number");
            (number(start), number(end))
        })
        .collect();
    ranges[0].0..ranges[ranges.len() - 1].1
}

fn read_some(program: &Program, copy: &Path, range: &Range<u64>) -> usize {
    let mut info = DebugInfo::of_file(copy, range.start, range.end);
    let options = Options::new().locals(Locals::new());
    let labels = [
        "plain",
        "nested",
        "boxed-dyn",
        "select",
        "unordered",
        "join-handle",
        "join-set",
        "locals",
    ];
    let stacks = labels.map(|label| {
        let task = program.task(label);
        let by_function = info.stack(
            &program.memory(),
            &task.by_function(),
            &Unchanging,
            &options,
        );
        let by_vtable = info.stack(&program.memory(), &task.by_vtable(), &Unchanging, &options);
        let _ = (by_function.to_string(), by_vtable.to_string());
        by_function.frames.len()
    });
    stacks.iter().sum()
}

fn assert_damage_is_survived(seeds: Range<u64>) {
    let executable = build(&[]);
    let program = Program::start(&executable, &[]);
    let range = mapped(&program, &executable);
    let copy = Copy::new(&executable);
    let whole = read_some(&program, &copy.path, &range);
    assert_eq!(whole, 8);
    let mut found = 0;
    for seed in seeds {
        let places = copy.damage(&mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
        found += read_some(&program, &copy.path, &range);
        copy.repair(&places);
    }
    println!("{found} stacks were read in spite of the damage");
    let mut random = Random(7);
    for _ in 0..10 {
        copy.file()
            .set_len(random.below(copy.bytes.len() as u64))
            .expect("the copy can be truncated");
        read_some(&program, &copy.path, &range);
        fs::write(&copy.path, &copy.bytes).expect("the copy can be written");
    }
    fs::remove_file(&copy.path).expect("the copy can be removed");
}

#[test]
fn damaged_files_are_survived() {
    assert_damage_is_survived(0..40);
}

#[test]
#[ignore = "reads 500 damaged files"]
fn many_damaged_files_are_survived() {
    assert_damage_is_survived(40..540);
}
