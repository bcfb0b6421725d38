//! Signals that reach us while cargo runs.

use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, Result};

use crate::remedy::Advise;

/// Runs a command to its end. What a terminal sends, it sends to the command, too, and we wait for what
/// comes of it; what is sent to us alone we pass on.
pub fn run(command: &mut Command) -> Result<ExitStatus> {
    let mut child = command
        .spawn()
        .advise("run cargo", "install it, or set CARGO to its path")?;
    pass_on(&child)?;
    child.wait().context("wait for cargo")
}

#[cfg(unix)]
fn pass_on(child: &Child) -> Result<()> {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP])
        .context("listen for signals")?;
    let child = Pid::from_raw(i32::try_from(child.id()).context("find the process of cargo")?);
    std::thread::spawn(move || {
        for signal in signals
            .forever()
            .filter(|signal| [SIGTERM, SIGHUP].contains(signal))
        {
            // Cargo may have ended by now.
            let _ = Signal::try_from(signal).map(|signal| kill(child, signal));
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn pass_on(_: &Child) -> Result<()> {
    Ok(())
}
