//! Colours on a terminal.

use std::io::IsTerminal;

use crate::State;

/// The escape sequences before each part of a text, and after it. They are empty without colours.
#[derive(Debug)]
pub(super) struct Palette {
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    /// Positions and lineages, which are read last.
    pub(super) faint: &'static str,
    pub(super) more: &'static str,
    pub(super) less: &'static str,
    pub(super) end: &'static str,
    /// Marks of the tasks in sentences, for renderings that make links of them.
    pub(super) task: &'static str,
    pub(super) task_end: &'static str,
    running: &'static str,
    suspended: &'static str,
    waiting: &'static str,
}

static PLAIN: Palette = PLAIN_PALETTE;

const PLAIN_PALETTE: Palette = Palette {
    name: "",
    role: "",
    faint: "",
    more: "",
    less: "",
    end: "",
    task: "",
    task_end: "",
    running: "",
    suspended: "",
    waiting: "",
};

/// No colours, but marks. All other control characters of a text are escaped.
static MARKED: Palette = Palette {
    task: "\x01",
    task_end: "\x02",
    ..PLAIN_PALETTE
};

static COLORED: Palette = Palette {
    name: "\x1b[36m",
    role: "\x1b[1m",
    faint: "\x1b[2m",
    more: "\x1b[31m",
    less: "\x1b[32m",
    end: "\x1b[0m",
    task: "",
    task_end: "",
    running: "\x1b[32m",
    suspended: "\x1b[33m",
    waiting: "\x1b[35m",
};

impl Palette {
    pub(super) fn new(color: bool) -> &'static Self {
        if color {
            &COLORED
        } else {
            &PLAIN
        }
    }

    /// Returns the palette of texts in which tasks are between `\x01` and `\x02`.
    pub(super) fn marked() -> &'static Self {
        &MARKED
    }

    pub(super) fn state(&self, state: State) -> &'static str {
        match state {
            State::Running { .. } => self.running,
            State::Blocked { .. } => self.waiting,
            State::Idle => self.faint,
            State::Waiting | State::Suspended => self.suspended,
            State::Runnable | State::Created | State::Delayed => self.waiting,
            State::Ended(_) => self.faint,
        }
    }
}

/// Returns `true` if output to `stream` should have colours. A terminal should, unless
/// [`NO_COLOR`](https://no-color.org) or `CLICOLOR_FORCE` in the environment decides otherwise.
///
/// # Examples
///
/// ```
/// let color = birthmark::render::should_colorize(&std::io::stdout());
/// println!("{}", birthmark::dump().tree().color(color));
/// ```
pub fn should_colorize(stream: &impl IsTerminal) -> bool {
    let set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    let forced =
        std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    forced || stream.is_terminal()
}
