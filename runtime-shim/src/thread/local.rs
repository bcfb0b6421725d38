//! State of the calling thread, which it alone uses.

use core::cell::Cell;
use core::ptr;
use std::sync::atomic::Ordering;

use crate::platform::clock;
use crate::platform::fork;
use crate::record::call_names::Shown;
use crate::record::frames::{Cursor, ShadowStack};
use crate::record::globals;
use crate::record::local_set::LocalSetRef;
use crate::record::reclaim;
use crate::record::shared;
use crate::record::slot::{NameSlot, NodeSlot, Slot, TaskSlot};
use crate::record::thread_cache::ThreadCache;
use crate::record::thread_states::{self, Completed, ThreadState};
use crate::record::words::{flag, state, Status};
use crate::thread::announcements::Announcements;
use crate::thread::borrowed_parents::BorrowedParentEntry;
use crate::thread::dropping::Dropping;
use crate::thread::end::{count_completed, end_completed};
use crate::thread::pinned::PinnedSet;
use crate::thread::raw_handle::TAG;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// Without a destructor, so that it can be read while the thread exits.
pub(crate) struct Local {
    /// The cursor, and the frames that are not in a record.
    pub(crate) position: ShadowStack,
    /// In use once the thread has loaded it from its state. Until then it is empty, so that fast paths refuse.
    pub(crate) cache: ThreadCache,
    /// Status of a task while this thread runs it, without the tick. Valid while the thread has a state.
    pub(crate) running: Cell<Status>,
    /// Mask of the handle bits that force the slow path. The mask is all ones until the thread has a state, so that one
    /// test covers both cases.
    pub(crate) fast_path_mask: Cell<usize>,
    /// The counts of this thread's state.
    pub(crate) completed: Cell<Completed>,
    /// This thread's state, null until it is needed and again once the thread exits.
    state: Cell<*const ThreadState>,
    /// The cache was loaded from the state.
    has_loaded_cache: Cell<bool>,
    /// The record of the thread itself, if it was adopted.
    root: Cell<Option<TaskSlot>>,
    /// In use while the cursor tells that the parent of new tasks is not the task's own.
    pub(crate) borrowed_parent: Cell<BorrowedParent>,
    /// The thread has had a transient state, which no destructor gives back. A thread that needs a second one runs one
    /// job after the other, so it registers a destructor.
    was_transient: Cell<bool>,
    /// A hook runs on this thread.
    pub(crate) in_hook: Cell<bool>,
    /// The closures that are being dropped here.
    pub(crate) dropping: Dropping,
    /// Parents that the thread has borrowed, innermost first.
    pub(crate) borrowed_parents: Cell<*mut BorrowedParentEntry>,
    /// The id, the site and the flags of the last task that ended with nothing around it.
    last: Cell<Option<(u64, &'static Site, u64)>>,
    /// Tasks that are being handed on.
    pub(crate) announcements: Announcements,
    /// The values of locals that the thread reads, innermost first.
    pub(crate) pinned: Cell<*const PinnedSet>,
    /// The id of the task that blocks on a future here, during a poll of that future; 0 otherwise.
    pub(crate) blocked: Cell<u64>,
}

/// A parent of new tasks that is not in the current task's slot. Either the thread works for a task on another thread,
/// or the present call of the task has a name. Names that are set meanwhile end with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BorrowedParent {
    /// The node that was borrowed. `None` for a name of a call.
    pub(crate) borrowed: Option<NodeSlot>,
    /// The present parent: the same node, or a name that was set.
    pub(crate) parent: Option<NodeSlot>,
    /// Where dumps find the name of a call.
    pub(crate) shown: Shown,
}

impl BorrowedParent {
    const NONE: BorrowedParent = BorrowedParent {
        borrowed: None,
        parent: None,
        shown: Shown::NOWHERE,
    };
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            position: ShadowStack::new(),
            cache: ThreadCache::new(),
            running: Cell::new(Status::of(state::RUNNING)),
            fast_path_mask: Cell::new(usize::MAX),
            completed: Cell::new(Completed::NONE),
            state: Cell::new(ptr::null()),
            has_loaded_cache: Cell::new(false),
            root: Cell::new(None),
            borrowed_parent: Cell::new(BorrowedParent::NONE),
            was_transient: Cell::new(false),
            in_hook: Cell::new(false),
            dropping: Dropping::new(),
            borrowed_parents: Cell::new(ptr::null_mut()),
            last: Cell::new(None),
            announcements: Announcements::new(),
            pinned: Cell::new(ptr::null()),
            blocked: Cell::new(0),
        }
    };
    static EXIT: Exit = const { Exit };
}

/// Gives the state back when the thread exits.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        with(Local::on_thread_exit);
    }
}

/// The calling thread's own. Never panics: there is no destructor that could have run.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> R {
    // A closure as small as this one is inlined, which `f` may not be.
    let local = LOCAL.with(ptr::from_ref);
    // SAFETY: without a destructor it lives as long as the thread, which is in this very call.
    f(unsafe { &*local })
}

/// Sets up what concerns all threads.
fn set_up() {
    // SAFETY: the function reads a thread-local without a destructor, and stores into atomics.
    unsafe {
        fork::set_in_child(|| thread_states::forget_other_threads(with(|local| local.state())))
    };
    fork::watch();
    clock::set_each_tick(|| reclaim::tick(with_cache));
}

/// Shows `f` the cache of the calling thread.
fn with_cache(f: &dyn Fn(&ThreadCache)) {
    with(|local| local.with_cache(|cache, _| f(cache)));
}

impl Local {
    /// This thread's state if it has one.
    #[inline(always)]
    pub(crate) fn state(&self) -> Option<&'static ThreadState> {
        // SAFETY: null or set by `register`; states are never freed.
        unsafe { self.state.get().as_ref() }
    }

    /// Returns `true` if the thread runs the task of a slot.
    #[inline(always)]
    pub(crate) fn runs(&self, slot: &'static Slot) -> bool {
        let running = self.position.get().slot();
        running.is_some_and(|running| ptr::eq(running, slot))
    }

    /// Returns the slot of the task that the thread runs. The task lives as long as the thread runs it.
    #[inline(always)]
    fn running_task(&self) -> Option<TaskSlot> {
        let slot = self.position.get().slot()?;
        // SAFETY: only the functions that begin to run a task put it into the cursor. They put the outer cursor back
        // before the task ends.
        Some(unsafe { TaskSlot::from_ptr(ptr::from_ref(slot).cast()) })
    }

    /// Returns the node under which tasks are spawned now: the current task, or its name.
    #[inline]
    pub(crate) fn spawn_parent(&self) -> Option<NodeSlot> {
        if self.is_parent_borrowed() {
            self.borrowed_parent.get().parent
        } else {
            let task = self.running_task().or(self.root.get())?;
            task.spawn_parent(Ordering::Relaxed)
        }
    }

    /// Returns the same as an address, for spawns on the fast path. It is the address of no node if the node is borrowed, or
    /// may be.
    #[inline(always)]
    pub(crate) fn spawn_parent_or_tag(&self) -> *const Slot {
        match self.running_task() {
            Some(task) => task.spawn_parent_or_tag(),
            None => ptr::null(),
        }
    }

    /// Returns `true` if the parent of new tasks belongs to the present call of a closure, or to a task on another
    /// thread. A task that is polled in the meantime, or called, has its own.
    #[inline]
    pub(crate) fn is_parent_borrowed(&self) -> bool {
        let cursor = self.position.get();
        cursor.is_borrowed() || cursor.is_named()
    }

    /// Returns the task that runs on this thread now.
    pub(crate) fn current(&self) -> Option<TaskSlot> {
        self.running_task().or_else(|| {
            let parent = self.spawn_parent()?;
            match parent.as_name() {
                Some(name) => name.task(),
                None => parent.as_task(),
            }
        })
    }

    /// Notes that a task ends, after which the thread runs none.
    pub(crate) fn note_last(&self, task: TaskSlot) {
        self.last.set(Some((task.id(), task.site(), task.flags())));
    }

    /// Returns the id and the site of the thread's own task that has ended. A job is none: a thread of a pool continues
    /// with other work, which has nothing to do with the job.
    pub(crate) fn last(&self) -> Option<(u64, &'static Site)> {
        let (id, site, flags) = self.last.get()?;
        Kind::of(site, flags).is_thread().then_some((id, site))
    }

    /// Returns the status of a task while this thread runs it, without the tick.
    pub(crate) fn register_to_run(&self) -> Status {
        let state = self.register();
        state.map_or(Status::of(state::RUNNING), |state| state.running)
    }

    /// Takes a state for this thread, if it has none.
    #[cold]
    fn register(&self) -> Option<&'static ThreadState> {
        if let Some(state) = self.state() {
            return Some(state);
        }
        // A thread that is exiting would never give the state back.
        EXIT.try_with(|_| ()).ok()?;
        self.acquire_state()
    }

    /// Takes a state for a thread that has never had one. Returns whether it was taken; then the caller
    /// must call [`on_thread_exit`](Local::on_thread_exit), which spares the thread a destructor.
    #[inline]
    pub(crate) fn acquire_transient(&self) -> bool {
        !self.was_transient.replace(true)
            && self.state().is_none()
            && self.acquire_state().is_some()
    }

    fn acquire_state(&self) -> Option<&'static ThreadState> {
        fork::note_use();
        clock::note_thread();
        let state = thread_states::acquire(set_up)?;
        self.running.set(state.running);
        self.fast_path_mask.set(TAG);
        self.completed.set(state.completed);
        self.state.set(state);
        // SAFETY: the thread-local has no destructor, and `on_thread_exit` clears the place before the thread is gone.
        unsafe { state.position.set(&self.position) };
        Some(state)
    }

    /// The cache of this thread, which has `state`. Most threads that run one closure never need it.
    fn load_cache(&self, state: &'static ThreadState) -> &ThreadCache {
        if !self.has_loaded_cache.replace(true) {
            self.cache.swap(&state.idle_cache);
        }
        &self.cache
    }

    /// Does `f` with a state and its cache: this thread's own, or, while the thread exits, with
    /// borrowed ones.
    pub(crate) fn with_cache<R>(
        &self,
        f: impl FnOnce(&ThreadCache, &'static ThreadState) -> R,
    ) -> Option<R> {
        if let Some(state) = self.state().or_else(|| self.register()) {
            return Some(f(self.load_cache(state), state));
        }
        let state = thread_states::acquire(set_up)?;
        let result = f(&state.idle_cache, state);
        state.idle_cache.flush_refs(&globals::ARENA);
        thread_states::release(state);
        Some(result)
    }

    /// Ends a task that has completed: the closure for which this thread has borrowed its state.
    ///
    /// # Safety
    ///
    /// As for [`end_completed`].
    #[inline]
    pub(crate) unsafe fn end_transient(&self, task: TaskSlot) {
        let site = task.site();
        // In the state, so that the freed slot waits for the next thread.
        let state = self.state().filter(|_| !self.has_loaded_cache.get());
        // SAFETY: by the contract. If the first function returns `false`, it has done nothing.
        unsafe {
            match state.filter(|state| state.idle_cache.end_alone(&globals::ARENA, task)) {
                Some(state) => count_completed(state.completed, site),
                None => end_completed(task),
            }
        }
    }

    /// The node under which tasks are spawned, after making this thread a task if it runs none.
    pub(crate) fn spawn_parent_or_adopt(&self) -> Option<NodeSlot> {
        if self.is_parent_borrowed() || self.position.get().has_slot() {
            return self.spawn_parent();
        }
        let state = self.register()?;
        let root = match self.root.get() {
            Some(root) => root,
            None => globals::adopt(self.load_cache(state), state)?,
        };
        self.root.set(Some(root));
        let cursor = Cursor::task(root).at_level_of(self.position.get());
        // A thread that instrumented code did not spawn runs what belongs to others.
        self.position.set(match root.site().kind() {
            Kind::External => cursor.muted(),
            _ => cursor,
        });
        self.spawn_parent()
    }

    /// Does `f` with the node under which tasks are spawned now, which stays one meanwhile. `f` takes a
    /// reference to it or to its values, and calls nothing of the program's.
    pub(crate) fn with_spawn_parent<R>(
        &self,
        f: impl FnOnce(&ThreadCache, Option<NodeSlot>) -> R,
    ) -> Option<R> {
        let parent = self.spawn_parent_or_adopt();
        self.with_cache(|cache, state| {
            let parent = match self.running_task().filter(|_| !self.is_parent_borrowed()) {
                Some(task) => shared::protect_spawn_parent(task, &state.parent_hazard),
                // It is borrowed, and so this thread's own.
                None => parent,
            };
            let result = f(cache, parent);
            state.parent_hazard.clear();
            result
        })
    }

    /// Gives back the reference to a name node that a task had, and drops the values of locals that are in it. Drops run
    /// the program's code.
    ///
    /// # Safety
    ///
    /// As for [`ThreadCache::release`]. The caller is the owner of the node.
    pub(crate) unsafe fn release_name(&self, name: NameSlot) {
        shared::wait_until_unused(name, || {
            thread_states::all().map(|state| &state.parent_hazard)
        });
        // SAFETY: by the contract. Other threads that may run the task do not read the values any more.
        let values = unsafe { name.take_locals() };
        // SAFETY: by the contract.
        unsafe { self.release(name.into()) };
        if let Some(values) = values {
            self.drop_unless_pinned(values);
        }
    }

    /// Returns a reference to the values of the current task's locals.
    pub(crate) fn clone_locals(&self) -> Option<LocalSetRef> {
        if self.runs_shared_task() {
            // SAFETY: a hazard pointer shows the node meanwhile.
            let clone = |parent: Option<NodeSlot>| unsafe { parent?.as_name()?.clone_locals() };
            return self.with_spawn_parent(|_, parent| clone(parent)).flatten();
        }
        // SAFETY: this thread runs the task, or its owner waits for this thread.
        unsafe { self.spawn_parent()?.as_name()?.clone_locals() }
    }

    /// Returns `true` if several threads may run the current task at once, and the parent of new tasks is in its slot.
    #[inline]
    pub(crate) fn runs_shared_task(&self) -> bool {
        let task = self.running_task();
        task.is_some_and(|task| task.flags() & flag::CALLED != 0) && !self.is_parent_borrowed()
    }

    /// Gives a reference to `node` back.
    ///
    /// # Safety
    ///
    /// As for [`ThreadCache::release`].
    pub(crate) unsafe fn release(&self, node: NodeSlot) {
        // SAFETY: by the contract.
        self.with_cache(|cache, _| unsafe { cache.release(&globals::ARENA, node) });
    }

    /// The last thing that the thread does with us, short of what destructors still do.
    pub(crate) fn on_thread_exit(&self) {
        let Some(state) = self.state() else { return };
        let values = match self.root.take() {
            None => None,
            Some(root) => self.end_root(root),
        };
        state.call_names.clear();
        state.position.clear();
        self.state.set(ptr::null());
        self.fast_path_mask.set(usize::MAX);
        self.completed.set(Completed::NONE);
        if self.has_loaded_cache.replace(false) {
            self.cache.swap(&state.idle_cache);
            state.idle_cache.flush_refs(&globals::ARENA);
        }
        thread_states::release(state);
        // Runs the program's code, so it is last.
        drop::<Option<LocalSetRef>>(values);
    }

    /// Ends the record of the thread itself. Returns the values of its locals.
    #[cold]
    #[inline(never)]
    fn end_root(&self, root: TaskSlot) -> Option<LocalSetRef> {
        self.note_last(root);
        self.position.set(Cursor::NOWHERE);
        let status = Status::of(state::COMPLETED).at(crate::platform::runtime_flags::tick());
        // SAFETY: this thread has made its root, and is the only one to end it, here.
        unsafe {
            let values = root.take_locals();
            self.cache.end(&globals::ARENA, root, status);
            values
        }
    }
}
