//! Stacks of tasks of many shapes, in builds of several kinds.
//!
//! Two things are compared. Each frame in the program's own source must be at a line that is marked for the task. And
//! the text of all stacks must be the one in `shapes/expected.txt`, which `BLESS=1` writes.

mod support;

#[path = "shapes/builds.rs"]
mod builds;
#[path = "shapes/check.rs"]
mod check;

use check::{assert_stacks, assert_stacks_with};
use support::{build, build_by_nightly, build_separately};

#[test]
fn stacks_of_a_dev_build_are_complete() {
    assert_stacks(&build(&[]));
}

#[test]
fn stacks_of_a_stripped_build_are_read_from_its_separate_file() {
    let folder = builds::Folder::new("stripped");
    let (executable, _) = builds::strip(&build(&[]), &folder);
    assert_stacks(&executable);
}

#[test]
fn separate_file_is_found_by_its_build_id() {
    let folder = builds::Folder::new("build-id");
    let (executable, debug) = builds::strip(&build(&[]), &folder);
    let below = builds::move_to_build_id(&executable, &debug);
    assert_stacks_with(&executable, |info| {
        info.search_in(&below);
    });
}

#[test]
fn stacks_of_compressed_sections_are_complete() {
    for method in ["zlib", "zstd"] {
        let folder = builds::Folder::new(method);
        assert_stacks(&builds::compress(&build(&[]), &folder, method));
    }
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_a_release_build_are_complete() {
    let debug = "profile.release.debug=2";
    assert_stacks(&build_separately(
        "release",
        &["--release", "--config", debug],
    ));
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_a_release_build_with_link_time_optimization_are_complete() {
    let options = ["debug=2", "lto='fat'", "codegen-units=1", "panic='abort'"];
    let options = options.map(|option| format!("profile.release.{option}"));
    let mut arguments = vec!["--release"];
    arguments.extend(options.iter().flat_map(|option| ["--config", option]));
    let executable = build_separately("lto", &arguments);
    assert_stacks(&executable);
    let folder = builds::Folder::new("lto-stripped");
    assert_stacks(&builds::strip(&executable, &folder).0);
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_a_release_build_with_debug_information_of_the_workspace_are_complete() {
    let own = "profile.release.debug=2";
    let others = "profile.release.package.'*'.debug=0";
    let options = ["--release", "--config", own, "--config", others];
    assert_stacks(&build_separately("own", &options));
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_split_debug_information_are_complete() {
    for split in ["packed", "unpacked"] {
        let config = format!("profile.dev.split-debuginfo='{split}'");
        assert_stacks(&build_separately(split, &["--config", &config]));
    }
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_dwarf_5_are_complete() {
    for split in ["off", "packed", "unpacked"] {
        let config = format!("profile.dev.split-debuginfo='{split}'");
        let version = "build.rustflags=['-Cdwarf-version=5']";
        let folder = format!("dwarf5-{split}");
        assert_stacks(&build_separately(
            &folder,
            &["--config", &config, "--config", version],
        ));
    }
}

#[test]
#[ignore = "compiles the program and its dependencies"]
fn stacks_of_a_nightly_build_are_complete() {
    assert_stacks(&build_by_nightly());
}
