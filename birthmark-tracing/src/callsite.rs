//! Callsites of task spans: one for each spawn site, made at its first span.
//!
//! A span has its name from its callsite, and a subscriber decides by callsite whether it is enabled. Macros of tracing
//! make callsites at compile time. Spawn sites are known at run time only, so their callsites are leaked. Their number
//! is that of the spawn calls in the source.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use birthmark::Site;
use tracing::field::FieldSet;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, dispatcher};
use tracing_core::callsite::Callsite;
use tracing_core::{Kind, identify_callsite};

/// Fields of a task span.
pub(crate) const FIELDS: &[&str] = &[
    "task.id",
    "task.name",
    "task.remaining_ms",
    "task.outcome",
    "task.polls",
    "task.busy_ns",
    "task.idle_ns",
];

/// The callsite of the spans for the tasks of one spawn site.
#[derive(Debug)]
pub(crate) struct TaskCallsite {
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

/// The callsites by level and by address of the spawn site.
type Callsites = HashMap<(Level, usize), &'static TaskCallsite>;

static CALLSITES: RwLock<Option<Callsites>> = RwLock::new(None);

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl TaskCallsite {
    /// Returns the callsite of a spawn site.
    pub(crate) fn of(site: &'static Site, level: Level) -> &'static TaskCallsite {
        let key = (level, std::ptr::from_ref(site).addr());
        let known = CALLSITES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(callsite) = known.as_ref().and_then(|known| known.get(&key)) {
            return callsite;
        }
        drop(known);
        let mut callsites = CALLSITES.write().unwrap_or_else(PoisonError::into_inner);
        let callsites = callsites.get_or_insert_default();
        callsites
            .entry(key)
            .or_insert_with(|| Self::new(site, level))
    }

    fn new(site: &'static Site, level: Level) -> &'static TaskCallsite {
        let callsite: &'static TaskCallsite = Box::leak(Box::new(TaskCallsite {
            metadata: OnceLock::new(),
            interest: AtomicU8::new(NEVER),
        }));
        let fields = FieldSet::new(FIELDS, identify_callsite!(callsite));
        let _ = callsite.metadata.set(Metadata::new(
            site.role(),
            site.module_path(),
            level,
            Some(site.file()),
            Some(site.line()),
            Some(site.module_path()),
            fields,
            Kind::SPAN,
        ));
        tracing_core::callsite::register(callsite);
        callsite
    }

    /// Returns `true` if the current subscriber takes spans of this callsite.
    pub(crate) fn is_enabled(&'static self) -> bool {
        match self.interest.load(Ordering::Relaxed) {
            NEVER => false,
            ALWAYS => true,
            _ => dispatcher::get_default(|dispatch| dispatch.enabled(self.metadata())),
        }
    }
}

impl Callsite for TaskCallsite {
    fn set_interest(&self, interest: Interest) {
        let interest = match interest {
            interest if interest.is_never() => NEVER,
            interest if interest.is_always() => ALWAYS,
            _ => SOMETIMES,
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'static> {
        self.metadata
            .get()
            .expect("the metadata is set before the callsite is registered")
    }
}
