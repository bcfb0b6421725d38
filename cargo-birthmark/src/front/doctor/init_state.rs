//! The entries of `init` in the configuration of cargo, and faults in them.

use std::path::Path;

use anyhow::Result;

use super::diagnosis::Diagnosis;
use crate::front::init::{self, Entered};
use crate::front::{hidden, overridden};
use crate::programs;
use crate::session::Session;
use crate::toolchain::{same_file, this_binary};

const AGAIN: &str = "run `cargo birthmark init` again, or `cargo birthmark init --undo`";

/// Looks at the entries of `init`.
pub fn look(session: &Session, diagnosis: &mut Diagnosis) -> Result<()> {
    let Some(entered) = init::entered(&session.workspace)? else {
        return Ok(());
    };
    diagnosis.plain = Some(entered.file.display().to_string());
    wrapper(&entered, diagnosis)?;
    choices(&entered.session, session, diagnosis);
    for one in overridden::find() {
        diagnosis.advice("init-overridden", one.what(), &one.help());
    }
    if !hidden::is_hidden(&entered.file) {
        let what = hidden::SHIPPED.to_owned();
        diagnosis.advice(
            "init-shipped",
            what,
            "run `cargo birthmark init --undo` before you commit or publish",
        );
    }
    Ok(())
}

fn wrapper(entered: &Entered, diagnosis: &mut Diagnosis) -> Result<()> {
    let program = programs::find(&entered.wrapper);
    let shown = entered.wrapper.display();
    if !program.is_file() {
        let what = format!("plain cargo cannot compile: `init` has entered {shown}, which is gone");
        diagnosis.problem("init-tool-missing", what, AGAIN);
    } else if !same_file(&program, &this_binary()?) {
        let what = format!("plain cargo instruments by {shown}, which is not this program");
        diagnosis.problem("init-other-tool", what, AGAIN);
    }
    Ok(())
}

fn choices(file: &Path, session: &Session, diagnosis: &mut Diagnosis) {
    let Ok(entered) = Session::read(file) else {
        let what = format!(
            "plain cargo cannot instrument: its session {} is gone",
            file.display()
        );
        diagnosis.problem("init-session-missing", what, AGAIN);
        return;
    };
    if entered.tool != session.tool {
        let what = "`init` was run with another version of cargo-birthmark".to_owned();
        diagnosis.problem("init-other-version", what, AGAIN);
    } else if entered.members != session.members {
        let what = "the workspace has other members than when `init` was run".to_owned();
        diagnosis.advice("init-other-members", what, AGAIN);
    }
}
