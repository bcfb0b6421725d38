//! Functions that generated code calls with the table of a module or a body, and the number of an entry.
//!
//! `&TABLE[3]` at the call would be a bounds check there, with a branch and a way to unwind. Each pass of the compiler
//! would process it, which is half of the time that the call takes to compile.
//!
//! All tables have the same type, whatever their length. So these functions are not generic because of the table, and
//! a debug build compiles them once, with this crate.

use core::any::type_name;
use core::future::Future;
use core::panic::Location;
use core::ptr;

use crate::abi::adapt::{new_handle_as, note_passed_through, IntoHandle};
use crate::hook::{pending, refused};
use crate::platform::runtime_flags;
use crate::task::announced::{guess, is_recorded, relayed};
use crate::task::future::Instrumented;
use crate::task::handle::TaskHandle;
use crate::task::spawn::{record_future, record_spawn};
use crate::types::found_site::{self, Key};
use crate::types::kind::Kind;
use crate::types::site::{Site, Sites};

/// A site from which the adaptor makes a handle: the common case, in which the task is spawned when its
/// argument has been evaluated.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct At(pub &'static Sites, pub usize);

impl IntoHandle for At {
    #[inline]
    fn into_handle(self, kind: Kind, ty: fn() -> &'static str) -> TaskHandle {
        self.0.at(self.1).into_handle(kind, ty)
    }

    #[inline]
    fn future<F: Future>(self, future: F) -> Instrumented<F> {
        self.0.at(self.1).future(future)
    }

    #[inline]
    fn passed_through(self, ty: fn() -> &'static str) {
        note_passed_through(self.0.at(self.1), ty);
    }
}

/// As [`At`], of a task that other calls may see as well: whether the enclosing function was handed it, perhaps late,
/// and whether it is announced to the callee. See `announced.rs`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Relayed(pub &'static Sites, pub usize, pub bool, pub bool, pub bool);

impl IntoHandle for Relayed {
    #[inline]
    fn into_handle(self, kind: Kind, ty: fn() -> &'static str) -> TaskHandle {
        let Relayed(table, entry, handed, late, announced) = self;
        let own = table.at(entry);
        let record = |site| new_handle_as(refined(site, own, kind, ty, None), kind);
        relayed(own, handed, late, announced, record).handle
    }

    #[inline]
    fn future<F: Future>(self, task: F) -> Instrumented<F> {
        let Relayed(table, entry, handed, late, announced) = self;
        let own = table.at(entry);
        let ty = type_name::<F>;
        let record = |site| record_future(refined(site, own, Kind::Future, ty, None));
        Instrumented::new(relayed(own, handed, late, announced, record), task)
    }

    /// A generic function may hand on a task that its caller has recorded, and not know it for one.
    #[inline]
    fn passed_through(self, ty: fn() -> &'static str) {
        let Relayed(table, entry, handed, late, _) = self;
        let site = table.at(entry);
        if !(handed && is_recorded(site, late)) {
            note_passed_through(site, ty);
        }
    }
}

/// As [`Relayed`], in a function that takes the place of its caller (`#[track_caller]`).
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct RelayedFrom(Relayed, &'static Location<'static>);

/// Returns the site of a task that the enclosing function received, for its caller's place.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
#[track_caller]
pub fn relayed_from(
    table: &'static Sites,
    entry: usize,
    handed: bool,
    late: bool,
    announced: bool,
) -> RelayedFrom {
    let relayed = Relayed(table, entry, handed, late, announced);
    RelayedFrom(relayed, Location::caller())
}

impl IntoHandle for RelayedFrom {
    #[inline]
    fn into_handle(self, kind: Kind, ty: fn() -> &'static str) -> TaskHandle {
        let RelayedFrom(Relayed(table, entry, handed, late, announced), caller) = self;
        let own = table.at(entry);
        let record = |site| new_handle_as(refined(site, own, kind, ty, Some(caller)), kind);
        relayed(own, handed, late, announced, record).handle
    }

    #[inline]
    fn future<F: Future>(self, task: F) -> Instrumented<F> {
        let RelayedFrom(Relayed(table, entry, handed, late, announced), caller) = self;
        let own = table.at(entry);
        let ty = type_name::<F>;
        let record = |site| record_future(refined(site, own, Kind::Future, ty, Some(caller)));
        Instrumented::new(relayed(own, handed, late, announced, record), task)
    }

    #[inline]
    fn passed_through(self, ty: fn() -> &'static str) {
        self.0.passed_through(ty);
    }
}

/// The end of a role that says nothing of the task.
const UNKNOWN_TASK: &str = "{task}";

/// Returns the site for the record of a task. `site` is that of a caller that has announced the task, or else the `own` one.
/// If the source does not show what the task is, its type does. The place is that of a caller without announcement.
#[inline]
fn refined(
    site: &'static Site,
    own: &'static Site,
    kind: Kind,
    ty: fn() -> &'static str,
    caller: Option<&'static Location<'static>>,
) -> &'static Site {
    // A spawn while birthmark is off is counted at the call in the source.
    if runtime_flags::has(runtime_flags::OFF) {
        return site;
    }
    let is_unknown = site.role().ends_with(UNKNOWN_TASK);
    let place = caller.filter(|_| ptr::eq(site, own));
    if !is_unknown && place.is_none() {
        return site;
    }
    let key = Key {
        base: Some(site),
        name: if is_unknown { ty() } else { "" },
        is_role: false,
        place,
        kind,
    };
    found_site::find(key).unwrap_or(site)
}

/// As [`At`], of what may be the task of a callee that is out of sight, by the callee's name. A spawn in the callee makes
/// the record, if the callee is instrumented and hands the task on. The flags are those of [`Relayed`].
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Guessed(pub &'static Sites, pub usize, pub bool, pub bool);

impl Guessed {
    /// Announces the task.
    #[inline]
    pub fn announce(self) {
        let Guessed(table, entry, handed, late) = self;
        guess(table.at(entry), handed, late);
    }
}

/// Records a task that is about to be spawned.
///
/// Not public API. Used by generated code.
///
/// # Panics
///
/// As [`record_spawn`].
#[doc(hidden)]
#[inline]
pub fn record_spawn_at(table: &'static Sites, entry: usize) -> TaskHandle {
    record_spawn(table.at(entry))
}

/// Records a task that is an `async` block, in which there is nothing to evaluate before, and wraps it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn future_at<F: Future>(table: &'static Sites, entry: usize, block: F) -> Instrumented<F> {
    Instrumented::new(record_future(table.at(entry)), block)
}

/// Returns `true` if something may be pending for a spawn that has just returned: the functions below then decide.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn is_pending() -> bool {
    pending::is_any()
}

/// Returns `true` if the spawn that has just returned was refused. Generated code then settles it.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn refused_at(table: &'static Sites, entry: usize) -> bool {
    refused(table.at(entry))
}
