//! Setting birthmark up.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::mode;
use crate::panic_report::{self, PanicReport};
use crate::redact::{self, Redaction};

/// Sets the panic report up, with what `BIRTHMARK` in the environment says.
///
/// Tasks are recorded without this too. Call it first thing in `main`; calling it again does no
/// harm. Whatever panic hook is there is called first. A hook that is set later replaces ours
/// unless it calls the one that it finds, as such hooks should.
///
/// # Examples
///
/// ```
/// birthmark::install();
/// ```
pub fn install() {
    builder().install();
}

/// Setting birthmark up in detail. See [`Builder`].
pub fn builder() -> Builder {
    Builder {
        panic_report: PanicReport::default(),
        redaction: None,
        enabled: true,
        env: true,
    }
}

/// Sets birthmark up. What the environment says has precedence over what the program says.
///
/// `BIRTHMARK` holds words, separated by commas:
///
/// | word | meaning |
/// | --- | --- |
/// | `off`, `on` | whether spawns are recorded and hooks are told |
/// | `panic=off`, `panic=task`, `panic=lineage`, `panic=all` | how much a panic report says |
///
/// # Examples
///
/// ```
/// birthmark::builder().panic_report(birthmark::PanicReport::All).install();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `install`"]
pub struct Builder {
    panic_report: PanicReport,
    redaction: Option<Redaction>,
    enabled: bool,
    env: bool,
}

impl Builder {
    /// How much a panic report says.
    pub fn panic_report(mut self, report: PanicReport) -> Self {
        self.panic_report = report;
        self
    }

    /// Names go through this function before anybody sees them: in dumps, whatever their form, in
    /// [`tasks`](crate::tasks) and in panic reports. The program itself, by
    /// [`current`](crate::current) and in hooks, has them as they are, and so has who reads its memory.
    ///
    /// The function may be called while a thread panics: it must not panic then, which would abort
    /// the program, nor wait for a lock. Where it panics at another time, the name is hidden. The
    /// first function that is installed stays.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder()
    ///     .redact_names(|name| match name.split_once('@') {
    ///         Some((_, domain)) => format!("…@{domain}").into(),
    ///         None => name.into(),
    ///     })
    ///     .install();
    /// birthmark::set_name("jane@example.com");
    /// assert!(birthmark::dump().to_string().contains("\"…@example.com\""));
    /// ```
    pub fn redact_names(
        mut self,
        redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static,
    ) -> Self {
        self.redaction = Some(Redaction(Arc::new(redact)));
        self
    }

    /// Whether spawns are recorded from the start; see [`enable`].
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Whether `BIRTHMARK` in the environment is looked at. It is by default.
    pub fn env(mut self, env: bool) -> Self {
        self.env = env;
        self
    }

    /// Sets birthmark up. A word in `BIRTHMARK` that is not understood is reported on standard
    /// error and otherwise ignored.
    pub fn install(mut self) {
        if let Some(value) = std::env::var_os("BIRTHMARK").filter(|_| self.env) {
            for word in value
                .to_string_lossy()
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
            {
                if let Err(error) = self.apply(word) {
                    let _ = crate::sys::stderr::write(format!("birthmark: {error}\n").as_bytes());
                }
            }
        }
        mode::set(mode::OFF, !self.enabled);
        self.redaction.into_iter().for_each(redact::install);
        panic_report::install(self.panic_report);
    }

    fn apply(&mut self, word: &str) -> Result<(), UnknownWord> {
        match word {
            "on" => self.enabled = true,
            "off" => self.enabled = false,
            "panic=off" => self.panic_report = PanicReport::Off,
            "panic=task" => self.panic_report = PanicReport::Task,
            "panic=lineage" => self.panic_report = PanicReport::Lineage,
            "panic=all" => self.panic_report = PanicReport::All,
            _ => return Err(UnknownWord(word.into())),
        }
        Ok(())
    }
}

struct UnknownWord(String);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = crate::escape::Quoted {
            text: &self.0,
            cut: false,
        };
        write!(f, "{word} in BIRTHMARK is not understood, and ignored; use on, off, panic=off, panic=task, panic=lineage or panic=all")
    }
}

/// Switches the recording of spawns on, if it was off. It is on unless the program or the
/// environment says otherwise.
pub fn enable() {
    mode::set(mode::OFF, false);
}

/// Switches the recording of spawns off: a spawn then costs next to nothing. Tasks that are
/// recorded stay so until they end; those that are spawned now will not be, and no hook is told.
///
/// # Examples
///
/// ```
/// birthmark::disable();
/// assert!(!birthmark::is_enabled());
/// birthmark::enable();
/// assert!(birthmark::is_enabled());
/// ```
pub fn disable() {
    mode::set(mode::OFF, true);
}

/// Whether spawns are recorded.
#[cfg_attr(not(debug_assertions), inline)]
#[must_use]
pub fn is_enabled() -> bool {
    !mode::has(mode::OFF)
}
