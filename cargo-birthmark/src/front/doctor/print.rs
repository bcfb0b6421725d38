//! The diagnosis in text and in JSON. Colours are for terminals; `NO_COLOR` switches them off.

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

/// Prints what a person reads.
pub fn text(diagnosis: &Diagnosis) {
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
            "does not instrument; `cargo birthmark init` makes it",
        ),
    }
    println!();
    diagnosis.packages.iter().for_each(package);
    println!("Packages that are not listed hold no spawn, or run only while the program is built.");
    diagnosis.findings.iter().for_each(finding);
}

fn line(what: &str, text: &str) {
    if !text.is_empty() {
        println!("  {what:<12} {text}");
    }
}

fn package(row: &Row) {
    let Row {
        package, version, ..
    } = row;
    let what = match (row.sites, &row.reason) {
        (Some(1), _) => format!("1 site; {}", built(&row.built)),
        (Some(sites), _) => format!("{sites} sites; {}", built(&row.built)),
        (None, reason) => format!("left alone: {}", reason.as_deref().unwrap_or_default()),
    };
    println!("{BOLD}{package} {version}{BOLD:#}: {what}");
    for one in &row.uncovered {
        println!("  not covered: {one}");
    }
}

fn built(built: &Built) -> String {
    match built {
        Built::No => "not built yet".to_owned(),
        Built::Fresh => "built".to_owned(),
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
    for line in finding.remedy.lines() {
        println!("  {line}");
    }
}
