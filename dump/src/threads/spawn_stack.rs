//! The stack of a spawn: who has made a library spawn a task.

use std::sync::OnceLock;

use birthmark_core::{FrameSite, Site};

use super::{NativeStack, StackError};
use crate::Task;

/// The stack of the thread that spawned a task, at the spawn. Tasks of sites that `Builder::spawn_stacks` chooses have one.
///
/// Each different stack of a site is kept once, as addresses. The functions are looked up when a dump shows them.
#[derive(Clone, Debug)]
pub struct SpawnStack {
    #[doc(hidden)]
    pub native: Result<NativeStack, StackError>,
    #[doc(hidden)]
    pub awaits: Vec<&'static FrameSite>,
}

impl SpawnStack {
    /// Returns the functions of the thread, innermost first, without those of birthmark. The stack is truncated after 160
    /// calls.
    ///
    /// # Errors
    ///
    /// Returns the reason if stacks are not taken in this build or on this platform.
    pub fn native(&self) -> Result<&NativeStack, StackError> {
        self.native.as_ref().map_err(|why| *why)
    }

    /// Returns the awaits of instrumented code that the spawner was inside of, innermost first.
    pub fn awaits(&self) -> &[&'static FrameSite] {
        &self.awaits
    }
}

impl Task {
    /// Returns the stack of the spawn, if `Builder::spawn_stacks` chooses the site. The functions are looked up once.
    pub fn spawn_stack(&self) -> Option<SpawnStack> {
        spawn_stack(self.site)
    }
}

/// The functions that return the stack of a site, and the number of spawns whose stack was not kept.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct SpawnStackSource {
    pub of: fn(&'static Site) -> Option<SpawnStack>,
    pub omitted: fn() -> u64,
}

/// The one source of this process.
static SOURCE: OnceLock<SpawnStackSource> = OnceLock::new();

/// Sets the source. The first one stays.
#[doc(hidden)]
pub fn set_spawn_stack_source(source: SpawnStackSource) {
    let _ = SOURCE.set(source);
}

/// Returns the stack of the spawns of a site.
pub(crate) fn spawn_stack(site: &'static Site) -> Option<SpawnStack> {
    (SOURCE.get()?.of)(site)
}

/// Returns the number of spawns at chosen sites whose stack was not kept, because there are too many.
pub(crate) fn omitted() -> u64 {
    SOURCE.get().map_or(0, |source| (source.omitted)())
}
