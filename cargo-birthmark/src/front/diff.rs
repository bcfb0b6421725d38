//! `cargo birthmark diff`: what is inserted.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::nothing::Nothing;
use super::{Request, listing};
use crate::remedy;
use crate::scope::Scope;
use crate::source::engine::Changed;
use crate::source::search;

/// Prints the lines that change, as they are and as they become. No line is added or taken away, so that
/// the numbers are the same on both sides.
pub fn run(mut request: Request, package: Option<String>) -> Result<ExitCode> {
    if let Some(package) = &package {
        request.scope.extend(Scope {
            reach: crate::scope::Reach::Deps,
            only: vec![package.clone()],
            ..Scope::default()
        });
    }
    let listed = match listing::list(request)? {
        Ok(listing) => listing.crates,
        Err(Nothing { cause, help }) => {
            return Err(remedy::refusal(
                format!("find anything to insert: {cause}"),
                help,
            ));
        }
    };
    let mut files = listed
        .iter()
        .flat_map(|listed| {
            let files = listed.krate.files.iter();
            files.map(|(path, file)| (path, &listed.names[path], file))
        })
        .filter(|(_, _, file)| !file.insertions.is_empty())
        .peekable();
    if files.peek().is_none() {
        return Err(remedy::refusal(
            "find anything to insert: no chosen crate has a spawn",
            "run `cargo birthmark --deps diff`, which looks into all crates",
        ));
    }
    files.for_each(|(path, shown, file)| print!("{}", text(path, shown, file)));
    Ok(ExitCode::SUCCESS)
}

fn text(path: &Path, shown: &str, file: &Changed) -> String {
    let mut text = format!("--- {shown}\n+++ {shown}\n");
    let original = search::read(path).unwrap_or_default();
    for (number, (old, new)) in original.lines().zip(file.text.lines()).enumerate() {
        if old != new {
            let number = number + 1;
            text += &format!("@@ -{number} +{number} @@\n-{old}\n+{new}\n");
        }
    }
    text
}
