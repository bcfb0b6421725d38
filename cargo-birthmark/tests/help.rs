//! The help of the command, and the page of the guide that shows it.

use birthmark_test_support as _;

mod support;
use support::{Project, Ran};

fn help(args: &str) -> Ran {
    Project::new("helped", &[("src/lib.rs", "")])
        .birthmark(args)
        .ok()
}

#[test]
fn guide_shows_the_examples_and_the_options() {
    let guide = include_str!("../../docs/guide/cargo-birthmark.md");
    let help = help("--help").stdout;
    let examples = help
        .split_once("Examples:\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    assert_eq!(examples.lines().count(), 9);
    assert!(guide.contains(examples), "{examples}");
    for option in [
        "--workspace",
        "--deps",
        "--only",
        "--exclude",
        "init",
        "sites",
        "diff",
        "doctor",
    ] {
        assert!(
            help.contains(option) && guide.contains(&format!("`{option}"))
                || guide.contains(&format!("birthmark {option}")),
            "{option}"
        );
    }
    assert!(help.contains("#![cfg_attr(birthmark, birthmark::instrument)]"));
    assert!(help.contains("96 if cargo birthmark itself fails, 97 if `sites --check`"));
    for option in ["--frames", "--spawn-stacks", "--runtime-features"] {
        assert!(guide.contains(&format!("`{option} ")), "{option}");
    }
}

#[test]
fn paragraphs_of_the_help_are_wrapped_once() {
    let help = help("--help").stdout;
    let (about, _) = help.split_once("\n\nUsage:").expect("the usage");
    for paragraph in about.split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().collect();
        let (_, full) = lines.split_last().expect("a line");
        let is_short = |line: &&&str| line.len() < 80;
        assert_eq!(full.iter().find(is_short), None, "{about}");
    }
    let comments = help.lines().filter(|line| line.contains("  # "));
    let places: Vec<_> = comments.map(|line| line.find("# ")).collect();
    assert!(places.len() > 5, "{help}");
    assert!(places.iter().all(|place| *place == places[0]), "{help}");
}

#[test]
fn each_command_of_its_own_has_help() {
    for (command, says) in [
        ("init", "--undo"),
        ("sites", "--check <FILE>"),
        ("diff", "[CRATE]"),
        ("doctor", "why"),
    ] {
        assert!(
            help(&format!("{command} --help")).stdout.contains(says),
            "{command}"
        );
    }
}
