//! Real targets: a process, a stripped one, a stopped one, core files. All show what the process shows of itself.

#![cfg(target_os = "linux")]

mod support;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use birthmark_test_support as _;
use support::{
    Specimen, birthmark, built, core_of, crashed, example, executable, folder, instrumented,
    objcopy, shown, timeless,
};

#[test]
fn process_shows_the_same_inside_and_outside() {
    let mut specimen = Specimen::start(&executable(), &[]);
    for format in ["text", "tree", "groups", "stuck", "resources", "folded"] {
        let inside = timeless(&specimen.dump(format));
        let outside = timeless(&shown(&["dump", &specimen.id(), "--format", format]));
        assert_eq!(outside, inside, "{format}");
    }
    let text = shown(&["ps", &specimen.id(), "name=order 3&role=courier"]);
    assert!(
        text.contains(" UTC: 1 of 13 tasks: 1 waiting; ")
            && text.contains("\nselected by name=order%203&role=courier\n"),
        "{text}"
    );
    assert!(
        text.contains("in courier at cli/examples/specimen.rs:"),
        "{text}"
    );
}

#[test]
fn stripped_executable_and_stopped_process_show_the_same() {
    let folder = folder("stripped");
    let stripped = folder.join("specimen");
    objcopy(&["--strip-all"], &executable(), &stripped);
    let mut specimen = Specimen::start(&stripped, &[]);
    let inside = timeless(&specimen.dump("text"));
    assert!(instrumented(&inside).contains(" in courier specimen.rs:"));
    specimen.signal(libc::SIGSTOP);
    let outside = shown(&["ps", &specimen.id()]);
    let threads = shown(&["threads", &specimen.id()]);
    let core = core_of(&specimen.id(), &folder);
    specimen.signal(libc::SIGCONT);
    assert_eq!(timeless(&outside), inside);
    assert!(threads.contains("  stopped  "), "{threads}");
    assert!(outside.contains(&format!("birthmark: specimen (pid {}) at ", specimen.id())));

    let dead = shown(&["ps", "--core", &core]);
    assert_eq!(timeless(&dead), inside);
    assert!(dead.contains(&format!("birthmark: specimen (pid {}) at ", specimen.id())));

    // Packed, as `coredumpctl` and administrators keep core files.
    let packed = Command::new("gzip")
        .args(["--fast", "--keep", &core])
        .status();
    assert!(packed.expect("gzip is installed").success());
    let unpacked = shown(&["ps", "--core", &format!("{core}.gz")]);
    assert_eq!(timeless(&unpacked), inside);

    // The executable has moved.
    let moved = folder.join("moved");
    std::fs::rename(&stripped, &moved).unwrap();
    let moved = moved.display().to_string();
    let found = shown(&["ps", "--core", &core, "--exe", &moved]);
    // The path is in the reason why there are no stacks out of debug information.
    let found = found.replace(&moved, &stripped.display().to_string());
    assert_eq!(timeless(&found), inside);
    let none = birthmark(&["ps", "--core", &core, "--exe", "/no/such/file"]);
    assert_eq!(none.status.code(), Some(1));
}

#[test]
fn program_that_has_aborted_shows_its_tasks() {
    let core = crashed("aborted", "abort");
    let tree = shown(&["tree", "--core", &core]);
    assert!(tree.contains("courier  waiting  such as task "), "{tree}");
    assert!(
        tree.contains(" UTC: 13 tasks: 2 running, 11 waiting"),
        "{tree}"
    );
    assert!(shown(&["sites", "--core", &core]).contains("shop::") || tree.contains("checkout"));
    // Files that are cut, or no core files.
    let whole = std::fs::read(&core).unwrap();
    for length in [0, 10, 64, 4096, whole.len() / 2] {
        std::fs::write(&core, &whole[..length]).unwrap();
        let cut = birthmark(&["ps", "--core", &core]);
        let error = String::from_utf8_lossy(&cut.stderr);
        assert!(
            cut.status.success() || error.contains("error: cannot "),
            "{length}: {error}"
        );
    }
}

/// Spawn sites are in the executable, and a kernel does not write it into the core file.
#[test]
fn core_file_without_its_executable_says_what_is_missing() {
    let folder = folder("no-executable");
    let copy = folder.join("specimen");
    std::fs::copy(executable(), &copy).unwrap();
    let specimen = Specimen::start(&copy, &[]);
    let core = core_of(&specimen.id(), &folder);
    leave_texts_out(&core);
    let seen = |arguments: &[&str]| {
        let output = birthmark(&[&["groups", "--core", &core], arguments].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (_, whole, note) = seen(&[]);
    assert!(whole.contains("5 × courier") && note.is_empty(), "{note}");

    let other = env!("CARGO_BIN_EXE_birthmark");
    let moved = folder.join("moved");
    std::fs::rename(&copy, &moved).unwrap();
    let help =
        "so spawn sites may be missing\nhelp: pass the executable of the same build with --exe\n";
    for (replacement, cause) in [
        (None, "is no executable that can be read"),
        (Some(other), "is of another build than the core file"),
    ] {
        if let Some(replacement) = replacement {
            std::fs::copy(replacement, &copy).unwrap();
        }
        let (code, text, note) = seen(&[]);
        assert_eq!(note, format!("note: {} {cause}, {help}", copy.display()));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(" UTC: 13 tasks: "), "{text}");
        assert!(text.contains("\"order 0\""), "{text}");
        assert!(text.contains("(site not readable)"), "{text}");
        assert!(!text.contains("nothing in this build"), "{text}");
    }
    let (code, _, error) = seen(&["--exe", other]);
    let expected = format!("error: cannot use {other}: its build id is not that of ");
    assert!(code == Some(1) && error.starts_with(&expected), "{error}");
    let (code, _, error) = seen(&["--exe", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert!(
        code == Some(1) && error.contains("it is no executable"),
        "{error}"
    );
    let (_, text, note) = seen(&["--exe", &moved.display().to_string()]);
    assert!(note.is_empty(), "{note}");
    assert_eq!(text, whole);

    // A part of the memory is missing, and then all but the headers.
    std::fs::rename(&moved, &copy).unwrap();
    let content = std::fs::read(&core).unwrap();
    for length in [content.len() / 4 * 3, 100_000] {
        std::fs::write(&core, &content[..length]).unwrap();
        let (_, text, note) = seen(&[]);
        assert!(!text.contains("nothing in this build"), "{text}");
        let is_said = note.starts_with("note: ") && note.contains(" is truncated, and lacks ");
        assert!(is_said || note.starts_with("error: cannot find "), "{note}");
    }
}

/// Leaves the constants of the program out of a core file, as the kernel does. A debugger writes them.
fn leave_texts_out(core: &str) {
    let mut content = std::fs::read(core).unwrap();
    let word = |content: &[u8], at: usize| {
        u64::from_le_bytes(*content[at..].first_chunk().unwrap()) as usize
    };
    let headers = word(&content, 32);
    let count = usize::from(u16::from_le_bytes([content[56], content[57]]));
    for header in (0..count).map(|index| headers + 56 * index) {
        let (start, size) = (word(&content, header + 8), word(&content, header + 32));
        let text = b"cli/examples/specimen.rs";
        let is_writable = content[header + 4] & 2 != 0;
        let mut places = content[start..][..size].windows(text.len());
        if !is_writable && places.any(|place| place == text) {
            // The first page has the build id.
            content[header + 32..][..8].copy_from_slice(&4096_u64.to_le_bytes());
        }
    }
    std::fs::write(core, content).unwrap();
}

/// The process may end at any moment of the reading. No dump of a part of it is shown as if it were the whole.
#[test]
fn process_that_ends_meanwhile_is_an_error_or_whole() {
    for delay in 0..16 {
        let specimen = Specimen::start(&executable(), &["20000"]);
        let reader = Command::new(env!("CARGO_BIN_EXE_birthmark"))
            .args(["groups", &specimen.id()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // No delay makes the test fail. Different ones end the process at different moments.
        std::thread::sleep(Duration::from_millis(delay * 3));
        specimen.signal(libc::SIGKILL);
        let output = reader.wait_with_output().unwrap();
        let [text, error] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
        match output.status.code() {
            Some(0) => assert!(text.contains(" UTC: 20013 tasks: "), "{text}"),
            Some(1) => assert!(error.starts_with("error: cannot "), "{error}"),
            code => panic!("{code:?}: {error}"),
        }
    }
}

/// `/proc` may be that of another pid namespace, whose ids are those of other processes for system calls.
#[test]
fn process_is_read_by_the_ids_of_procfs() {
    let specimen = Specimen::start(&executable(), &[]);
    let in_namespace = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork"]).args(arguments);
        command.output().ok().filter(|it| it.status.success())
    };
    if in_namespace(&["true"]).is_none() {
        eprintln!("SKIPPED: a pid namespace takes `unshare` and the rights of root");
        return;
    }
    let id = specimen.id();
    let shown_there = |arguments: &[&str]| {
        let command = [&[env!("CARGO_BIN_EXE_birthmark")], arguments].concat();
        let output = in_namespace(&command).expect("the command succeeds");
        String::from_utf8(output.stdout).expect("text")
    };
    let tree = shown_there(&["tree", &id]);
    assert_eq!(timeless(&tree), timeless(&shown(&["tree", &id])));
    // A system call would stop another thread.
    let threads = shown_there(&["threads", &id, "--native-stacks"]);
    assert!(threads.contains("running task 1 main\n"), "{threads}");
    assert!(
        threads.contains("no stack: the system does not permit to stop the thread"),
        "{threads}"
    );
}

#[test]
fn gdb_calls_the_command() {
    let folder = folder("gdb");
    let script = folder.join("birthmark.py");
    std::fs::write(&script, shown(&["gdb-script"])).unwrap();
    let path = path_with_the_command();
    let specimen = Specimen::start(&executable(), &[]);
    let core = core_of(&specimen.id(), &folder);
    let exe = executable().display().to_string();
    for target in [&["-p", &specimen.id()][..], &[exe.as_str(), core.as_str()]] {
        let source = format!("source {}", script.display());
        let output = Command::new("gdb")
            .args(["-q", "-nx", "-batch", "-ex", &source])
            .args([
                "-ex",
                "birthmark groups role=checkout",
                "-ex",
                "birthmark nonsense",
            ])
            .args(target)
            .env("PATH", &path)
            .output()
            .expect("gdb is installed: `apt-get install gdb`");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("\n5 × checkout  "), "{shown}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("unrecognized subcommand"), "{error}");
    }
}

/// Returns the folders of `PATH`, behind the one with the command.
fn path_with_the_command() -> OsString {
    let command = Path::new(env!("CARGO_BIN_EXE_birthmark"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [command.parent().unwrap().to_owned()].into_iter();
    std::env::join_paths(folders.chain(std::env::split_paths(&path))).unwrap()
}

#[test]
fn lldb_calls_the_command() {
    let folder = folder("lldb");
    let script = folder.join("birthmark.py");
    std::fs::write(&script, shown(&["lldb-script"])).unwrap();
    let import = format!("command script import {}", script.display());
    let lldb = |modules: &Path, arguments: &[&str]| {
        let output = Command::new("lldb")
            .args(["--no-lldbinit", "--batch"])
            .args(arguments)
            .env("PATH", path_with_the_command())
            .env("PYTHONPATH", modules)
            .output()
            .ok()?;
        let texts = [output.stdout, output.stderr];
        Some(
            texts
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .concat(),
        )
    };
    // Debian's lldb does not find its own modules.
    let folders = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten();
    let debian = folders.map(|entry| entry.path().join("lib/python3.11/dist-packages"));
    let python = [
        "-o",
        "script import lldb",
        "-o",
        "script lldb.SBDebugger.Create().IsValid()",
    ];
    let works = |modules: &PathBuf| {
        let shown = lldb(modules, &python);
        shown.is_some_and(|shown| shown.contains("True"))
    };
    let candidates = std::iter::once(PathBuf::new()).chain(debian.filter(|path| path.is_dir()));
    let Some(modules) = candidates.into_iter().find(works) else {
        eprintln!(
            "SKIPPED: lldb with Python is not installed; `apt-get install lldb python3-lldb-14` brings it"
        );
        return;
    };
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    let run = |command: &str| {
        let attach = format!("process attach --pid {id}");
        let arguments = ["-o", &attach, "-o", &import, "-o", command, "-o", "detach"];
        lldb(&modules, &arguments).expect("lldb has started before")
    };
    let groups = run("birthmark groups role=checkout");
    assert!(groups.contains("\n5 × checkout  "), "{groups}");
    let filtered = run("birthmark role=checkout");
    assert!(filtered.contains("5 of 13 tasks"), "{filtered}");
    let task = run("birthmark task 1");
    assert!(
        task.contains("\ntask 1 main ") && !task.contains("checkout"),
        "{task}"
    );
    let here = run("birthmark where");
    assert!(here.contains("\ntask 1 main "), "{here}");
    let thread = run("birthmark thread-of 1");
    assert!(
        thread.contains(&format!("\nthread {id} \"specimen\" ")),
        "{thread}"
    );
    assert!(run("birthmark task x").contains("no task is given: birthmark task ID"));
    assert!(run("birthmark thread-of 99").contains("no thread runs task 99"));
    assert!(run("birthmark state=x").contains("error: "));
    assert!(run("birthmark help").contains("birthmark thread-of ID"));
}

#[test]
fn child_of_a_fork_shows_the_tasks_that_it_inherited() {
    let mut specimen = Specimen::start(&executable(), &[]);
    let child = specimen.dump("fork");
    let child = child.trim();
    let tree = shown(&["tree", child]);
    let parent = shown(&["tree", &specimen.id()]);
    // SAFETY: the child is that of the specimen, and nothing else ends it.
    unsafe { libc::kill(child.parse().expect("an id"), libc::SIGKILL) };
    assert!(
        tree.contains(&format!("birthmark: specimen (pid {child}) at ")),
        "{tree}"
    );
    assert_eq!(
        tree.matches("courier").count(),
        parent.matches("courier").count(),
        "{tree}"
    );
}

#[test]
fn process_under_valgrind_is_read() {
    let Some(mut specimen) = Specimen::start_by(
        Command::new("valgrind")
            .args(["--tool=none", "-q"])
            .arg(executable()),
    ) else {
        eprintln!("SKIPPED: valgrind is not installed");
        return;
    };
    let inside = timeless(&specimen.dump("tree"));
    let outside = timeless(&shown(&["tree", &specimen.id()]));
    assert_eq!(outside, inside);
}

#[test]
fn dumps_are_saved_and_compared() {
    let folder = folder("saved");
    let [before, after, profile] =
        ["a.json", "b.json", "p.pb.gz"].map(|name| folder.join(name).display().to_string());
    let specimen = Specimen::start(&executable(), &["20"]);
    shown(&["dump", &specimen.id(), "--format", "json", "-o", &before]);
    shown(&[
        "dump",
        &specimen.id(),
        "state=suspended",
        "-f",
        "json",
        "-o",
        &after,
    ]);
    shown(&["dump", &specimen.id(), "-f", "pprof", "-o", &profile]);
    assert!(std::fs::read(&profile).unwrap().starts_with(&[0x1f, 0x8b]));
    let diff = shown(&["diff", &before, &after]);
    assert!(diff.starts_with("33 tasks before, 31 now"), "{diff}");
    assert!(diff.contains("\ngone\n"), "{diff}");
    assert!(diff.contains("one_of_many"), "{diff}");
    let live = shown(&["diff", &specimen.id(), "--seconds", "0"]);
    assert!(
        live.contains("0 new, 0 gone, 31 unchanged, 2 running throughout"),
        "{live}"
    );
}

#[test]
fn names_are_redacted_on_request() {
    let specimen = Specimen::start(&executable(), &[]);
    let text = shown(&["ps", &specimen.id(), "--redact"]);
    assert!(
        !text.contains("order 3") && !text.contains("harbour"),
        "{text}"
    );
    assert!(text.contains("\"redacted-"), "{text}");
    assert!(shown(&["ps", &specimen.id()]).contains("\"order 0\""));
}

/// A plugin brings a copy of birthmark of its own.
#[test]
fn each_copy_of_birthmark_is_read() {
    let plugin = example("libplugin.so").display().to_string();
    let host = Specimen::start(&example("host"), &[&plugin]);
    let first = birthmark(&["ps", &host.id()]);
    let note = String::from_utf8_lossy(&first.stderr);
    assert!(
        note.starts_with("note: the process has 2 copies of birthmark"),
        "{note}"
    );
    let both = [1, 2].map(|copy| shown(&["ps", &host.id(), "--copy", &copy.to_string()]));
    let is_of = |who: &str| both.iter().filter(|text| text.contains(who)).count();
    assert_eq!(
        (is_of("\"of the host\""), is_of("\"of the plugin\"")),
        (1, 1),
        "{both:?}"
    );
    let list = shown(&["list"]);
    let line = list
        .lines()
        .find(|line| line.trim_start().starts_with(&host.id()));
    assert!(line.expect("it is listed").ends_with("2 copies"), "{list}");
    let third = birthmark(&["ps", &host.id(), "--copy", "3"]);
    assert_eq!(third.status.code(), Some(2));
}

#[test]
#[ignore = "compiles for musl, which takes minutes"]
fn static_executable_is_read() {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let path = format!("{target}/debug/examples/specimen");
    assert_is_read(&built("musl", &["--target", &target], &[], &path));
}

#[test]
#[ignore = "compiles with other flags, which takes minutes"]
fn executable_at_a_fixed_address_is_read() {
    // With a target, the flags are not those of procedural macros.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let flags = [("RUSTFLAGS", "-C relocation-model=static")];
    let path = format!("{target}/debug/examples/specimen");
    assert_is_read(&built("fixed", &["--target", &target], &flags, &path));
}

/// Asserts that a process of an executable, also of its stripped copy, and its core file show what it shows of itself.
fn assert_is_read(executable: &Path) {
    let folder = executable.parent().expect("it is in a folder");
    let stripped = folder.join("stripped");
    objcopy(&["--strip-all"], executable, &stripped);
    for executable in [executable, &stripped] {
        let mut specimen = Specimen::start(executable, &[]);
        let inside = timeless(&specimen.dump("text"));
        assert_eq!(timeless(&shown(&["ps", &specimen.id()])), inside);
        let core = core_of(&specimen.id(), folder);
        assert_eq!(timeless(&shown(&["ps", "--core", &core])), inside);
        std::fs::remove_file(core).unwrap();
    }
}

/// The command needs no symbol, and is quick if there are many tasks.
#[test]
fn gdb_calls_the_command_for_stripped_programs_and_many_tasks() {
    let folder = folder("gdb-large");
    let script = folder.join("birthmark.py");
    std::fs::write(&script, shown(&["gdb-script"])).unwrap();
    let stripped = folder.join("specimen");
    objcopy(&["--strip-all"], &executable(), &stripped);
    let source = format!("source {}", script.display());
    let gdb = |target: &[&str]| {
        let mut gdb = Command::new("gdb");
        gdb.args(["-batch", "-nx"]).args(target);
        gdb.args(["-ex", &source, "-ex", "birthmark"]);
        let output = gdb.env("PATH", path_with_the_command()).output();
        let output = output.expect("gdb is installed: `apt-get install gdb`");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let many = Specimen::start(&executable(), &["70000"]);
    let few = Specimen::start(&stripped, &[]);
    for (specimen, tasks) in [(&few, 13), (&many, 70_013)] {
        let id = specimen.id();
        let shown = gdb(&["-p", &id]);
        let expected = format!("birthmark: specimen (pid {id}) at ");
        assert!(shown.contains(&expected), "{shown}");
        assert!(shown.contains(&format!(": {tasks} tasks: ")), "{shown}");
    }
    let none = gdb(&[]);
    assert!(
        none.contains("no process is running, and no core file is open"),
        "{none}"
    );
}

/// The script calls the command for all that needs debug information or records of tasks that are gone.
#[test]
fn gdb_shows_by_the_command_what_its_script_does_not_know() {
    let specimen = Specimen::start(&executable(), &[]);
    let id = specimen.id();
    let folder = folder("gdb-commands");
    let script = folder.join("birthmark.py");
    std::fs::write(&script, shown(&["gdb-script"])).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join("gdb"));
    let program = candidates
        .find(|program| program.is_file())
        .expect("gdb is installed: `apt-get install gdb`");
    let gdb = |path: &OsStr, commands: &[&str]| {
        let mut gdb = Command::new(&program);
        gdb.args(["-batch", "-nx", "-p", &id]);
        gdb.args(["-ex", &format!("source {}", script.display())]);
        for command in commands {
            gdb.args(["-ex", &format!("birthmark {command}")]);
        }
        let output = gdb.env("PATH", path).output().expect("gdb runs");
        let both = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&both).into_owned()
    };
    let with = path_with_the_command();
    let forms = gdb(&with, &["stuck", "resources", "ps"]);
    for command in ["stuck", "resources", "ps"] {
        let part = shown(&[command, &id]);
        let part = part.lines().last().unwrap();
        assert!(forms.contains(part), "{part:?} is not in:\n{forms}");
    }
    let one = gdb(&with, &["role=checkout", "task 1", "where", "thread-of 1"]);
    assert!(one.contains("5 of 13 tasks"), "{one}");
    assert_eq!(one.matches("\ntask 1 main ").count(), 2, "{one}");
    assert!(
        one.contains(&format!("\nthread {id} \"specimen\" ")),
        "{one}"
    );
    for (command, error) in [
        ("task x", "no task is given: birthmark task ID"),
        ("task 99", "there is no task 99"),
        ("thread-of 99", "no thread runs task 99"),
    ] {
        let shown = gdb(&with, &[command]);
        assert!(shown.contains(error), "{shown}");
    }
    assert!(gdb(&with, &["help"]).contains("birthmark thread-of ID"));
    let without = gdb(folder.as_os_str(), &["stuck"]);
    assert!(
        without.contains("birthmark is not in PATH: run `cargo install birthmark-cli`"),
        "{without}"
    );
}
