//! Roles of real programs, and of programs that spawn through functions of their own: `./test --subjects`.

use std::path::Path;

use birthmark_test_support as _;
use serde_json::Value;

mod support;
use support::Project;
use support::published::{cargo, copy, published};
use support::silent::{says_nothing, share};

/// Programs of crates.io with their versions.
const PROGRAMS: [(&str, &str); 10] = [
    ("mini-redis", "0.4.1"),
    ("dufs", "0.47.0"),
    ("miniserve", "0.35.0"),
    ("bore-cli", "0.6.0"),
    ("rathole", "0.5.0"),
    ("static-web-server", "2.44.1"),
    ("oha", "1.16.0"),
    ("websocat", "1.14.1"),
    ("ripgrep", "14.1.1"),
    ("fd-find", "10.5.0"),
];

#[test]
fn roles_that_say_nothing_are_known() {
    for role in [
        "serve::{task}",
        ".run",
        "Executor::spawn::{async}",
        "spawn_named::{closure}",
    ] {
        assert!(says_nothing(role), "{role}");
    }
    for role in [
        "run",
        "serve::{async}",
        "worker.run",
        "Server::accept::{closure}",
    ] {
        assert!(!says_nothing(role), "{role}");
    }
}

/// All programs together, because some have only three spawns.
#[test]
#[ignore = "takes minutes"]
fn spawns_of_real_programs_have_roles() {
    let mut all = Vec::new();
    for (name, version) in PROGRAMS {
        let project = published(name, version);
        let listed = cargo(&project, "birthmark --workspace sites --format json").ok();
        let listed: Value = serde_json::from_str(&listed.stdout).expect("the list is JSON");
        let sites = listed["sites"].as_array().expect("sites");
        let of_program = sites.iter().filter(|site| {
            let file = site["file"].as_str().unwrap_or_default();
            site["certain"] == true && !file.starts_with("tests/") && !file.contains("/tests/")
        });
        let roles: Vec<String> = of_program
            .filter_map(|site| Some(site["role"].as_str()?.to_owned()))
            .collect();
        let (share, count, silent) = share(roles.iter().map(String::as_str));
        eprintln!("  {name} {version}: {count} spawns, {share:.0} % say nothing {silent:?}");
        assert!(count > 0, "{name} has no spawn");
        all.extend(roles);
    }
    let (share, count, silent) = share(all.iter().map(String::as_str));
    eprintln!("  all: {count} spawns, {share:.1} % say nothing");
    assert!(share <= 5.0, "{share} %: {silent:?}");
}

/// The roles of the tasks in a dump.
fn roles(dump: &str) -> Vec<String> {
    let heads = dump.lines().filter_map(|line| line.strip_prefix("task "));
    let heads = heads.map(|head| {
        let (_, who) = head.split_once(' ').unwrap_or_default();
        let role = match who
            .strip_prefix('"')
            .and_then(|named| named.split_once("\" "))
        {
            Some((_, role)) => role,
            None => who,
        };
        role.split("  ").next().unwrap_or_default().to_owned()
    });
    heads.collect()
}

#[test]
#[ignore = "takes minutes"]
fn tasks_of_programs_with_wrappers_have_roles() {
    let project = Project::new("wrappers", &[]);
    let subject = Path::new(env!("CARGO_MANIFEST_DIR")).join("subjects/wrappers");
    copy(&subject, &project.path());
    let mut command = project.command("birthmark --deps run");
    let ran = project.run(command.env("BIRTHMARK", "panic=all"));
    let roles = roles(&ran.stderr);
    let (share, count, silent) = share(roles.iter().map(String::as_str));
    eprintln!("  {count} tasks, {share:.1} % say nothing");
    assert!(count > 12 && share <= 5.0, "{silent:?}\n{}", ran.stderr);
    for expected in [
        "Notifier::run",
        "publish_attestation",
        "prune_store",
        "handle_errors",
        "run_sink",
        "accept_task",
        "Runtime::update_peers",
        "Runtime::scout",
        "tokio worker",
        "tokio blocking thread",
    ] {
        assert!(
            roles.iter().any(|role| role == expected),
            "{expected}: {roles:?}\n{}",
            ran.stderr
        );
    }
}
