//! Carriers: code in libraries of the program that gives child tasks what their spawner has, such as a span.
//!
//! `cargo birthmark` puts a carrier at the end of each library that it knows, such as `tracing`. The library compiles
//! it, so the carrier uses exactly this version of the library. A carrier does nothing unless `carry` in `BIRTHMARK`
//! or in the manifest asks for it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use birthmark_core::__private::inventory;
use birthmark_core::__reader::named::named_enum;

use super::{Carry, CarryRules};
use crate::{Loan, Spawn, SpawnHook};

named_enum! {
    /// A library whose carrier can be switched on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Library {
        /// children get the current span.
        Tracing = "tracing",
        /// children get the current context.
        OpenTelemetry = "opentelemetry",
        /// children get a hub with the scope of the spawner's.
        Sentry = "sentry",
    }

    /// The error for a name that no [`Library`] has.
    pub struct ParseLibraryError for "carry";
}

impl Library {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Not public API. Used by generated code: the carrier of a library.
#[doc(hidden)]
#[derive(Debug)]
pub struct Carrier {
    library: &'static str,
    on_spawn: fn(&mut Spawn<'_>, Carry),
    on_loan: fn(&mut Loan<'_>),
}

impl Carrier {
    pub const fn new(
        library: &'static str,
        on_spawn: fn(&mut Spawn<'_>, Carry),
        on_loan: fn(&mut Loan<'_>),
    ) -> Self {
        Carrier {
            library,
            on_spawn,
            on_loan,
        }
    }
}

inventory::collect!(Carrier);

/// The libraries whose carriers are switched on, as bits.
static WANTED: AtomicU32 = AtomicU32::new(0);

/// Switches the carriers of a library on.
pub(crate) fn carry(library: Library) {
    if WANTED.fetch_or(library.bit(), Ordering::Relaxed) == 0 {
        let rules = CarryRules::new();
        birthmark_core::add_hook(CarrierHook { rules }).forget();
    }
}

struct CarrierHook {
    rules: CarryRules,
}

impl SpawnHook for CarrierHook {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        report_missing();
        let carry = self.rules.decide(spawn);
        wanted().for_each(|carrier| (carrier.on_spawn)(spawn, carry));
    }

    fn on_loan(&self, loan: &mut Loan<'_>) {
        wanted().for_each(|carrier| (carrier.on_loan)(loan));
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

/// Returns the carriers that are switched on. Each version of a library has one.
fn wanted() -> impl Iterator<Item = &'static Carrier> {
    let wanted = WANTED.load(Ordering::Relaxed);
    let is_wanted = move |library: &Library| wanted & library.bit() != 0;
    let names = Library::ALL.iter().filter(move |it| is_wanted(it));
    names.flat_map(|library| carriers_of(*library))
}

fn carriers_of(library: Library) -> impl Iterator<Item = &'static Carrier> {
    let carriers = inventory::iter::<Carrier>.into_iter();
    carriers.filter(move |carrier| carrier.library == library.as_str())
}

/// Reports each library without a carrier, once. At the start of the program, carriers may not have been collected yet.
fn report_missing() {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    if REPORTED.swap(true, Ordering::Relaxed) {
        return;
    }
    let wanted = WANTED.load(Ordering::Relaxed);
    for library in Library::ALL.iter().filter(|it| wanted & it.bit() != 0) {
        if carriers_of(*library).next().is_none() {
            let _ = crate::platform::stderr::write(
                format!(
                    "birthmark: cannot carry `{library}`: the program has no instrumented crate of \
                     this name\nhelp: run `cargo birthmark --deps`, or use a crate such as \
                     birthmark-tracing\n"
                )
                .as_bytes(),
            );
        }
    }
}

/// Not public API. Used by generated code: a carrier at the end of a library.
///
/// `crate` is the library in which the macro is called. All that is used of the library is in its stable API.
#[doc(hidden)]
#[macro_export]
#[allow(
    clippy::crate_in_macro_def,
    reason = "the library that calls the macro is meant"
)]
macro_rules! __carrier {
    (tracing) => {
        #[doc(hidden)]
        mod __birthmark_carrier {
            use $crate::__private::core::fmt::Write;
            use $crate::__private::core::option::Option::{self, None, Some};
            use $crate::extension::Carry;
            use $crate::{Attachment, Loan, Spawn};

            struct Carried {
                dispatch: Option<crate::Dispatch>,
                guard: Option<crate::dispatcher::DefaultGuard>,
                span: crate::Span,
            }

            impl Attachment for Carried {
                fn enter(&mut self) {
                    self.guard = self.dispatch.as_ref().map(crate::dispatcher::set_default);
                    self.span
                        .with_subscriber(|(id, dispatch)| dispatch.enter(id));
                }

                fn exit(&mut self) {
                    self.span
                        .with_subscriber(|(id, dispatch)| dispatch.exit(id));
                    self.guard = None;
                }
            }

            /// The beginning of a dispatcher's debug format, which names the global one.
            struct Start {
                is_global: bool,
            }

            impl Write for Start {
                fn write_str(&mut self, piece: &str) -> $crate::__private::core::fmt::Result {
                    self.is_global = piece == "Dispatch::Global";
                    $crate::__private::core::result::Result::Err(
                        $crate::__private::core::fmt::Error,
                    )
                }
            }

            /// The current dispatcher, if it is scoped to this thread.
            fn scoped() -> Option<crate::Dispatch> {
                crate::dispatcher::get_default(|dispatch| {
                    let mut start = Start { is_global: false };
                    let _ = $crate::__private::core::write!(start, "{:?}", dispatch);
                    if start.is_global {
                        None
                    } else {
                        Some(dispatch.clone())
                    }
                })
            }

            fn carried(span: crate::Span) -> Option<Carried> {
                let dispatch = scoped();
                if dispatch.is_none() && span.is_none() {
                    return None;
                }
                Some(Carried {
                    dispatch,
                    guard: None,
                    span,
                })
            }

            fn on_spawn(spawn: &mut Spawn<'_>, carry: Carry) {
                let current = crate::Span::current();
                let span = match carry {
                    Carry::Child => current,
                    Carry::FollowsFrom if !current.is_none() => {
                        let span = crate::span!(
                            target: "birthmark",
                            parent: None,
                            crate::Level::INFO,
                            "task",
                            task.id = spawn.id().as_u64(),
                            task.role = spawn.role()
                        );
                        span.follows_from(&current);
                        span
                    }
                    _ => crate::Span::none(),
                };
                if let Some(carried) = carried(span) {
                    spawn.attach(carried);
                }
            }

            fn on_loan(loan: &mut Loan<'_>) {
                if let Some(carried) = carried(crate::Span::current()) {
                    loan.attach(carried);
                }
            }

            $crate::__private::inventory::submit! {
                $crate::__private::Carrier::new("tracing", on_spawn, on_loan)
            }
        }
    };
    (opentelemetry) => {
        #[doc(hidden)]
        mod __birthmark_carrier {
            use $crate::extension::Carry;
            use $crate::{Loan, Spawn};

            fn on_spawn(spawn: &mut Spawn<'_>, carry: Carry) {
                if carry == Carry::Child {
                    let context = crate::Context::current();
                    spawn.enter_with(move || context.clone().attach());
                }
            }

            fn on_loan(loan: &mut Loan<'_>) {
                let context = crate::Context::current();
                loan.enter_with(move || context.clone().attach());
            }

            $crate::__private::inventory::submit! {
                $crate::__private::Carrier::new("opentelemetry", on_spawn, on_loan)
            }
        }
    };
    (sentry) => {
        #[doc(hidden)]
        mod __birthmark_carrier {
            use $crate::extension::Carry;
            use $crate::{Loan, Spawn};

            fn on_spawn(spawn: &mut Spawn<'_>, carry: Carry) {
                if carry == Carry::Child {
                    let hub = crate::Hub::new_from_top(crate::Hub::current());
                    let hub = ::std::sync::Arc::new(hub);
                    spawn.enter_with(move || crate::HubSwitchGuard::new(hub.clone()));
                }
            }

            fn on_loan(loan: &mut Loan<'_>) {
                let hub = crate::Hub::current();
                loan.enter_with(move || crate::HubSwitchGuard::new(hub.clone()));
            }

            $crate::__private::inventory::submit! {
                $crate::__private::Carrier::new("sentry", on_spawn, on_loan)
            }
        }
    };
}
