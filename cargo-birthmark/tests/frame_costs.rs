//! Prints what frames cost while a program is compiled in the dev profile: medians of the processor time, interleaved.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;

use birthmark_test_support as _;

mod support;
use support::Project;

const FUNCTIONS: usize = 300;
const ROUNDS: usize = 3;

/// Functions with four awaits each, of which every tenth is a task.
fn source() -> String {
    let mut text = "#![cfg_attr(birthmark, birthmark::instrument)]\n\nasync fn leaf() {\n    std::future::pending::<()>().await\n}\n\n".to_owned();
    let below = |number: usize| match number % 10 {
        0 => "leaf".to_owned(),
        _ => format!("f{}", number - 1),
    };
    for number in 0..FUNCTIONS {
        let below = below(number);
        let _ = writeln!(
            text,
            "async fn f{number}(depth: u32) {{\n    if depth > 1 {{\n        leaf().await;\n    }}\n    \
             leaf().await;\n    std::future::ready(depth).await;\n    {below}({}).await;\n}}\n",
            if below == "leaf" { "" } else { "depth" },
        );
    }
    text += "#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {\n";
    for number in (9..FUNCTIONS).step_by(10) {
        let _ = writeln!(text, "    tokio::spawn(f{number}(1)).await.unwrap();");
    }
    text + "}\n"
}

/// Returns the processor time of all children that were waited for, in hundredths of a second.
fn of_children() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs is mounted");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let fields: Vec<&str> = fields.split(' ').collect();
    // The times of children, in user mode and in the kernel, are the 16th and 17th of all fields.
    [13, 14]
        .iter()
        .map(|at| fields[*at].parse::<u64>().expect("a number"))
        .sum()
}

#[test]
#[ignore = "prints times, which depend on the machine"]
fn cost_of_frames_is_printed() {
    let manifest = |name: &str, frames: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ntokio = {{ version = \
             \"1\", features = [\"macros\", \"rt\"] }}\n\n[workspace]\n\n[workspace.metadata.birthmark]\nframes = {frames}\n"
        )
    };
    let names = ["plain-costs", "frames-costs", "debug-info-costs"];
    let frames = ["true", "true", "\"debug-info\""];
    let source = source();
    let projects: Vec<Project> = names
        .iter()
        .zip(frames)
        .map(|(name, frames)| {
            let manifest = manifest(name, frames);
            Project::new(name, &[("Cargo.toml", &manifest), ("src/main.rs", &source)])
        })
        .collect();
    let mut times = [const { Vec::new() }; 3];
    // The first round compiles dependencies.
    for round in 0..=ROUNDS {
        for (place, project) in projects.iter().enumerate() {
            project.write("src/main.rs", &format!("{source}// {round}\n"));
            let before = of_children();
            let mut command = match place {
                0 => project.command("build"),
                _ => project.command("birthmark build"),
            };
            // Otherwise only the changed line is compiled.
            project.run(command.env("CARGO_INCREMENTAL", "0")).ok();
            if round > 0 {
                times[place].push(of_children() - before);
            }
        }
    }
    for (times, name) in times.iter_mut().zip(names) {
        times.sort_unstable();
        println!("| {name} | {} ms |", times[ROUNDS / 2] * 10);
    }
}
