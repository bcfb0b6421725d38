//! Stacks of a process that has ended, out of a core file.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use birthmark_stacks::{CoreFile, CoreFileError, DebugInfo, OpenError, Options, Unchanging};
use support::{Program, build};

/// Writes a core file of a process. gdb is there for other tests, too.
fn write_core(process: u32, folder: &Path) -> PathBuf {
    let output = Command::new("gdb")
        .args([
            "--batch",
            "--nx",
            "-iex",
            "set debuginfod enabled off",
            "-p",
        ])
        .arg(process.to_string())
        .args(["-ex", "generate-core-file core"])
        .current_dir(folder)
        .output()
        .expect("gdb starts");
    let path = folder.join("core");
    assert!(path.exists(), "{output:?}");
    path
}

#[test]
fn stacks_of_a_core_file_are_those_of_the_process() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("core");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    let program = Program::start(&build(&[]), &[]);
    let mut info = program.debug_info();
    let live = program
        .tasks
        .iter()
        .map(|task| program.stack(&mut info, &task.by_function()).to_string());
    let live: Vec<String> = live.collect();
    let roots: Vec<_> = program.tasks.iter().map(|task| task.by_vtable()).collect();
    let core = write_core(program.memory().id, &folder);
    drop(program);

    let core = CoreFile::open(core).expect("the file is a core file");
    let mut info = DebugInfo::of_core_file(&core).expect("the core file names its files");
    for (root, live) in roots.iter().zip(live) {
        let stack = info.stack(&core, root, &Unchanging, &Options::new());
        assert_eq!(stack.to_string(), live);
    }
    fs::remove_dir_all(&folder).expect("the folder can be removed");
}

#[test]
fn other_files_are_no_core_files() {
    let executable = CoreFile::open("/proc/self/exe");
    assert!(matches!(
        executable,
        Err(CoreFileError::NotACoreFile { .. })
    ));
    let missing = CoreFile::open("/nonexistent");
    assert!(matches!(missing, Err(CoreFileError::Read { .. })));
    let ended = DebugInfo::of_process(u32::MAX);
    assert!(matches!(ended, Err(OpenError::Maps { .. })));
}
