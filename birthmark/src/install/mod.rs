//! Setting birthmark up.

mod words;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::deadlines;
use crate::delivery::{self, Delivery, Directory, DumpSignal, Limits};
use crate::extension::carriers::{self, Library};
use crate::leaks;
use crate::panic_report::{self, PanicReport};
use crate::rules::{self, Action, NewRule, ParseRuleError};
use crate::spawn_stacks::{self, Pattern};
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::{delay, gone};
use birthmark_core::__reader::runtime_flags;
use birthmark_dump::__private::redact::{self, Redaction};
use birthmark_dump::render::Format;
use birthmark_dump::Filter;
use birthmark_dump::{AwaitDetail, LocalToRedact, ThreadDetail};

/// Installs the panic report and reads `BIRTHMARK` from the environment.
///
/// A program calls it early in `main`, after it has set up its logging and its panic hook. Further calls have no effect.
/// Tasks are recorded without this call, too. The call starts the thread that advances the clock of ages; see
/// [`Builder::clock`].
///
/// The report follows the program's own panic hook, also one that is set later. A hook that calls ours, as it found it,
/// decides the place of the report. A hook that ends the process leaves no report.
/// `BIRTHMARK=panic=off` and [`PanicReport::Off`] switch reports off.
///
/// In a test, a report goes where the panic message goes. `cargo test` captures both and shows them together if the
/// test fails. For that, the crate of the test must be instrumented.
///
/// # Examples
///
/// ```
/// birthmark::install();
/// ```
pub fn install() {
    builder().install();
}

/// Returns a [`Builder`], which configures birthmark in detail.
pub fn builder() -> Builder {
    Builder {
        panic_report: PanicReport::default(),
        redaction: Redaction::default(),
        signal: None,
        format: Format::default(),
        filter: Filter::default(),
        threads: ThreadDetail::default(),
        awaits: AwaitDetail::default(),
        directory: None,
        limits: Limits::default(),
        enabled: true,
        wakes: true,
        delays: false,
        gone: gone::DEFAULT_CAPACITY,
        fails_on_leaks: false,
        carried: Vec::new(),
        rules: Vec::new(),
        spawn_stacks: Vec::new(),
        env: true,
        clock: true,
        in_test: false,
        at_start: false,
    }
}

/// The configuration of birthmark. The environment overrides the program.
///
/// `BIRTHMARK` holds words, separated by commas:
///
/// | word | effect |
/// | --- | --- |
/// | `on` | switches recording and hooks on; the default |
/// | `off` | switches recording and hooks off |
/// | `wakes=off` | switches the recording of wakes off, so polls cost less |
/// | `delays` | measures the exact time between each wake and the next poll |
/// | `gone=64` | the number of tasks with each bad outcome that dumps show |
/// | `leaks=fail` | has each test fail that tasks outlive, under `cargo birthmark test` |
/// | `carry=tracing` | what libraries give to child tasks; needs `cargo birthmark --deps`: `tracing`, `opentelemetry`, `sentry` |
/// | `panic=lineage` | the content of panic reports: `off`, `task`, `lineage`, `all` |
/// | `signal=QUIT` | the signal that requests a dump: `QUIT`, `USR1`, `USR2`, `HUP` |
/// | `format=groups` | the form of dumps on a panic or a signal: `text`, `tree`, `groups`, `stuck`, `resources`, `folded`, `json`, `pprof` |
/// | `filter=state=suspended&for=10s` | the tasks in these dumps; `%2C` is a comma |
/// | `threads=states` | the detail about OS threads: `off`, `states`, `stacks` |
/// | `stacks=debug-info` | the detail about awaits: `instrumented`, `debug-info`, `locals` |
/// | `dir=/var/tmp/dumps` | writes files to a directory instead of standard error |
/// | `files=16` | the number of files that are kept |
/// | `size=1G` | the size of the files that are kept, together |
/// | `rule=state=running&for=1s:stacks` | a rule: a condition, `:`, and actions joined by `+` |
/// | `stuck=30s` | looks for stuck tasks at this interval, and writes what is new |
/// | `watch` | rules that are quiet on a healthy service |
/// | `spawn-stacks=reqwest*` | the crates, modules or functions whose spawns keep their stack; each word adds a pattern |
///
/// [`PanicReport`], [`DumpSignal`], [`Format`], [`Filter`], [`ThreadDetail`] and [`AwaitDetail`] describe the values,
/// [`Builder::rule`] and [`Action`] the parts of a rule, and [`Builder::watch`] the rules of `watch`.
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
    threads: ThreadDetail,
    awaits: AwaitDetail,
    directory: Option<PathBuf>,
    limits: Limits,
    enabled: bool,
    wakes: bool,
    delays: bool,
    /// Number of tasks with each bad outcome that dumps show.
    gone: u32,
    /// Tests of a suite that `cargo birthmark test` runs fail because of leaks.
    fails_on_leaks: bool,
    /// The libraries whose carriers are switched on.
    carried: Vec<Library>,
    rules: Vec<NewRule>,
    /// Sites at which the stacks of spawns are taken.
    spawn_stacks: Vec<Pattern>,
    env: bool,
    clock: bool,
    in_test: bool,
    /// The loader installs, when sites may not have been collected yet.
    at_start: bool,
}

impl Builder {
    /// Sets the content of panic reports.
    pub fn panic_report(mut self, report: PanicReport) -> Self {
        self.panic_report = report;
        self
    }

    /// Writes a dump each time the signal arrives. By default, no signal writes one.
    ///
    /// The handler of the signal only wakes a thread that writes the dump. Handlers that the program has set before
    /// are called too. A handler that it sets later by `sigaction` replaces ours. A signal that would end the program
    /// no longer does.
    ///
    /// This method needs Unix and the feature `signal`, which is on by default.
    pub fn dump_on_signal(mut self, signal: DumpSignal) -> Self {
        self.signal = Some(signal);
        self
    }

    /// Sets the form of dumps on a panic or a signal, and of [`write_dump`](crate::write_dump). A form that is
    /// [binary](Format::is_binary) needs a [directory](Builder::dump_directory). Without one, dumps are text, and
    /// [`install`](Builder::install) reports that on standard error.
    pub fn dump_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Sets the filter of such dumps.
    pub fn dump_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the detail of such dumps about OS threads.
    pub fn dump_threads(mut self, report: ThreadDetail) -> Self {
        self.threads = report;
        self
    }

    /// Sets the detail of such dumps about awaits. In a panic, a dump has instrumented frames alone.
    pub fn dump_awaits(mut self, detail: AwaitDetail) -> Self {
        self.awaits = detail;
        self
    }

    /// Writes such dumps to files in this directory instead of standard error. The directory is created if it does
    /// not exist. Standard error gets the path of each file. Only the owner can read the files.
    pub fn dump_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// Sets the number of dumps that the directory keeps. The default is 16. The oldest dumps are removed after a new
    /// one is written.
    pub fn dump_files(mut self, count: usize) -> Self {
        self.limits.files = count.max(1);
        self
    }

    /// Sets the number of bytes that the directory keeps. The default is a gigabyte. A dump that is larger on its own
    /// is not written.
    pub fn dump_bytes(mut self, bytes: u64) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Sets a function that replaces names before output: in dumps of any form, in [`tasks`](crate::tasks) and in
    /// panic reports. [`current`](crate::current) and hooks still return the original names, and the memory of the
    /// process contains them.
    ///
    /// The function may be called while a thread panics. In that case it must not wait for a lock, and a panic in it
    /// aborts the program. If it panics at another time, the name is hidden. The first function that is installed
    /// stays.
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

    /// Sets a function that replaces label values before output. The function gets the key and the value, and applies
    /// wherever that of [`redact_names`](Builder::redact_names) does. Without it, label values go through the
    /// function for names. Keys are shown unchanged. A label whose value becomes empty is left out.
    ///
    /// A program that sets both functions sets them with one builder. The functions of the first builder that is
    /// installed stay.
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
    /// assert!(birthmark::dump().to_string().contains("tenant=(hidden)\n"));
    /// ```
    pub fn redact_labels(
        mut self,
        redact: impl for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync + 'static,
    ) -> Self {
        self.redaction.labels = Some(Arc::new(redact));
        self
    }

    /// Sets a function that replaces messages before output: those of panics, and the reasons of refusals, in
    /// [`Dump::gone`](crate::Dump::gone). The message that the program's panic hook prints stays as it is.
    ///
    /// Without this function, messages are hidden if names or labels are redacted, because messages may contain them.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder()
    ///     .redact_names(|_| "…".into())
    ///     .redact_messages(|message| message.into())
    ///     .install();
    /// ```
    pub fn redact_messages(
        mut self,
        redact: impl Fn(&str) -> Cow<'_, str> + Send + Sync + 'static,
    ) -> Self {
        self.redaction.messages = Some(Arc::new(redact));
        self
    }

    /// Sets a function that returns `true` for local variables and fields whose values dumps hide. Dumps have local
    /// variables only if [`AwaitDetail::Locals`] requests them.
    ///
    /// Without this function, all values are hidden if names or labels are redacted, because variables may contain them.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder()
    ///     .redact_locals(|local| local.name.contains("password") || local.type_name.contains("Secret"))
    ///     .install();
    /// ```
    pub fn redact_locals(
        mut self,
        hides: impl Fn(&LocalToRedact<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.redaction.locals = Some(Arc::new(hides));
        self
    }

    /// Sets whether spawns are recorded from the start; see [`enable`](crate::enable). The default is `true`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets whether polls note what wakes a task. If not, dumps show suspended tasks without whether they are runnable or
    /// waiting, and each poll and wake costs less. Tasks that were polled before keep their wakers. [`Builder::install`] reports
    /// the rules that cannot hold without wakes. The default is `true`.
    pub fn wakes(mut self, wakes: bool) -> Self {
        self.wakes = wakes;
        self
    }

    /// Sets whether the exact time between each wake and the next poll is measured: the scheduling delay. Each such pair
    /// then reads a clock twice. Text, groups, [`sites`](crate::sites) and metrics show the delays by site. Without wakes, no
    /// delays are measured. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder().delays(true).install();
    /// for stats in birthmark::sites() {
    ///     if let Some(delays) = stats.delays {
    ///         println!("{}: {:?} at most", stats.site.role(), delays.longest());
    ///     }
    /// }
    /// ```
    pub fn delays(mut self, delays: bool) -> Self {
        self.delays = delays;
        self
    }

    /// Sets how many tasks dumps show that ended before they were ready: the last so many that panicked, as many that were
    /// cancelled, and as many that a hook refused. See [`Dump::gone`](crate::Dump::gone). The default is 64, and the
    /// maximum 4096. With 0, dumps show none.
    ///
    /// Each takes a kilobyte from the first such task on. Calls after that have no effect.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder().gone_tasks(256).install();
    /// ```
    pub fn gone_tasks(mut self, count: u32) -> Self {
        self.gone = count;
        self
    }

    /// Adds a rule: a condition on tasks, and what happens when it holds. See [`Action`].
    ///
    /// A condition has terms, joined by `&`: those of a [`Filter`], and these:
    ///
    /// | term | holds if |
    /// | --- | --- |
    /// | `count(site)>1000` | more tasks than this have the same site; also `role`, `name`, `label.KEY` |
    /// | `growth(site)>100/min` | the number of such tasks grows faster than this, for as long as `for`; also in `s` and `h` |
    /// | `no-waker` | a task is suspended, and nothing is left that can wake it |
    /// | `stuck` | [`stuck`](crate::stuck) has a finding that it had not before. `every=30s` sets how often it looks, and `for` how long a finding must last |
    /// | `timebox` | a future or a task takes longer than its [`timebox`](crate::timebox) |
    /// | `at-most=10/min` | no condition: the number of reports in a minute. The default is 10 |
    ///
    /// `state=running&for=500ms` is about polls of futures, unless it has a `kind`, because a thread runs as long as it exists.
    /// Times are right to a tenth of a second.
    ///
    /// A rule reports once for a task at a place, and once for tasks of one site at the same awaits as long as it holds for one
    /// of them. When it does no longer hold, it reports that.
    ///
    /// The thread of the clock looks at all tasks, ten times a second if that takes a hundredth of a core or less, and otherwise
    /// less often. A spawn and a poll cost what they cost without rules. There are at most 64 rules.
    ///
    /// A condition that is not understood is reported on standard error, and left out. [`Builder::try_rule`] returns the error.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::Action;
    ///
    /// birthmark::builder()
    ///     .rule("state=running&for=500ms", Action::dump().with_stacks())
    ///     .rule("state=runnable&for=100ms", Action::log())
    ///     .rule("count(site)>10000", Action::groups())
    ///     .rule("growth(site)>100/min&for=10m", Action::diff())
    ///     .rule("stuck", Action::stuck())
    ///     .install();
    /// ```
    pub fn rule(self, condition: &str, action: Action) -> Self {
        let before = self.clone();
        self.try_rule(condition, action).unwrap_or_else(|error| {
            crate::rules::report_error(condition, &error);
            before
        })
    }

    /// Adds a rule as [`Builder::rule`] does.
    ///
    /// # Errors
    ///
    /// Returns an error if the condition is not understood. The error has the position of the word at fault.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::Action;
    ///
    /// let builder = birthmark::builder().try_rule("role=handle&older=30s", Action::log())?;
    /// builder.install();
    /// assert!(birthmark::builder().try_rule("older=30", Action::log()).is_err());
    /// # Ok::<(), birthmark::ParseRuleError>(())
    /// ```
    pub fn try_rule(mut self, condition: &str, action: Action) -> Result<Self, ParseRuleError> {
        self.rules.push(NewRule::new(condition, action)?);
        Ok(self)
    }

    /// Adds rules that are quiet on a healthy service:
    ///
    /// - a poll of a future that lasts a second, unless the stack of its thread shows `block_in_place` of tokio
    /// - a future that was woken five seconds ago and has had no turn
    /// - a future that nothing can wake for ten seconds
    /// - deadlocks, futurelocks and full blocking pools that last half a minute; see [`Dump::stuck`](crate::Dump::stuck)
    /// - a spawn call whose tasks grow by more than a hundred a minute for ten minutes
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder().watch().install();
    /// assert!(birthmark::rules().len() >= 5);
    /// ```
    pub fn watch(mut self) -> Self {
        self.rules.extend(rules::watch());
        self
    }

    /// Adds a rule of the environment or of a manifest, with its actions.
    fn parsed_rule(mut self, text: &str) -> Result<Self, ParseRuleError> {
        self.rules.push(NewRule::parse(text)?);
        Ok(self)
    }

    /// Has tests fail because of leaks that `cargo birthmark test` has changed.
    pub(crate) fn fail_on_leaks(mut self, fails: bool) -> Self {
        self.fails_on_leaks = fails;
        self
    }

    /// Keeps the stack of each spawn in crates, modules or functions that a pattern fits: who has made a library spawn a task.
    ///
    /// In a pattern, `*` is any text, and `-` is `_`. A pattern without `*` is the name of a crate, or a whole path with the
    /// function: `reqwest*`, `hyper-util::client*`, `sqlx-core`. Each call adds a pattern. A library has sites if `cargo birthmark
    /// --deps` has instrumented it.
    ///
    /// A stack has the functions of the thread, which needs the feature `native-stacks`, and the instrumented awaits of the
    /// spawner. Text and JSON show the stack with the site, and [`Task::spawn_stack`](crate::Task::spawn_stack) returns it. Each
    /// different stack is kept once, as addresses: at most 512 stacks, of at most 160 addresses. Functions are looked
    /// up when they are shown for the first time. Such a spawn unwinds the stack of its thread. A spawn at another site costs a few
    /// instructions more than without hooks.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::builder().spawn_stacks("reqwest*").spawn_stacks("hyper-util").install();
    /// ```
    pub fn spawn_stacks(mut self, pattern: &str) -> Self {
        self.spawn_stacks.push(Pattern::new(pattern));
        self
    }

    /// Sets whether the variable `BIRTHMARK` is read. The default is `true`.
    pub fn env(mut self, env: bool) -> Self {
        self.env = env;
        self
    }

    /// Sets whether `install` starts the thread that advances the clock of ages. The default is `true`.
    ///
    /// A program that must stay single-threaded for a while passes `false`, for example before `unshare`, `setns`, or
    /// a read of the local time offset. The clock then starts with the program's first other thread, and earlier
    /// dumps have no ages.
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

    /// Switches the carrier of a library on.
    fn carry(mut self, library: Library) -> Self {
        self.carried.push(library);
        self
    }

    /// The program runs tests, which need not be seen otherwise.
    pub(crate) fn in_test(mut self) -> Self {
        self.in_test = true;
        self
    }

    /// The loader calls this before `main`.
    pub(crate) fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// Applies the configuration. If [nothing is instrumented](crate::is_instrumented), two lines on standard error say
    /// so, with the remedy. An invalid word in `BIRTHMARK` is reported once on standard error, and otherwise
    /// ignored.
    pub fn install(mut self) {
        if let Some(words) = std::env::var_os("BIRTHMARK").filter(|_| self.env) {
            self = words::apply(self, &words);
        }
        runtime_flags::set(runtime_flags::OFF, !self.enabled);
        match (self.wakes, self.delays) {
            (false, _) => runtime_flags::set(runtime_flags::SLOW_WAKES, true),
            (true, true) => delay::measure(),
            (true, false) => {}
        }
        gone::set_capacity(self.gone);
        leaks::set_fails_tests(self.fails_on_leaks);
        self.carried.into_iter().for_each(carriers::carry);
        redact::install(self.redaction);
        let limits = self.limits;
        let delivery = Delivery {
            format: self.format,
            filter: self.filter,
            threads: self.threads,
            awaits: self.awaits,
            directory: self.directory.map(|path| Directory { path, limits }),
        };
        delivery::install(delivery, self.signal);
        crate::abort_action::install();
        spawn_stacks::install(self.spawn_stacks);
        if !rules::install(self.rules) {
            rules::report_no_room();
        }
        // Before `main`, no program asks for the clock. Rules need it.
        let needs_clock = self.at_start && rules::exist();
        if (self.clock || needs_clock) && self.enabled {
            clock::start();
        } else if self.clock {
            clock::start_when_enabled();
        }
        panic_report::install(self.panic_report, self.in_test);
        deadlines::install();
        if self.enabled && !self.at_start {
            delivery::warn_if_nothing_is_instrumented();
        }
    }
}
