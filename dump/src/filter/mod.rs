//! Filters, which select the tasks that a dump shows.

mod at_spawn;
mod automaton;
mod label;
mod pace;
mod pattern;
mod probe;
mod selection;
pub(crate) mod standstills;
mod text;
pub(crate) mod watch;
mod words;

use std::fmt;
use std::time::Duration;

use crate::State;
use birthmark_core::TaskId;

use label::LabelPattern;
pub(super) use pace::Pace;
use pattern::Pattern;
pub(super) use selection::Selection;
pub use text::ParseFilterError;
use text::Value;

type Add = fn(Filter, &str) -> Result<Filter, ParseFilterError>;
type Values = fn(&Filter, &mut dyn FnMut(Value<'_>));

/// A key of filters as text.
struct Key {
    name: &'static str,
    /// The end of the sentence "selects tasks …", for the documentation.
    #[cfg(test)]
    help: &'static str,
    /// Adds a condition with this value.
    add: Add,
    /// Passes on each value that a filter has for the key.
    values: Values,
}

const fn key(name: &'static str, help: &'static str, add: Add, values: Values) -> Key {
    // The text is in no program.
    let _ = help;
    Key {
        name,
        #[cfg(test)]
        help,
        add,
        values,
    }
}

/// All keys. The errors come from here, and the documentation is compared with it.
const KEYS: &[Key] = &[
    key(
        "name",
        "whose name matches, as dumps show it; a task without one has the empty name",
        |filter, value| Ok(filter.name(value)),
        |filter, each| text::patterns(&filter.names, each),
    ),
    key(
        "label",
        "with a label whose key matches: `tenant`; or whose key and value match: `tenant=acme`. \
         A task without the label has the empty value",
        |filter, value| Ok(filter.label(value)),
        |filter, each| {
            let labels = filter.labels.iter();
            labels.for_each(|label| each(Value::Text(&label.text())));
        },
    ),
    key(
        "local",
        "with a task local whose name matches: `TENANT`; or whose name and shown value match: `TENANT=acme`. \
         A task without the local has the empty value",
        |filter, value| Ok(filter.local(value)),
        |filter, each| {
            let locals = filter.locals.iter();
            locals.for_each(|local| each(Value::Text(&local.text())));
        },
    ),
    key(
        "role",
        "whose role matches",
        |filter, value| Ok(filter.role(value)),
        |filter, each| text::patterns(&filter.roles, each),
    ),
    key(
        "site",
        "whose site matches: `src/a.rs`, `src/a.rs:31` or `src/a.rs:31:5`",
        |filter, value| Ok(filter.site(value)),
        |filter, each| text::patterns(&filter.sites, each),
    ),
    key(
        "kind",
        "whose kind matches: `future`, `*thread`, `main*`",
        |filter, value| Ok(filter.kind(text::kind(value)?)),
        |filter, each| text::patterns(&filter.kinds, each),
    ),
    key(
        "stack",
        "with a frame that contains the pattern, written as `Cache::get at src/a.rs:31:5, awaiting peers.lock`: `Cache::get`, `src/a.rs:31:`, `awaiting peers.lock`",
        |filter, value| Ok(filter.stack(value)),
        |filter, each| text::patterns(&filter.stacks, each),
    ),
    key(
        "text",
        "whose name, labels, role, site, kind, state or frames contain the text, in any case of letters. \
         All of several texts must match",
        |filter, value| Ok(filter.text(value)),
        |filter, each| filter.words.iter().for_each(|word| each(Value::Text(word))),
    ),
    key(
        "state",
        "that are `running`, `blocked` (with OS threads only), `runnable`, `waiting`, `suspended` (one of the two before), \
         `created`, `delayed` or `idle`",
        |filter, value| Ok(filter.state(text::state(value)?)),
        |filter, each| filter.states.iter().for_each(|state| each(Value::State(*state))),
    ),
    key(
        "older",
        "that were spawned at least this long ago: `500ms`, `10s`, `5m`, `2h`, `1d`",
        |filter, value| {
            let age = text::first_time("older", filter.older, value)?;
            Ok(filter.older_than(age))
        },
        |filter, each| filter.older.into_iter().for_each(|age| each(Value::Time(age))),
    ),
    key(
        "for",
        "that have been in their state for at least this long",
        |filter, value| {
            let time = text::first_time("for", filter.in_state, value)?;
            Ok(filter.in_state_for(time))
        },
        |filter, each| filter.in_state.into_iter().for_each(|time| each(Value::Time(time))),
    ),
    key(
        "polls",
        "that were polled or called at least this many times: `polls=1000`",
        |filter, value| {
            let polls = text::first_count("polls", filter.polls, value)?;
            Ok(filter.polled(polls))
        },
        |filter, each| filter.polls.into_iter().for_each(|polls| each(Value::Count(polls))),
    ),
    key(
        "woken-by",
        "that wait or are runnable, and were last woken by a task whose id, name or role matches. Of a task that has ended, only the id is known",
        |filter, value| Ok(filter.woken_by(value)),
        |filter, each| text::patterns(&filter.woken_by, each),
    ),
    key(
        "under",
        "with this id, or with an ancestor that has it",
        |filter, value| Ok(filter.under(text::id(value)?)),
        |filter, each| filter.under.iter().for_each(|id| each(Value::Id(*id))),
    ),
];

/// Selects tasks of a [`Dump`](crate::Dump).
///
/// A filter is built by its methods, or parsed from a text: `key=value`, joined by `&`. The environment, HTTP queries
/// and command lines use the same text.
///
/// | key | selects tasks |
/// | --- | --- |
/// | `name` | whose name matches, as dumps show it; a task without one has the empty name |
/// | `label` | with a label whose key matches: `tenant`; or whose key and value match: `tenant=acme`. A task without the label has the empty value |
/// | `local` | with a task local whose name matches: `TENANT`; or whose name and shown value match: `TENANT=acme`. A task without the local has the empty value |
/// | `role` | whose role matches |
/// | `site` | whose site matches: `src/a.rs`, `src/a.rs:31` or `src/a.rs:31:5` |
/// | `kind` | whose kind matches: `future`, `*thread`, `main*` |
/// | `stack` | with a frame that contains the pattern, written as `Cache::get at src/a.rs:31:5, awaiting peers.lock`: `Cache::get`, `src/a.rs:31:`, `awaiting peers.lock` |
/// | `text` | whose name, labels, role, site, kind, state or frames contain the text, in any case of letters. All of several texts must match |
/// | `state` | that are `running`, `blocked` (with OS threads only), `runnable`, `waiting`, `suspended` (one of the two before), `created`, `delayed` or `idle` |
/// | `older` | that were spawned at least this long ago: `500ms`, `10s`, `5m`, `2h`, `1d` |
/// | `for` | that have been in their state for at least this long |
/// | `polls` | that were polled or called at least this many times: `polls=1000` |
/// | `woken-by` | that wait or are runnable, and were last woken by a task whose id, name or role matches. Of a task that has ended, only the id is known |
/// | `under` | with this id, or with an ancestor that has it |
///
/// [`Kind`](birthmark_core::Kind) and [`State`] have all kinds and states. In a pattern, `*` stands for any text and
/// `?` for any character. The key `text` has no patterns.
///
/// A key that is given several times selects the tasks that match any of its values. Different keys must all match.
/// `%` with two hexadecimal digits stands for a byte, and `+` for a space, as in the query of a URL.
///
/// A filter that is parsed from a text has at most 64 conditions. Their values have at most 1024 bytes together. The
/// time of a comparison is proportional to the length of the compared text, whatever the pattern is.
///
/// `under` does not find an ancestor that has ended and was left out of a long lineage.
///
/// # Examples
///
/// ```
/// use birthmark::Filter;
/// use std::time::Duration;
///
/// let built = Filter::new().suspended().older_than(Duration::from_secs(10)).name("req-*");
/// let read: Filter = "state=suspended&older=10s&name=req-*".parse()?;
/// assert_eq!(built, read);
/// println!("{}", birthmark::dump().filter(&read));
/// # Ok::<(), birthmark::ParseFilterError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    names: Vec<Pattern>,
    labels: Vec<LabelPattern>,
    locals: Vec<LabelPattern>,
    roles: Vec<Pattern>,
    sites: Vec<Pattern>,
    kinds: Vec<Pattern>,
    stacks: Vec<Pattern>,
    /// Words that a task must contain in any of its texts.
    words: Vec<String>,
    states: Vec<State>,
    older: Option<Duration>,
    in_state: Option<Duration>,
    polls: Option<u32>,
    woken_by: Vec<Pattern>,
    under: Vec<TaskId>,
}

impl Filter {
    /// Returns a filter that selects all tasks.
    pub fn new() -> Self {
        Filter::default()
    }

    /// Returns `true` if the filter selects all tasks.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Returns `true` if the filter selects no task while wakes are not recorded.
    #[doc(hidden)]
    pub fn needs_wakes(&self) -> bool {
        let needs = |state: &State| matches!(state, State::Runnable | State::Waiting);
        let states = &self.states;
        !self.woken_by.is_empty() || !states.is_empty() && states.iter().all(needs)
    }

    /// Selects tasks whose name matches.
    #[must_use]
    pub fn name(mut self, pattern: &str) -> Self {
        self.names.push(Pattern::new(pattern));
        self
    }

    /// Selects tasks with a label. `tenant` compares the key, and `tenant=acme` compares key and value. `tenant=`
    /// selects tasks without the label.
    ///
    /// # Examples
    ///
    /// ```
    /// let filter = birthmark::Filter::new().label("tenant=acme*");
    /// println!("{}", birthmark::dump().filter(&filter));
    /// ```
    #[must_use]
    pub fn label(mut self, pattern: &str) -> Self {
        self.labels.push(LabelPattern::new(pattern));
        self
    }

    /// Selects tasks with a value of a [task local](https://docs.rs/birthmark/latest/birthmark/macro.task_local.html).
    /// `TENANT` compares the name, and `TENANT=acme` compares the name and the value that dumps show. A value that is kept
    /// alive is found by the name of its local.
    ///
    /// # Examples
    ///
    /// ```
    /// let filter = birthmark::Filter::new().local("TENANT=acme*");
    /// println!("{}", birthmark::dump().filter(&filter));
    /// ```
    #[must_use]
    pub fn local(mut self, pattern: &str) -> Self {
        self.locals.push(LabelPattern::new(pattern));
        self
    }

    /// Selects tasks whose role matches.
    #[must_use]
    pub fn role(mut self, pattern: &str) -> Self {
        self.roles.push(Pattern::new(pattern));
        self
    }

    /// Selects tasks whose site matches, with or without line and column.
    #[must_use]
    pub fn site(mut self, pattern: &str) -> Self {
        self.sites.push(Pattern::new(pattern));
        self
    }

    /// Selects tasks whose kind matches.
    #[must_use]
    pub fn kind(mut self, pattern: &str) -> Self {
        self.kinds.push(Pattern::new(pattern));
        self
    }

    /// Selects tasks with a frame that contains the pattern: in its function, its position, or the awaited
    /// expression. All frames count, not only the innermost one.
    ///
    /// # Examples
    ///
    /// ```
    /// let waiting = birthmark::Filter::new().stack("Cache::*awaiting *.lock");
    /// println!("{}", birthmark::dump().filter(&waiting).groups());
    /// ```
    #[must_use]
    pub fn stack(mut self, pattern: &str) -> Self {
        self.stacks.push(Pattern::part(pattern));
        self
    }

    /// Selects tasks that contain the text in the name, labels, role, site, kind, state or frames. ASCII letters
    /// match in any case. After several calls, up to 64, a task must contain all of the texts.
    ///
    /// # Examples
    ///
    /// ```
    /// let found = birthmark::Filter::new().text("conn 7").text("suspended");
    /// println!("{}", birthmark::dump().filter(&found));
    /// ```
    #[must_use]
    pub fn text(mut self, words: &str) -> Self {
        self.words.push(words.to_owned());
        self
    }

    /// Selects tasks that run.
    #[must_use]
    pub fn running(self) -> Self {
        self.state(State::Running { thread: None })
    }

    /// Selects tasks on threads that are known to sleep. The dump must have OS threads before it is filtered; see
    /// [`Dump::with_threads`](crate::Dump::with_threads).
    #[must_use]
    pub fn blocked(self) -> Self {
        self.state(State::Blocked { thread: None })
    }

    /// Selects threads that run no recorded task.
    #[must_use]
    pub fn idle(self) -> Self {
        self.state(State::Idle)
    }

    /// Selects tasks that were woken and wait for the executor to poll them.
    #[must_use]
    pub fn runnable(self) -> Self {
        self.state(State::Runnable)
    }

    /// Selects tasks that wait to be woken.
    #[must_use]
    pub fn waiting(self) -> Self {
        self.state(State::Waiting)
    }

    /// Selects tasks that wait for their next poll: those that are runnable or waiting, and those whose wakes are not
    /// seen.
    #[must_use]
    pub fn suspended(self) -> Self {
        self.state(State::Suspended)
    }

    /// Selects tasks that have not started yet.
    #[must_use]
    pub fn created(self) -> Self {
        self.state(State::Created)
    }

    /// Selects tasks that a hook delays.
    #[must_use]
    pub fn delayed(self) -> Self {
        self.state(State::Delayed)
    }

    fn state(mut self, state: State) -> Self {
        self.states.push(state);
        self
    }

    /// Selects tasks that were spawned at least this long ago. If no clock runs, it selects none.
    #[must_use]
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older = Some(age);
        self
    }

    /// Selects tasks that have been in their state for at least this long. If no clock runs, it selects none.
    #[must_use]
    pub fn in_state_for(mut self, time: Duration) -> Self {
        self.in_state = Some(time);
        self
    }

    /// Selects tasks that were polled or called at least this many times; see [`Task::polls`](crate::Task::polls). Threads
    /// whose polls are not known are not selected, unless the number is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let busy = birthmark::Filter::new().polled(100_000);
    /// println!("{}", birthmark::dump().filter(&busy));
    /// ```
    #[must_use]
    pub fn polled(mut self, times: u32) -> Self {
        self.polls = Some(times);
        self
    }

    /// Selects suspended tasks that were last woken by a task whose id, name or role matches; see
    /// [`Task::woken_by`](crate::Task::woken_by). A task that has woken itself is compared with itself. Of a task that has
    /// ended, or is not in the same dump, only the id is known.
    ///
    /// # Examples
    ///
    /// ```
    /// let by_publish = birthmark::Filter::new().runnable().woken_by("publish");
    /// println!("{}", birthmark::dump().filter(&by_publish));
    /// ```
    #[must_use]
    pub fn woken_by(mut self, pattern: &str) -> Self {
        self.woken_by.push(Pattern::new(pattern));
        self
    }

    /// Selects the task with this id and all of its descendants.
    #[must_use]
    pub fn under(mut self, id: TaskId) -> Self {
        self.under.push(id);
        self
    }
}

/// The filters that were applied to a dump. A task is shown if all of them select it.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Filter>);

impl Filters {
    pub(super) fn add(&mut self, filter: &Filter) {
        if !filter.is_empty() {
            self.0.push(filter.clone());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes `state=running and then name=req-*`.
impl fmt::Display for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for filter in &self.0 {
            write!(f, "{separator}{filter}")?;
            separator = " and then ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use birthmark_test_support::documented::{assert_mentioned, assert_table};

    use super::KEYS;

    #[test]
    fn keys_are_those_of_the_documentation() {
        let rows = KEYS
            .iter()
            .map(|key| format!("| `{}` | {} |", key.name, key.help));
        let rows: Vec<String> = rows.collect();
        let root = env!("CARGO_MANIFEST_DIR");
        for file in ["src/filter/mod.rs", "../docs/guide/dumps.md"] {
            assert_table(&format!("{root}/{file}"), "| key | selects tasks |", &rows);
        }
    }

    /// Keys that the hint leaves out. A word without a key is searched as `text` is, and the page shows times in columns. The
    /// page does not search wakes.
    const NOT_IN_HINT: [&str; 4] = ["text", "older", "for", "woken-by"];

    /// Keys of the page alone.
    const ONLY_IN_HINT: [&str; 1] = ["crate"];

    #[test]
    fn hint_of_the_page_has_the_keys() {
        let page = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../birthmark-http/page/app/draw.js"
        );
        let start = "const TASK_KEYS = ";
        let keys = KEYS.iter().map(|key| key.name);
        assert_mentioned(page, start, keys.filter(|key| !NOT_IN_HINT.contains(key)));
        let script = std::fs::read_to_string(page).expect("the script can be read");
        let hint = script.lines().find_map(|line| line.strip_prefix(start));
        let hint = hint
            .expect("the script has the hint")
            .trim_matches(['"', ';']);
        for word in hint.split(' ') {
            let key = word.split(':').next().unwrap_or_default();
            let is_known = KEYS.iter().any(|known| known.name == key);
            assert!(is_known || ONLY_IN_HINT.contains(&key), "{word}");
        }
    }
}
