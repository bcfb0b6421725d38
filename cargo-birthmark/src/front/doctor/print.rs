//! The diagnosis in text and in JSON. Colours are for terminals; `NO_COLOR` switches them off.

use std::collections::BTreeMap;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};

use super::diagnosis::{Built, Diagnosis, Finding, Row, Severity};

const BOLD: Style = Style::new().bold();

/// Prints one JSON document.
pub fn json(diagnosis: &Diagnosis) -> Result<()> {
    let text = serde_json::to_string_pretty(diagnosis).context("write the diagnosis")?;
    println!("{text}");
    Ok(())
}

/// Prints what a person reads. If `verbose`, each dependency that is left alone has a line.
pub fn text(diagnosis: &Diagnosis, verbose: bool) {
    println!(
        "cargo-birthmark {}, rustc {}",
        diagnosis.tool, diagnosis.rustc
    );
    line("chosen", &diagnosis.chosen);
    line("runtime", &diagnosis.runtime);
    line("compiler", &diagnosis.chain.join(" > "));
    match &diagnosis.plain {
        Some(file) => line("plain cargo", &format!("instruments, by {file}")),
        None => line(
            "plain cargo",
            "does not instrument; `cargo birthmark init` enables it",
        ),
    }
    println!();
    let is_folded = |row: &&Row| row.out_of_reach && !verbose;
    let (folded, listed): (Vec<_>, Vec<_>) = diagnosis.packages.iter().partition(is_folded);
    listed.into_iter().for_each(package);
    left_alone(folded.len());
    println!("Packages that are not listed have no spawn, or run only while the program is built.");
    diagnosis.findings.iter().for_each(finding);
}

fn line(what: &str, text: &str) {
    if !text.is_empty() {
        println!("  {what:<12} {text}");
    }
}

/// The line for the dependencies that have none of their own.
fn left_alone(count: usize) {
    let dependencies = match count {
        0 => return,
        1 => "1 dependency".to_owned(),
        count => format!("{count} dependencies"),
    };
    println!("{dependencies} left alone (--deps takes them; -v lists them)");
}

fn package(row: &Row) {
    let Row {
        package, version, ..
    } = row;
    let what = match (row.sites, &row.reason) {
        (Some(sites), _) => {
            let plural = if sites == 1 { "" } else { "s" };
            let frames = if row.frames { "frames; " } else { "" };
            format!(
                "{sites} site{plural}; {frames}{}{}",
                probable(row),
                built(&row.built)
            )
        }
        (None, _) if row.items => ITEMS.to_owned(),
        (None, reason) => format!("left alone: {}", reason.as_deref().unwrap_or_default()),
    };
    println!("{BOLD}{package} {version}{BOLD:#}: {what}");
    uncovered(&row.uncovered)
        .iter()
        .for_each(|line| println!("  not covered: {line}"));
}

const ITEMS: &str = "annotated: its items with `#[birthmark::instrument]`, also in a plain build; \
    --workspace takes all of its files";

fn probable(row: &Row) -> String {
    match row.probable {
        0 => String::new(),
        1 => "1 other call may be a spawn; ".to_owned(),
        calls => format!("{calls} other calls may be spawns; "),
    }
}

/// How many spawns with one reason are listed by themselves.
const MAX_ALIKE: usize = 3;

/// The spawns that are not recorded. Many with one reason are one line.
fn uncovered(uncovered: &[String]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in uncovered {
        // `file:line:column: callee: reason`
        let reason = one.splitn(3, ": ").nth(2).unwrap_or_default();
        by_reason.entry(reason).or_default().push(one);
    }
    let lines = by_reason
        .into_iter()
        .flat_map(|(reason, alike)| match &alike[..] {
            [first, ..] if alike.len() > MAX_ALIKE => {
                let place = first.split(": ").next().unwrap_or_default();
                let line = format!("{} calls, as at {place}: {reason}", alike.len());
                vec![line]
            }
            few => few.iter().map(|one| (*one).to_owned()).collect(),
        });
    lines.collect()
}

fn built(built: &Built) -> String {
    match built {
        Built::No => "not built yet".to_owned(),
        Built::Fresh => "built".to_owned(),
        Built::LeftAlone => "built, with a crate left alone, see below".to_owned(),
        Built::Stale(how) => format!("was built {how}"),
    }
}

fn finding(finding: &Finding) {
    let (word, colour) = match finding.severity {
        Severity::Problem => ("problem", AnsiColor::Red),
        Severity::Advice => ("advice", AnsiColor::Yellow),
    };
    let style = colour.on_default().bold();
    println!(
        "\n{style}{word}{style:#}: {} [{}]",
        finding.what, finding.code
    );
    let mut lines = finding.remedy.lines();
    println!("  help: {}", lines.next().unwrap_or_default());
    lines.for_each(|line| println!("  {line}"));
}

#[cfg(test)]
mod tests {
    use super::uncovered;

    #[test]
    fn many_spawns_with_one_reason_are_one_line() {
        let call = |line: usize, reason: &str| format!("a.rs:{line}:1: spawn: {reason}");
        let many = (1..=4).map(|line| call(line, "is within a runtime"));
        let all: Vec<String> = many.chain([call(9, "is in an item with `skip`")]).collect();
        assert_eq!(
            uncovered(&all),
            [
                "a.rs:9:1: spawn: is in an item with `skip`",
                "4 calls, as at a.rs:1:1: is within a runtime"
            ]
        );
    }
}
