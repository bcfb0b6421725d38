//! The variants that are measured beside each other.

use std::fmt;
use std::str::FromStr;

/// One way to instrument a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The runtime alone.
    Raw,
    /// birthmark, as it is when a program starts: on, without a hook.
    On,
    /// birthmark, switched off at run time.
    Off,
    /// birthmark, with rules.
    Rules,
    /// birthmark, in a span of the spawner that the spawn carries by `.in_current_span()`.
    InCurrentSpan,
    /// birthmark, in a span of the spawner that the hook of birthmark-tracing carries.
    Carried,
    /// birthmark with the hook of birthmark-tracing, without a span or a subscriber.
    CarriedNothing,
    /// A task that is a word larger; this and the next five tell the [lower bound](crate::spawn).
    Word,
    /// A task that is a word larger, and tests it when it is dropped.
    DropOnly,
    /// The prototype from which the budgets come.
    Prototype,
    /// The least of what is off and could be switched on.
    Idle,
    /// The least record there can be.
    MinimalRecord,
    /// The least record with so many of the [features](crate::spawn::FEATURES); for jobs.
    RecordWith(usize),
    /// tracing without a subscriber.
    Tracing,
    /// tracing with a bare registry.
    Registry,
    /// async-backtrace.
    AsyncBacktrace,
    /// await-tree.
    AwaitTree,
    /// fastrace without a reporter.
    Fastrace,
    /// console-subscriber without a client; only with the feature `console`.
    Console,
}

impl Variant {
    /// All that one build can compare with [`Variant::Raw`].
    pub const COMPARED: [Variant; 7] = [
        Variant::On,
        Variant::Off,
        Variant::Tracing,
        Variant::Registry,
        Variant::AsyncBacktrace,
        Variant::AwaitTree,
        Variant::Fastrace,
    ];

    /// The variants that know at which levels a task waits.
    pub const LEVELLED: [Variant; 4] = [
        Variant::On,
        Variant::Off,
        Variant::AsyncBacktrace,
        Variant::AwaitTree,
    ];

    /// The [lower bound](crate::spawn) of those: what a level costs that knows nothing, and the prototype's.
    pub const LEVELLED_LOWER_BOUND: [Variant; 3] =
        [Variant::Word, Variant::DropOnly, Variant::Prototype];

    /// birthmark, for cases that only it covers.
    pub const OURS: [Variant; 2] = [Variant::On, Variant::Off];

    const NAMES: [(Variant, &'static str); 23] = [
        (Variant::Raw, "raw"),
        (Variant::On, "birthmark"),
        (Variant::Off, "birthmark, off"),
        (Variant::Rules, "birthmark, rules"),
        (Variant::InCurrentSpan, "birthmark, in_current_span"),
        (Variant::Carried, "birthmark, span carried"),
        (Variant::CarriedNothing, "birthmark, nothing to carry"),
        (Variant::Word, "a word"),
        (Variant::DropOnly, "a drop"),
        (Variant::Prototype, "the prototype"),
        (Variant::Idle, "a record, off"),
        (Variant::MinimalRecord, "a record"),
        (Variant::RecordWith(1), "a record, 1 feature"),
        (Variant::RecordWith(2), "a record, 2 features"),
        (Variant::RecordWith(3), "a record, 3 features"),
        (Variant::RecordWith(4), "a record, 4 features"),
        (Variant::RecordWith(5), "a record, 5 features"),
        (Variant::Tracing, "tracing, no subscriber"),
        (Variant::Registry, "tracing, registry"),
        (Variant::AsyncBacktrace, "async-backtrace"),
        (Variant::AwaitTree, "await-tree"),
        (Variant::Fastrace, "fastrace, no reporter"),
        (Variant::Console, "console-subscriber, no client"),
    ];

    /// Sets up what the variant needs once per process.
    ///
    /// # Panics
    ///
    /// If the variant is not in this build, or is set up twice.
    pub fn prepare(self) {
        match self {
            Variant::Off => birthmark::disable(),
            Variant::Rules => add_rules(),
            Variant::Registry => set_registry(),
            Variant::InCurrentSpan => enter_span(),
            Variant::Carried => {
                enter_span();
                birthmark_tracing::install();
            }
            Variant::CarriedNothing => birthmark_tracing::install(),
            Variant::Console => prepare_console(),
            _ => {}
        }
    }
}

fn set_registry() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry())
        .expect("the first subscriber of this process");
}

/// Enters a span, which this thread never leaves.
fn enter_span() {
    set_registry();
    std::mem::forget(tracing::info_span!("request", id = 7).entered());
}

/// Adds rules of which none holds, so that their cost is that of looking.
fn add_rules() {
    for rule in ["state=running&for=1h", "state=waiting&older=1d"] {
        birthmark::add_rule(rule, birthmark::Action::log()).expect("the rule is understood");
    }
}

#[cfg(feature = "console")]
fn prepare_console() {
    console_subscriber::Builder::default()
        .server_addr(([127, 0, 0, 1], 0))
        .init();
}

#[cfg(not(feature = "console"))]
fn prepare_console() {
    panic!("console-subscriber needs the feature `console`");
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Variant::NAMES.iter().find(|(variant, _)| variant == self);
        f.pad(name.map_or("?", |(_, name)| name))
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Variant::NAMES.iter().find(|(_, known)| *known == name);
        found
            .map(|(variant, _)| *variant)
            .ok_or_else(|| format!("no variant is called {name:?}"))
    }
}
