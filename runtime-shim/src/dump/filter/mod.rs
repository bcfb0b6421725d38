//! Which tasks of a dump are shown.

mod automaton;
mod label;
mod pace;
mod pattern;
mod selection;
mod text;
mod words;

use std::fmt;
use std::time::Duration;

use crate::task::{State, TaskId};

use label::LabelPattern;
pub(super) use pace::Pace;
use pattern::Pattern;
pub(super) use selection::Selection;
pub use text::FilterError;

/// Selects tasks of a [`Dump`](crate::Dump).
///
/// A filter is made by its methods or read from a text, which is the same in the environment, in
/// HTTP queries and on command lines: `key=value`, joined by `&`.
///
/// | key | selects tasks |
/// | --- | --- |
/// | `name` | whose name, as dumps show it, matches; a task without one has the name `` |
/// | `label` | with a label whose key matches: `tenant`; or whose value matches, too: `tenant=acme`. A task without one has the value `` |
/// | `role` | whose role matches |
/// | `site` | whose site matches: `src/a.rs`, `src/a.rs:31` or `src/a.rs:31:5` |
/// | `kind` | whose [`Kind`](crate::Kind) matches: `future`, `*thread`, `main*` |
/// | `stack` | with a frame in whose line, as dumps show it, this is found: `Cache::get`, `src/a.rs:31:`, `awaiting .lock` |
/// | `text` | of which this is said, in any case of letters: in its name, labels, role, site, kind, state or frames. Of several, all must be |
/// | `state` | that are `running`, `suspended`, `created` or `delayed` |
/// | `older` | that were born at least so long ago: `500ms`, `10s`, `5m`, `2h`, `1d` |
/// | `for` | that have been in their state for at least so long |
/// | `under` | with this id, or descending from the task that has it |
///
/// In what is matched or found, `*` stands for any text and `?` for any character, but for `text`. A key
/// that is given several times selects what any of its values does; different keys must all agree. `%` and two
/// hexadecimal digits stand for a byte and `+` for a space, as in the query of a URL.
///
/// A filter that is read from a text has at most 64 conditions, whose values have at most 1024 bytes in all. To compare
/// a text takes time in proportion to its length, whatever the pattern is.
///
/// An ancestor that has ended may have been cut out of a long lineage; `under` then does not find it.
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
/// # Ok::<(), birthmark::FilterError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    names: Vec<Pattern>,
    labels: Vec<LabelPattern>,
    roles: Vec<Pattern>,
    sites: Vec<Pattern>,
    kinds: Vec<Pattern>,
    stacks: Vec<Pattern>,
    /// What is looked for in all that is said of a task.
    words: Vec<String>,
    states: Vec<State>,
    older: Option<Duration>,
    in_state: Option<Duration>,
    under: Vec<TaskId>,
}

impl Filter {
    /// Selects all tasks.
    pub fn new() -> Self {
        Filter::default()
    }

    /// Whether all tasks are selected.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Tasks whose name matches.
    #[must_use]
    pub fn name(mut self, pattern: &str) -> Self {
        self.names.push(Pattern::new(pattern));
        self
    }

    /// Tasks with a label whose key matches, as in `tenant`; or whose value matches, too, as in
    /// `tenant=acme`. `tenant=` selects those without that label.
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

    /// Tasks whose role matches.
    #[must_use]
    pub fn role(mut self, pattern: &str) -> Self {
        self.roles.push(Pattern::new(pattern));
        self
    }

    /// Tasks whose site matches, with or without line and column.
    #[must_use]
    pub fn site(mut self, pattern: &str) -> Self {
        self.sites.push(Pattern::new(pattern));
        self
    }

    /// Tasks whose kind matches.
    #[must_use]
    pub fn kind(mut self, pattern: &str) -> Self {
        self.kinds.push(Pattern::new(pattern));
        self
    }

    /// Tasks with a frame in which the pattern is found: in its function, its position, or what is awaited.
    /// All frames count, not only the innermost.
    ///
    /// # Examples
    ///
    /// ```
    /// let waiting = birthmark::Filter::new().stack("Cache::*awaiting .lock");
    /// println!("{}", birthmark::dump().filter(&waiting).groups());
    /// ```
    #[must_use]
    pub fn stack(mut self, pattern: &str) -> Self {
        self.stacks.push(Pattern::part(pattern));
        self
    }

    /// Tasks of which this is said, as one searches for it: somewhere in the name, labels, role, site, kind, state
    /// or frames, in any case of ASCII letters. If this is called several times, up to 64, all of it must be.
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

    /// Tasks that run.
    #[must_use]
    pub fn running(self) -> Self {
        self.state(State::Running { thread: None })
    }

    /// Tasks that wait to be polled again.
    #[must_use]
    pub fn suspended(self) -> Self {
        self.state(State::Suspended)
    }

    /// Tasks that have not started yet.
    #[must_use]
    pub fn created(self) -> Self {
        self.state(State::Created)
    }

    /// Tasks that a hook holds back.
    #[must_use]
    pub fn delayed(self) -> Self {
        self.state(State::Delayed)
    }

    /// The number of conditions, and of bytes in their values.
    fn size(&self) -> (usize, usize) {
        let patterns = [
            &self.names,
            &self.roles,
            &self.sites,
            &self.kinds,
            &self.stacks,
        ];
        let patterns = patterns
            .into_iter()
            .flatten()
            .map(|pattern| pattern.as_str().len());
        let labels = self.labels.iter().map(|label| label.text().len());
        let words = self.words.iter().map(String::len);
        let values = patterns.chain(labels).chain(words);
        let times = usize::from(self.older.is_some()) + usize::from(self.in_state.is_some());
        let others = self.states.len() + self.under.len() + times;
        values.fold((others, 0), |(count, bytes), len| (count + 1, bytes + len))
    }

    fn state(mut self, state: State) -> Self {
        self.states.push(state);
        self
    }

    /// Tasks that were born at least so long ago. Where no clock runs, none.
    #[must_use]
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older = Some(age);
        self
    }

    /// Tasks that have been in their state for at least so long. Where no clock runs, none.
    #[must_use]
    pub fn in_state_for(mut self, time: Duration) -> Self {
        self.in_state = Some(time);
        self
    }

    /// The task with this id and all that descend from it.
    #[must_use]
    pub fn under(mut self, id: TaskId) -> Self {
        self.under.push(id);
        self
    }
}

/// The filters that a dump has gone through: all must agree.
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

/// `state=running and then name=req-*`
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
