//! The terminal page in a pseudo-terminal.

#![cfg(target_os = "linux")]

mod support;

use birthmark_test_support as _;
use support::terminal::Page;
use support::{Specimen, birthmark, executable};

#[test]
fn page_is_driven_by_keys_and_leaves_the_terminal_as_it_was() {
    let specimen = Specimen::start(&executable(), &["100"]);
    let mut page = Page::open(&specimen);
    page.wait_for("one_of_many");
    page.press("2");
    page.wait_for("POLLS");
    page.press("3");
    page.wait_for("TREE");
    page.press("4");
    page.wait_for("SPAWNS/s");
    page.press("5");
    page.wait_for("CANNOT");
    // A task is found, opened and followed, with its lineage and its labels.
    page.press("2/order 3\r");
    page.wait_for("search");
    page.press("\r");
    page.wait_for("spawned");
    page.wait_for("spawn_all");
    page.press("pc");
    page.wait_for("PAUSED");
    page.press("?");
    page.wait_for("PageUp");
    page.press("x");
    page.quit();
}

#[test]
fn end_of_the_process_leaves_the_last_page() {
    let mut specimen = Specimen::start(&executable(), &["100"]);
    let mut page = Page::open(&specimen);
    page.wait_for("one_of_many");
    specimen.signal(libc::SIGKILL);
    page.wait_for("LOST: ");
    specimen.child.wait().expect("it is a child");
    page.press("2");
    page.wait_for("one_of_many");
    page.quit();
}

#[test]
fn other_program_in_the_process_leaves_the_last_page() {
    let mut specimen = Specimen::start(&executable(), &["100"]);
    let mut page = Page::open(&specimen);
    page.wait_for("one_of_many");
    specimen.tell("exec");
    page.wait_for("LOST: ");
    page.press("2");
    page.wait_for("one_of_many");
    page.quit();
}

#[test]
fn page_without_a_terminal_is_an_error() {
    let specimen = Specimen::start(&executable(), &[]);
    let output = birthmark(&["top", &specimen.id()]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(
        error.starts_with("error: cannot open a page, because the output is no terminal\nhelp: "),
        "{error}"
    );
    let output = birthmark(&["top", &specimen.id(), "--delay", "0"]);
    assert_eq!(output.status.code(), Some(2));
}
