//! Tables of library types that are known by name.
//!
//! Debug information does not tell which members of a type are futures that it polls. State machines and trait objects
//! are found without that knowledge. These tables are for the rest: combinators whose branches may be leaves, and
//! collections that are reached through raw pointers.

pub(crate) mod resources;

use crate::dwarf::Type;
use crate::names;

/// A combinator: path of the type, and members that are futures. `Variant.member` is a member of one variant, and `*`
/// stands for all members.
struct Combinator {
    path: &'static str,
    futures: &'static [&'static str],
    /// The name is of use to a reader.
    is_named: bool,
}

const fn named(path: &'static str, futures: &'static [&'static str]) -> Combinator {
    Combinator {
        path,
        futures,
        is_named: true,
    }
}

const fn hidden(path: &'static str, futures: &'static [&'static str]) -> Combinator {
    Combinator {
        path,
        futures,
        is_named: false,
    }
}

const COMBINATORS: &[Combinator] = &[
    hidden(
        "birthmark_core::context::name::with_context::WithContext",
        &["future"],
    ),
    hidden("birthmark_core::frame::framed::Framed", &["future"]),
    hidden("birthmark_core::task::blocked::Blocked", &["future"]),
    hidden("birthmark_core::task::future::Instrumented", &["future"]),
    hidden("core::option::Option", &["*"]),
    named("core::future::poll_fn::PollFn", &["f"]),
    named("futures_util::abortable::Abortable", &["task"]),
    named(
        "futures_util::future::either::Either",
        &["Left.__0", "Right.__0"],
    ),
    named(
        "futures_util::future::future::catch_unwind::CatchUnwind",
        &["future"],
    ),
    hidden(
        "futures_util::future::future::flatten::Flatten",
        &["First.f", "Second.f"],
    ),
    named("futures_util::future::future::Flatten", &["inner"]),
    named("futures_util::future::future::Inspect", &["inner"]),
    named("futures_util::future::future::Map", &["inner"]),
    named("futures_util::future::future::Then", &["inner"]),
    named("futures_util::future::future::fuse::Fuse", &["inner"]),
    named(
        "futures_util::future::future::map::Map",
        &["Incomplete.future"],
    ),
    named("futures_util::future::join_all::JoinAll", &["kind"]),
    hidden("futures_util::future::join_all::JoinAllKind", &["*"]),
    hidden(
        "futures_util::future::maybe_done::MaybeDone",
        &["Future.__0"],
    ),
    named("futures_util::future::option::OptionFuture", &["inner"]),
    named("futures_util::future::poll_fn::PollFn", &["f"]),
    named("futures_util::future::select::Select", &["inner"]),
    named("futures_util::future::select_all::SelectAll", &["inner"]),
    hidden(
        "futures_util::future::try_maybe_done::TryMaybeDone",
        &["Future.__0"],
    ),
    hidden(
        "futures_util::stream::futures_ordered::OrderWrapper",
        &["data"],
    ),
    named("futures_util::future::try_future::MapErr", &["inner"]),
    named("futures_util::future::try_future::MapOk", &["inner"]),
    hidden(
        "futures_util::future::try_future::into_future::IntoFuture",
        &["future"],
    ),
    named("futures_util::stream::stream::next::Next", &["stream"]),
    hidden("tokio::runtime::task::core::CoreStage", &["stage"]),
    hidden("tokio::runtime::task::core::Stage", &["Running.__0"]),
    hidden(
        "tokio::future::maybe_done::MaybeDone",
        &["Future.__0", "Future.future"],
    ),
    named("tokio::task::coop::Coop", &["fut"]),
    named(
        "tokio::task::coop::unconstrained::Unconstrained",
        &["inner"],
    ),
    named("tokio::time::timeout::Timeout", &["value"]),
    named("tracing::instrument::Instrumented", &["inner"]),
];

/// Types that hold a value and are not worth a name of their own: path, member.
const TRANSPARENT: &[(&str, &str)] = &[
    ("core::cell::UnsafeCell", "value"),
    ("core::mem::manually_drop::ManuallyDrop", "value"),
    ("core::mem::maybe_dangling::MaybeDangling", "__0"),
    ("core::panic::unwind_safe::AssertUnwindSafe", "__0"),
    ("core::pin::Pin", "pointer"),
    ("core::pin::Pin", "__pointer"),
    ("core::pin::unsafe_pinned::UnsafePinned", "value"),
    ("tokio::loom::std::unsafe_cell::UnsafeCell", "__0"),
];

/// A type that is not entered by its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    /// `Vec`.
    Vec,
    /// `FuturesUnordered`, a list of tasks.
    FuturesUnordered,
    /// `JoinSet` of tokio.
    JoinSet,
    /// `JoinHandle` of tokio, which leads to another task.
    JoinHandle,
}

/// How a type is entered.
#[derive(Clone, Copy)]
pub(crate) enum Known {
    /// By one member, without a name.
    Transparent(&'static str),
    /// By members that are futures.
    Combinator {
        futures: &'static [&'static str],
        is_named: bool,
    },
    Collection(Collection),
}

/// Returns `true` for `MaybeUninit`. Its value is initialized if something polls it.
pub(crate) fn is_maybe_uninit(of_type: &Type) -> bool {
    of_type.name.starts_with("MaybeUninit<")
        && names::path(of_type) == "core::mem::maybe_uninit::MaybeUninit"
}

/// Returns `true` for the wrappers that birthmark puts around futures. Users have not written them.
pub(crate) fn is_instrumentation(of_type: &Type) -> bool {
    let first = of_type.scope.first();
    first.is_some_and(|name| ["birthmark", "birthmark_core"].contains(&&**name))
}

/// Returns what is known of a type.
pub(crate) fn of(of_type: &Type) -> Option<Known> {
    let first = of_type.scope.first()?;
    let is_known = [
        "alloc",
        "birthmark_core",
        "core",
        "futures_util",
        "tokio",
        "tracing",
    ]
    .contains(&&**first);
    if !is_known {
        return None;
    }
    let path = names::path(of_type);
    match &*path {
        "alloc::vec::Vec" => return Some(Known::Collection(Collection::Vec)),
        "futures_util::stream::futures_unordered::FuturesUnordered" => {
            return Some(Known::Collection(Collection::FuturesUnordered));
        }
        "tokio::runtime::task::join::JoinHandle" => {
            return Some(Known::Collection(Collection::JoinHandle));
        }
        "tokio::task::join_set::JoinSet" => {
            return Some(Known::Collection(Collection::JoinSet));
        }
        _ => {}
    }
    let transparent = TRANSPARENT.iter().filter(|(of, _)| *of == path);
    let members = of_type.members();
    let mut present =
        transparent.filter(|(_, member)| members.iter().any(|it| &*it.name == *member));
    if let Some((_, member)) = present.next() {
        return Some(Known::Transparent(member));
    }
    let combinator = COMBINATORS.iter().find(|it| it.path == path)?;
    Some(Known::Combinator {
        futures: combinator.futures,
        is_named: combinator.is_named,
    })
}
