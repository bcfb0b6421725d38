//! Exit codes of the command, unless it passes on that of cargo.

use std::process::{ExitCode, ExitStatus};

use crate::remedy;

/// The command itself failed: cargo was not run, or not to its end.
pub const FAILED: u8 = 96;

/// `sites --check` found that the sites are not those of the list.
pub const SITES_DIFFER: u8 = 97;

/// `doctor` found that something is wrong.
pub const DOCTOR_PROBLEMS: u8 = 98;

/// Returns the exit code of another program, or ends by the signal that ended it.
pub fn of(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        // The call returns only if the signal does not end a process.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(FAILED))
}

/// Prints an error, as the end of "cannot …", with its remedy. Returns the exit code of a failure of ours.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: cannot {error:#}");
    if let Some(help) = remedy::of(error) {
        eprintln!("help: {help}");
    }
    ExitCode::from(FAILED)
}
