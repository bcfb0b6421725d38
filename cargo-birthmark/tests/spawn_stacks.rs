//! The stack of a spawn in a library leads to the function of the program that made the library spawn. It compiles reqwest:
//! `./test --subjects`.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

use std::path::Path;

use birthmark_test_support as _;

mod support;
use support::Project;
use support::published::copy;

#[test]
#[ignore = "compiles reqwest with all of its dependencies, which takes minutes"]
fn spawn_of_a_client_leads_to_the_function_that_asked() {
    let project = Project::new("asks", &[]);
    let subject = Path::new(env!("CARGO_MANIFEST_DIR")).join("subjects/asks");
    copy(&subject, &project.path());
    let mut command = project.command("birthmark run --deps --spawn-stacks hyper-util");
    let ran = project.run(command.env("BIRTHMARK", "panic=all"));
    let mut blocks = ran.stderr.split("\n\n");
    let connection = blocks.find(|block| {
        let head = block.lines().next().unwrap_or_default();
        head.contains(" hyper client connection ")
    });
    let connection = connection.unwrap_or_else(|| panic!("no connection: {}", ran.stderr));
    eprintln!("{connection}");
    let place = |text: &str| connection.find(text);
    let in_order = [
        "spawned  hyper-util-",
        "during   ",
        "through  ",
        "hyper_util::client::legacy::client::Client",
        "reqwest::",
        "asks::ask_warehouse",
        "asks::refresh_prices",
    ];
    let places: Vec<Option<usize>> = in_order.iter().map(|text| place(text)).collect();
    assert!(
        places.iter().all(Option::is_some),
        "{places:?}\n{connection}"
    );
    assert!(places.is_sorted(), "{places:?}\n{connection}");
    assert!(!connection.contains("birthmark_core::"), "{connection}");
    // Others have none.
    let others = ran.stderr.matches("\n    through  ").count();
    let chosen = ran.stderr.matches("    spawned  hyper-util-").count();
    assert_eq!(others, chosen, "{}", ran.stderr);
}
