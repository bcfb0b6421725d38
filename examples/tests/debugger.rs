//! gdb reads the tasks of a stopped program, and of a core file, without running code in it.

use birthmark_test_support as _;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds an example, and returns the path of its executable.
fn example(name: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--package",
            "birthmark-examples",
            "--example",
            name,
        ])
        .status()
        .expect("cargo runs");
    assert!(built.success());
    let test = std::env::current_exe().expect("this test has a path");
    let profile = test.ancestors().nth(2).expect("it lies in <profile>/deps");
    profile.join("examples").join(name)
}

/// Returns the output of gdb for these commands.
fn gdb(arguments: &[&str], commands: &[&str]) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-q", "-nx", "-batch"]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let output = gdb
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("gdb is installed: `apt-get install gdb`");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asserts that the output lists the tasks that were alive when the program stopped.
fn assert_lists_the_tasks(output: &str) {
    for part in [
        " main [running, ",
        " Server::accept_loop [suspended, ",
        " 'req-id-123123' wait_for_payment [suspended, ",
        " 'req-id-123123' compress_log [running, ",
        " index_documents::{closure} [",
        "\n    in Server::accept_loop at ",
        " 'req-id-123123' serve_connection < 2 Server::accept_loop < 1 main",
    ] {
        assert!(output.contains(part), "{part:?} is not in:\n{output}");
    }
    assert!(
        !output.contains("audit ["),
        "a task that has ended is listed:\n{output}"
    );
}

#[test]
fn gdb_lists_the_tasks_of_a_process_and_of_its_core_file() {
    let program = example("request_names");
    let program = program.to_str().expect("the path is text");
    let core = format!("{program}.{}.core", std::process::id());
    let dump_core = format!("generate-core-file {core}");
    let live = gdb(
        &["--args", program],
        &[
            "set breakpoint pending on",
            "break request_names::app::release_helpers",
            "run",
            "source debug/birthmark.py",
            "birthmark",
            &dump_core,
            "kill",
        ],
    );
    assert_lists_the_tasks(&live);

    let dead = gdb(
        &[program, &core],
        &["source debug/birthmark.py", "birthmark"],
    );
    let _ = std::fs::remove_file(&core);
    assert_lists_the_tasks(&dead);
}

#[test]
fn gdb_shows_labels() {
    let program = example("http_page");
    let output = gdb(
        &["--args", &program.to_string_lossy(), "127.0.0.1:0"],
        &[
            "set breakpoint pending on",
            "break http_page::shop::pack",
            "run",
            "source debug/birthmark.py",
            "birthmark",
            "kill",
        ],
    );
    for part in [
        "\n    labels district=harbour\n    lineage ",
        "\n    lineage 2 'order 1' order < 1 main",
    ] {
        assert!(output.contains(part), "{part:?} is not in:\n{output}");
    }
    let main = output
        .split("\ntask ")
        .find(|task| task.contains(" main ["));
    assert!(main.is_none_or(|main| !main.contains("labels")), "{output}");
}
