//! The scopes of checks.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use birthmark_core::__reader::local;
use birthmark_core::__reader::name::Name;
use birthmark_core::{Kind, Site, TaskId};
use birthmark_dump::Filter;

use super::LeakCheck;

/// The place at which a scope begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScopeSite {
    file: &'static str,
    line: u32,
    column: u32,
    module: &'static str,
    function: &'static str,
}

impl ScopeSite {
    /// Returns the place of a call.
    pub(crate) fn of_caller(caller: &'static Location<'static>) -> Self {
        ScopeSite {
            file: caller.file(),
            line: caller.line(),
            column: caller.column(),
            module: "",
            function: "leak_scope",
        }
    }

    /// Returns the place of a test, whose attribute or body is at `caller`.
    pub(crate) fn of_test(
        caller: &'static Location<'static>,
        module: &'static str,
        function: &'static str,
    ) -> Self {
        ScopeSite {
            module,
            function,
            ..ScopeSite::of_caller(caller)
        }
    }

    /// Returns the site of the scopes that begin at this place. There is one for each place, so their number is bounded.
    pub(crate) fn find(self) -> &'static Site {
        static SITES: Mutex<Option<HashMap<ScopeSite, &'static Site>>> = Mutex::new(None);
        let mut sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
        let sites = sites.get_or_insert_default();
        sites.entry(self).or_insert_with(|| {
            let ScopeSite {
                file,
                line,
                column,
                module,
                function,
            } = self;
            let texts = [file, module, function, "assert_no_leaks", function];
            Box::leak(Box::new(Site::copied(
                texts,
                [line, column],
                Kind::Future,
                true,
            )))
        })
    }
}

/// Returns the name of a test as libtest prints it: the path in its crate.
pub(super) fn test_name(module: &str, function: &str) -> String {
    match module.split_once("::") {
        Some((_, path)) => format!("{path}::{function}"),
        None => function.to_owned(),
    }
}

/// A guard whose drop looks for leaks; see [`leak_scope`](crate::leak_scope).
#[derive(Debug)]
#[must_use = "a scope ends when its guard is dropped"]
pub struct LeakScope {
    check: Option<LeakCheck>,
    /// The task that spawns in the scope. `None` if birthmark is off.
    task: Option<TaskId>,
    /// The descendants that were alive before, by id.
    before: Vec<TaskId>,
    /// The name that the task had before, if the scope has given it another one.
    name_before: Option<Option<Name>>,
    /// The scope is the current task of the thread.
    _not_send: PhantomData<*const ()>,
}

impl LeakScope {
    pub(super) fn new(check: LeakCheck) -> Self {
        local::adopt();
        let task = crate::current().map(|task| task.id());
        let before = task.map_or_else(Vec::new, |task| {
            let under = crate::dump().filter(&Filter::new().under(task));
            under.tasks().map(|task| task.id()).collect()
        });
        LeakScope {
            check: Some(check),
            task,
            before,
            name_before: None,
            _not_send: PhantomData,
        }
    }

    /// Begins a scope in which the current task has the name of a test.
    pub(super) fn of_test(check: LeakCheck, name: &str) -> Self {
        let mut scope = LeakScope::new(check);
        let before = crate::current().map(|task| task.name().cloned());
        scope.name_before = before;
        crate::set_name(name);
        scope
    }
}

impl Drop for LeakScope {
    /// # Panics
    ///
    /// Panics if there are leaks.
    fn drop(&mut self) {
        let result = match (self.check.take(), self.task) {
            (Some(check), Some(task)) if !std::thread::panicking() => {
                check.look_blocking(task, &self.before)
            }
            _ => Ok(()),
        };
        if let Some(name) = self.name_before.take() {
            crate::set_name(name.as_ref().map_or("", Name::as_str));
        }
        if let Err(leaks) = result {
            panic!("{leaks}");
        }
    }
}
