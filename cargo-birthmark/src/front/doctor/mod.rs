//! `cargo birthmark doctor`: what is and is not instrumented, why, and what is wrong with the setting.
//!
//! Each file looks at one thing and adds what it sees to the [`Diagnosis`].

mod annotations;
mod built;
mod crates;
mod diagnosis;
mod environment;
mod init_state;
mod print;
mod refused;

use std::process::ExitCode;

use anyhow::Result;

use super::Request;
use super::survey::{self, Tests};
use crate::exit;
use crate::output::Format;
use crate::remedy;
use crate::toolchain::inner_wrapper;
use diagnosis::Diagnosis;

/// Looks at everything and prints what there is to say.
pub fn run(request: Request, format: Format, verbose: bool) -> Result<ExitCode> {
    let diagnosis = diagnose(request)?;
    match format {
        Format::Text => print::text(&diagnosis, verbose),
        Format::Json => print::json(&diagnosis)?,
    }
    let is_well = diagnosis.problems() == 0;
    Ok(if is_well { 0 } else { exit::DOCTOR_PROBLEMS }.into())
}

fn diagnose(request: Request) -> Result<Diagnosis> {
    let project = survey::for_host(&request)?;
    let mut diagnosis = Diagnosis::default();
    environment::toolchain(&mut diagnosis)?;
    let inner = inner_wrapper()?;
    environment::wrappers(inner.as_deref(), &mut diagnosis)?;
    // The error describes faults of the manifests, the patterns or the program's birthmark.
    let session = match project.session(request.scope, inner) {
        Ok(session) => session,
        Err(error) => {
            let help = remedy::of(&error).unwrap_or_default();
            diagnosis.problem("setting", format!("cannot {error:#}"), help);
            return Ok(diagnosis);
        }
    };
    environment::choices(&session, &mut diagnosis);
    init_state::look(&session, &mut diagnosis)?;
    let surveyed = survey::survey(&project, &session, Tests::Included);
    crates::look(&surveyed, &session, &mut diagnosis);
    built::look(&project, &session, &mut diagnosis);
    annotations::look(&project, &surveyed, &session, &mut diagnosis)?;
    Ok(diagnosis)
}
