//! Scopes: futures that are tasks although nothing spawns them.

use core::any::type_name;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::context::label;
use crate::context::name::Change;
use crate::platform::runtime_flags;
use crate::record::globals::UNPLACED_SCOPE;
use crate::task::future::Instrumented;
use crate::task::handle::TaskHandle;
use crate::task::spawn::record_named_scope;
use crate::types::bounded::BoundedText;
use crate::types::found_site::{self, Key};
use crate::types::kind::Kind;
use crate::types::site::Site;

/// Returns a future that is a task of its own within the task that polls it, with a name.
///
/// A request inside of the task of its connection, or a stage of a pipeline, is work of its own although nothing spawns it.
/// Dumps and panic reports show a scope like a spawned task: with its name and labels, state, frames, age and polls. Its
/// parent is the task that polls it first. Tasks that it spawns are its children, and inherit from it. Hooks do not see it.
///
/// The role is the function of the future, unless [`Scope::role`] sets another one. The scope begins with the first poll, and
/// ends when the future is ready or dropped. While birthmark is off at that moment, the future is only polled.
///
/// [`with_name_async`](crate::with_name_async) names the task that polls a future, and makes none.
///
/// # Panics
///
/// Panics if the name does when it is formatted.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # mod server {
/// async fn quote(sku: u32) -> String {
///     birthmark::current().unwrap().to_string()
/// }
///
/// pub async fn connection() -> String {
///     birthmark::scope(format_args!("req-{}", 7), quote(3)).label("route", "/quotes").await
/// }
/// # }
/// # let task = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(server::connection());
/// # assert!(task.contains("\"req-7\" quote") && task.contains("route=/quotes"), "{task}");
/// ```
#[track_caller]
pub fn scope<F: Future>(name: impl fmt::Display, future: F) -> Scope<F> {
    let is_on = !runtime_flags::has(runtime_flags::OFF);
    let begin = is_on.then(|| {
        Box::new(Begin {
            place: Location::caller(),
            role: None,
            changes: vec![Change::Name(BoundedText::new(name))],
        })
    });
    Scope {
        begin,
        task: Instrumented::unrecorded(future),
    }
}

/// The future that [`scope`] returns.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Scope<F> {
    /// The texts of the record. `None` once the future was polled.
    begin: Option<Box<Begin>>,
    /// Structurally pinned.
    task: Instrumented<F>,
}

#[derive(Debug)]
struct Begin {
    place: &'static Location<'static>,
    role: Option<&'static str>,
    changes: Vec<Change>,
}

impl<F> Scope<F> {
    /// Sets a label of the scope, which tasks that it spawns inherit. Has no effect after the first poll.
    ///
    /// # Panics
    ///
    /// Panics if the value does when it is formatted.
    pub fn label(mut self, key: &str, value: impl fmt::Display) -> Self {
        if let Some(begin) = &mut self.begin {
            begin.changes.push(label::change(key, value));
        }
        self
    }

    /// Sets the role of the scope in place of the function of its future. Has no effect after the first poll.
    pub fn role(mut self, role: &'static str) -> Self {
        if let Some(begin) = &mut self.begin {
            begin.role = Some(role);
        }
        self
    }

    /// Sets the place in the source that dumps show, in place of the call of [`scope`]. Has no effect after the first poll.
    ///
    /// A middleware sets the place at which the program installs it.
    pub fn place(mut self, place: &'static Location<'static>) -> Self {
        if let Some(begin) = &mut self.begin {
            begin.place = place;
        }
        self
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `task` is structurally pinned: it is never moved, and `Scope` has no `Drop` of its own.
        let (begin, mut task) = unsafe {
            let this = self.get_unchecked_mut();
            (&mut this.begin, Pin::new_unchecked(&mut this.task))
        };
        if let Some(begin) = begin.take() {
            task.as_mut().begin(begin.record(type_name::<F>()));
        }
        task.poll(cx)
    }
}

impl Begin {
    #[cold]
    fn record(&self, type_name: &'static str) -> TaskHandle {
        record_named_scope(self.site(type_name), &self.changes)
    }

    fn site(&self, type_name: &'static str) -> &'static Site {
        let key = Key {
            base: None,
            name: self.role.unwrap_or(type_name),
            is_role: self.role.is_some(),
            place: Some(self.place),
            kind: Kind::Future,
        };
        found_site::find(key).unwrap_or(&UNPLACED_SCOPE)
    }
}
