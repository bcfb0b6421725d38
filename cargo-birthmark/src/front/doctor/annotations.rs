//! Annotations of members, and what a plain build makes of them.

use std::path::Path;

use anyhow::{Context, Result};
use toml_edit::{DocumentMut, Item};

use super::diagnosis::Diagnosis;
use crate::front::project::{Project, directory};
use crate::front::survey::Surveyed;
use crate::session::Session;
use crate::source::search;

/// Looks at each member.
pub fn look(
    project: &Project,
    surveyed: &[Surveyed<'_>],
    session: &Session,
    diagnosis: &mut Diagnosis,
) -> Result<()> {
    for member in surveyed.iter().filter(|one| one.is_member(session)) {
        mistakes(member, diagnosis);
    }
    for package in project.metadata.workspace_packages() {
        let own = |one: &&Surveyed<'_>| one.package.id == package.id;
        let annotated = surveyed.iter().filter(own).any(is_conditional);
        if annotated && !is_declared(&directory(package), &session.workspace)? {
            diagnosis.advice(
                "cfg-undeclared",
                format!("plain builds of {} warn of an unexpected `cfg(birthmark)`", package.name),
                "add to Cargo.toml:\n[lints.rust]\nunexpected_cfgs = { level = \"warn\", check-cfg = [\"cfg(birthmark)\"] }",
            );
        }
    }
    Ok(())
}

fn root(one: &Surveyed<'_>) -> String {
    search::read(one.target.src_path.as_std_path()).unwrap_or_default()
}

/// Returns `true` if the root has the annotation that `--help` recommends.
fn is_conditional(one: &Surveyed<'_>) -> bool {
    one.head.annotation.is_some() && root(one).contains("cfg_attr(birthmark")
}

fn mistakes(one: &Surveyed<'_>, diagnosis: &mut Diagnosis) {
    for mistake in &one.head.mistakes {
        let file = one.target.src_path.as_str();
        let (line, column, message) = (mistake.line, mistake.column, &mistake.message);
        diagnosis.problem(
            "annotation",
            format!("cannot read the annotation at {file}:{line}:{column}: {message}"),
            "see the arguments in the documentation of `#[birthmark::instrument]`",
        );
    }
}

/// Returns `true` if a manifest declares `cfg(birthmark)` to the compiler: that of the package or that of the
/// workspace.
fn is_declared(package: &Path, workspace: &Path) -> Result<bool> {
    let manifest = manifest(package)?;
    let inherits = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"));
    if inherits.and_then(Item::as_bool) == Some(true) {
        let workspace = self::manifest(workspace)?;
        return Ok(declares(
            workspace.get("workspace").and_then(|it| it.get("lints")),
        ));
    }
    let by_script = search::read(&package.join("build.rs"));
    let by_script = by_script.is_some_and(|text| text.contains("check-cfg=cfg(birthmark)"));
    Ok(by_script || declares(manifest.get("lints")))
}

fn declares(lints: Option<&Item>) -> bool {
    let lint = lints.and_then(|lints| lints.get("rust")?.get("unexpected_cfgs"));
    lint.is_some_and(|lint| {
        let allowed = lint.as_str() == Some("allow");
        allowed || lint.to_string().contains("cfg(birthmark)")
    })
}

fn manifest(directory: &Path) -> Result<DocumentMut> {
    let file = directory.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    text.parse()
        .with_context(|| format!("parse {}", file.display()))
}
