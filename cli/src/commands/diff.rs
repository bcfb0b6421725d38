//! Two dumps, compared.

use std::path::Path;
use std::time::Duration;

use super::saved;
use crate::args::Selection;
use crate::exit::Failure;
use crate::output::Output;
use crate::target::Shown;

/// Maximum time between two dumps: a day.
const MAX_SECONDS: f64 = 86_400.0;

pub(super) fn run(output: &Output, selection: Selection, seconds: f64) -> Result<(), Failure> {
    if let Some([before, after]) = files(&selection) {
        let text = saved::compare(Path::new(before), Path::new(after))?;
        return Ok(output.show(text)?);
    }
    let (args, filter, stacks) = selection.split()?;
    if args.core.is_some() {
        return Err(Failure::Usage(
            "a core file does not change\nhelp: save dumps with `birthmark dump --format json`, and pass two of them".into(),
        ));
    }
    if !(0.0..=MAX_SECONDS).contains(&seconds) {
        return Err(Failure::Usage(format!(
            "invalid value {seconds} for `--seconds`\nhelp: use 0 to {MAX_SECONDS}"
        )));
    }
    let shown = Shown::open(&args, stacks)?;
    let before = shown.dump(filter.as_ref())?;
    std::thread::sleep(Duration::from_secs_f64(seconds));
    let after = shown.dump(filter.as_ref())?;
    Ok(output.show(after.diff(&before).color(output.color))?)
}

/// Returns the arguments if they are two files.
fn files(selection: &Selection) -> Option<[&str; 2]> {
    let process = selection.target.process.as_deref()?;
    let filter = selection.filter.as_deref()?;
    let is_file = |text: &str| !text.contains('=') || Path::new(text).is_file();
    let are_files = process.parse::<u32>().is_err() && is_file(filter);
    are_files.then_some([process, filter])
}
