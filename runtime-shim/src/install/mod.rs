//! Setting birthmark up.

mod words;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ask::{self, Delivery, Directory, DumpSignal, Limits};
use crate::clock;
use crate::dump::render::Format;
use crate::dump::Filter;
use crate::mode;
use crate::panic_report::{self, PanicReport};
use crate::redact::{self, Redaction};
use crate::threads::ThreadReport;

/// Sets the panic report up, with what `BIRTHMARK` in the environment says.
///
/// Tasks are recorded without this too. It starts the thread by which ages are told; see [`Builder::clock`]. Call it
/// first thing in `main`; calling it again does no
/// harm. Whatever panic hook there is, or is set later, is called first, and the report follows. A hook that calls ours
/// itself, as it has found it, decides where the report stands. One that ends the process leaves none.
/// `BIRTHMARK=panic=off` or [`PanicReport::Off`] switches reports off.
///
/// In a test, a report goes to where the panic's message goes: `cargo test` captures both, and shows them together if
/// the test fails. The test's crate has to be instrumented for that.
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
        redaction: Redaction::default(),
        signal: None,
        format: Format::default(),
        filter: Filter::default(),
        threads: ThreadReport::default(),
        directory: None,
        limits: Limits::default(),
        enabled: true,
        env: true,
        clock: true,
        in_test: false,
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
/// | `signal=QUIT`, `USR1`, `USR2`, `HUP` | the signal on which there is a dump |
/// | `format=groups` and so on | the form of dumps on a panic or a signal: see [`Format`] |
/// | `filter=state=suspended&older=10s` | which tasks they show: see [`Filter`] |
/// | `threads=states` | what such dumps say of OS threads: see [`ThreadReport`] |
/// | `dir=/var/tmp/dumps` | the directory to which they go as files, instead of to standard error |
/// | `files=16`, `size=1G` | how much is kept there |
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
    redaction: Redaction,
    signal: Option<DumpSignal>,
    format: Format,
    filter: Filter,
    threads: ThreadReport,
    directory: Option<PathBuf>,
    limits: Limits,
    enabled: bool,
    env: bool,
    clock: bool,
    in_test: bool,
}

impl Builder {
    /// How much a panic report says.
    pub fn panic_report(mut self, report: PanicReport) -> Self {
        self.panic_report = report;
        self
    }

    /// Writes a dump whenever this signal arrives. There is none by default.
    ///
    /// The signal's handler only wakes a thread that waits for it; handlers that the program has set
    /// before are called too, and one that it sets later by `sigaction` replaces ours. Where the
    /// signal would end the program by itself, it does not any more. This needs the feature `signal`,
    /// which is on by default, and Unix.
    pub fn dump_on_signal(mut self, signal: DumpSignal) -> Self {
        self.signal = Some(signal);
        self
    }

    /// The form of dumps on a panic or a signal, and of [`write_dump`](crate::write_dump). A form that is
    /// [binary](Format::is_binary) needs a [directory](Builder::dump_directory): without one, dumps are text, which
    /// [`install`](Builder::install) says on standard error.
    pub fn dump_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Which tasks such dumps show.
    pub fn dump_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// What such dumps say of OS threads.
    pub fn dump_threads(mut self, report: ThreadReport) -> Self {
        self.threads = report;
        self
    }

    /// Writes such dumps to files in this directory, which is made if it is not there, instead of to
    /// standard error. The path of each file is said on standard error. Others cannot read them.
    pub fn dump_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// How many dumps are kept in the directory: 16, unless this says otherwise. The oldest are
    /// removed, once a new one has been written.
    pub fn dump_files(mut self, count: usize) -> Self {
        self.limits.files = count.max(1);
        self
    }

    /// How many bytes the dumps in the directory have together: a gigabyte, unless this says
    /// otherwise. A dump that would alone be larger is not written.
    pub fn dump_bytes(mut self, bytes: u64) -> Self {
        self.limits.bytes = bytes;
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
        self.redaction.names = Some(Arc::new(redact));
        self
    }

    /// The values of labels go through this function, which gets the key, too, wherever names go through
    /// that of [`redact_names`](Builder::redact_names), and on the same terms. Without it, they go through
    /// that one. Keys are shown as they are. A label whose value becomes empty is left out.
    ///
    /// Where both are set, one builder sets them: those of the first that is installed stay.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder()
    ///     .redact_labels(|key, value| match key {
    ///         "tenant" => "(hidden)".into(),
    ///         _ => value.into(),
    ///     })
    ///     .install();
    /// birthmark::set_label("tenant", "acme");
    /// assert!(birthmark::dump().to_string().contains("    labels tenant=(hidden)\n"));
    /// ```
    pub fn redact_labels(
        mut self,
        redact: impl for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync + 'static,
    ) -> Self {
        self.redaction.labels = Some(Arc::new(redact));
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

    /// Sets whether `install` starts the thread that advances the clock of ages. It does by default.
    ///
    /// A program that needs to have a single thread for a while, for `unshare`, `setns` or the local time offset,
    /// passes `false`. Then the thread starts together with the program's first other thread, and dumps before that
    /// say that ages are not known.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder().clock(false).install();
    /// ```
    pub fn clock(mut self, clock: bool) -> Self {
        self.clock = clock;
        self
    }

    /// The program runs tests, which need not be seen otherwise.
    pub(crate) fn in_test(mut self) -> Self {
        self.in_test = true;
        self
    }

    /// Sets birthmark up. A word in `BIRTHMARK` that is not understood is reported on standard
    /// error, once, and otherwise ignored.
    pub fn install(mut self) {
        if let Some(words) = std::env::var_os("BIRTHMARK").filter(|_| self.env) {
            self = words::apply(self, &words);
        }
        mode::set(mode::OFF, !self.enabled);
        redact::install(self.redaction);
        let limits = self.limits;
        let delivery = Delivery {
            format: self.format,
            filter: self.filter,
            threads: self.threads,
            directory: self.directory.map(|path| Directory { path, limits }),
        };
        ask::install(delivery, self.signal);
        if self.clock && self.enabled {
            clock::start();
        }
        panic_report::install(self.panic_report, self.in_test);
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
