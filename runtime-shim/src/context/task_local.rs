//! Locals: typed values of a task, which children may inherit.

mod change;
mod declare;
mod macros;

use core::fmt;
use core::marker::PhantomData;
use core::ptr;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use crate::context::name::{self, Change, WithContext};
use crate::platform::unwind::catch_user_panic;
use crate::record::local_set::{Entry, Inheritance, Key, LocalSet, ShownValue, Value};
use crate::thread::pinned::with_locals;

pub(crate) use change::{inherit, LocalChange};
#[doc(hidden)]
pub use declare::{Declaration, Inherit};

/// A typed value of each task, which children may inherit. [`task_local!`](crate::task_local) declares one.
///
/// A child gets the value that its spawner has at the spawn. Later changes in either task do not reach the other one.
/// The attributes of the declaration decide whether children inherit.
///
/// A value belongs to a task, not to a thread. In code that instrumented code did not spawn, the current task is the
/// OS thread; see [`set_name`](crate::set_name). There, prefer [`scope`](TaskLocal::scope) and
/// [`scope_async`](TaskLocal::scope_async), because a value that was [`set`](TaskLocal::set) stays with the thread.
///
/// A value is dropped as soon as no task has it any more. The thread that ends the last task drops it, after the end of
/// the task and outside of any lock of birthmark. A panic in its destructor ends there.
///
/// Locals work also while birthmark is [off](crate::disable). Tasks that are spawned meanwhile inherit nothing.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// birthmark::task_local! {
///     #[inherit] #[show]
///     static TENANT: Arc<str>;
/// }
///
/// #[birthmark::instrument]
/// fn main() {
///     TENANT.scope("acme".into(), || {
///         let child = std::thread::spawn(|| TENANT.get());
///         assert_eq!(&*child.join().unwrap(), "acme");
///     });
///     assert!(TENANT.try_get().is_err());
/// }
/// ```
pub struct TaskLocal<T: 'static> {
    declaration: Declaration<T>,
    _value: PhantomData<fn(T) -> T>,
}

impl<T: 'static> TaskLocal<T> {
    /// Not public API. Used by the macro.
    #[doc(hidden)]
    pub const fn new(declaration: Declaration<T>) -> Self {
        TaskLocal {
            declaration,
            _value: PhantomData,
        }
    }

    /// Returns the name of the local.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: u32;
    /// }
    /// assert_eq!(TENANT.name(), "TENANT");
    /// ```
    pub fn name(&self) -> &'static str {
        self.declaration.name
    }

    fn id(&'static self) -> *const () {
        ptr::from_ref(self).cast()
    }
}

impl<T: Send + Sync + 'static> TaskLocal<T> {
    /// Sets the value of the current task, also for tasks that it spawns from now on if they inherit.
    ///
    /// Tasks that were spawned earlier keep their value. Within a [`scope`](TaskLocal::scope), the value ends with the
    /// scope.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for a record, and in destructors of thread-locals of an exiting thread.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: u32;
    /// }
    /// TENANT.set(7);
    /// assert_eq!(TENANT.get(), 7);
    /// ```
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let change = Change::Local(LocalChange::Set(self.entry(value)));
        if !name::set(&change) {
            change.cannot_be_made();
        }
    }

    /// Removes the value of the current task.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: u32;
    /// }
    /// TENANT.set(7);
    /// TENANT.unset();
    /// assert!(TENANT.try_get().is_err());
    /// ```
    pub fn unset(&'static self) {
        let has_value = with_locals(|set| set.is_some_and(|set| set.entry(self.id()).is_some()));
        if has_value {
            name::set(&Change::Local(LocalChange::Unset(self)));
        }
    }

    /// Calls `f` with the value of the current task, and returns the result.
    ///
    /// A [`set`](TaskLocal::set) in `f` does not change the value that `f` has.
    ///
    /// # Panics
    ///
    /// Panics if the task has no value; [`try_with`](TaskLocal::try_with) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: String;
    /// }
    /// TENANT.set("acme".to_owned());
    /// assert_eq!(TENANT.with(|tenant| tenant.len()), 4);
    /// ```
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Calls `f` with the value of the current task, and returns the result.
    ///
    /// # Errors
    ///
    /// Returns an error if the task has no value.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: String;
    /// }
    /// assert!(TENANT.try_with(|tenant| tenant.len()).is_err());
    /// ```
    #[inline]
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, TaskLocalError> {
        with_locals(|set| {
            let entry = set.and_then(|set| set.entry(self.id()));
            let value = entry.and_then(|entry| entry.value.downcast_ref());
            value.map(f).ok_or(TaskLocalError { name: self.name() })
        })
    }

    /// Returns a clone of the value of the current task.
    ///
    /// # Panics
    ///
    /// Panics if the task has no value; [`try_get`](TaskLocal::try_get) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: u32;
    /// }
    /// assert_eq!(TENANT.scope(7, || TENANT.get()), 7);
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Returns a clone of the value of the current task.
    ///
    /// # Errors
    ///
    /// Returns an error if the task has no value.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     static TENANT: u32;
    /// }
    /// let error = TENANT.try_get().unwrap_err();
    /// assert_eq!(error.to_string(), "the task has no value of the local `TENANT`");
    /// ```
    pub fn try_get(&'static self) -> Result<T, TaskLocalError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    /// Runs `f` while the current task has a value. Tasks that `f` spawns keep the value if they inherit.
    ///
    /// A value, a name or a label that `f` sets ends with `f`.
    ///
    /// An `Fn` closure that several threads call at once is one task. The value belongs to one call of it: other calls,
    /// also those that `f` makes, do not have it.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for a record, and in destructors of thread-locals of an exiting thread.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     #[inherit] static TENANT: u32;
    /// }
    /// # #[birthmark::instrument]
    /// # fn main() {
    /// TENANT.scope(7, || {
    ///     std::thread::scope(|scope| {
    ///         scope.spawn(|| assert_eq!(TENANT.get(), 7));
    ///     });
    /// });
    /// # }
    /// ```
    #[track_caller]
    pub fn scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let change = Change::Local(LocalChange::Set(self.entry(value)));
        let Some(node) = name::node_with(&change) else {
            change.cannot_be_made();
        };
        // The node alone has the value then, so it is dropped with the scope.
        drop(change);
        node.with(f)
    }

    /// Runs a future while the task that polls it has a value. Tasks that the future spawns keep the value if they
    /// inherit.
    ///
    /// A value, a name or a label that the future sets ends with the future. The task has the value also while the
    /// future is dropped.
    ///
    /// # Panics
    ///
    /// The future panics if there is no memory for a record.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     #[inherit] static TENANT: u32;
    /// }
    /// # #[birthmark::instrument]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let tenant = TENANT.scope_async(7, async {
    ///     tokio::spawn(async { TENANT.get() }).await.unwrap()
    /// });
    /// assert_eq!(tenant.await, 7);
    /// # }
    /// ```
    pub fn scope_async<F: Future>(&'static self, value: T, future: F) -> WithContext<F> {
        WithContext::always(Change::Local(LocalChange::Set(self.entry(value))), future)
    }

    fn entry(&'static self, value: T) -> Entry {
        let shown = self.declaration.show.map(|show| {
            let shown = catch_user_panic(|| show(&value));
            Arc::new(shown.unwrap_or_else(|| ShownValue::new("(its Display panicked)")))
        });
        Entry {
            key: self,
            value: Value::new(value),
            shown,
        }
    }
}

impl<T: Send + Sync + 'static> Key for TaskLocal<T> {
    fn name(&self) -> &'static str {
        self.declaration.name
    }

    fn inheritance(&self) -> Inheritance {
        match self.declaration.inherit {
            Inherit::Never => Inheritance::Nothing,
            Inherit::Always => Inheritance::Shared,
            Inherit::With(_) => Inheritance::Forked,
        }
    }

    fn fork(&'static self, value: &Value) -> Option<Entry> {
        let Inherit::With(fork) = self.declaration.inherit else {
            return None;
        };
        Some(self.entry(fork(value.downcast_ref()?)?))
    }
}

impl LocalSet {
    #[inline]
    fn entry(&self, key: *const ()) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is_of(key))
    }
}

impl<T: 'static> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// The error of [`TaskLocal::try_with`] and [`TaskLocal::try_get`]: the task has no value.
///
/// # Examples
///
/// ```
/// birthmark::task_local! {
///     static TENANT: u32;
/// }
/// let error: birthmark::TaskLocalError = TENANT.try_get().unwrap_err();
/// assert!(error.to_string().ends_with("`TENANT`"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskLocalError {
    name: &'static str,
}

impl fmt::Display for TaskLocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the task has no value of the local `{}`", self.name)
    }
}

impl Error for TaskLocalError {}
