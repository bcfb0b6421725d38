//! What each thread knows of itself.

use core::cell::Cell;
use core::ptr;
use std::sync::atomic::Ordering;

use crate::platform::clock;
use crate::platform::fork;
use crate::record::call_names::Shown;
use crate::record::frames::Cursor;
use crate::record::pool::{self, Block, Completed};
use crate::record::reclaim;
use crate::record::root;
use crate::record::shared;
use crate::record::slot::{state, Slot};
use crate::record::store::Store;
use crate::thread::announcements::Announcements;
use crate::thread::dropping::Dropping;
use crate::thread::end::{count_completed, end_completed, site_of};
use crate::thread::handle::TAG;
use crate::thread::work::Work;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// Without a destructor, so that it can be read while the thread exits.
pub(crate) struct Local {
    /// The current task, and the innermost frame.
    pub(crate) cursor: Cell<Cursor>,
    /// In use once the thread has moved into its block. Until then it is empty, so that the short
    /// versions of births and ends refuse.
    pub(crate) store: Store,
    /// What a task's status says while this thread runs it. In use while the thread has a block.
    pub(crate) running: Cell<u64>,
    /// The bits by which a birth says that it is not an ordinary one: all, as long as the thread has no
    /// block. So one test tells both.
    pub(crate) special: Cell<usize>,
    /// The counts of this thread's block.
    pub(crate) completed: Cell<Completed>,
    /// This thread's block, null until it is needed and again once the thread exits.
    block: Cell<*const Block>,
    /// The store is this thread's own: it has been taken out of the block.
    has_moved_in: Cell<bool>,
    /// The record of the thread itself, if it was adopted.
    root: Cell<*const Slot>,
    /// In use while the cursor says that the scope is not the task's own.
    pub(crate) loan: Cell<Loan>,
    /// The thread has had a block without registering a destructor that gives it back. A second time
    /// that does not pay: it is a thread that runs one job after the other.
    has_borrowed: Cell<bool>,
    /// A hook runs on this thread.
    pub(crate) in_hook: Cell<bool>,
    /// The closures that are being dropped here.
    pub(crate) dropping: Dropping,
    /// What the thread does for tasks that wait elsewhere, innermost first.
    pub(crate) work: Cell<*mut Work>,
    /// The id, the site and the flags of the last task that ended with nothing around it; null for none.
    last: Cell<(u64, *const Site, u64)>,
    /// Tasks that are being handed on.
    pub(crate) announcements: Announcements,
    /// The id of the task that blocks on a future here, during a poll of that future; 0 otherwise.
    pub(crate) blocked: Cell<u64>,
}

/// A scope that is not the one in the current task's slot. What runs here belongs to a task that waits for it on
/// another thread, or a name of the present call of the task is in force. Names that are set meanwhile end with the loan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loan {
    /// The scope that was lent, null for a name of a call.
    pub(crate) lent: *const Slot,
    /// The present one: the same, or a name that was set.
    pub(crate) scope: *const Slot,
    /// Where dumps find the name of a call.
    pub(crate) shown: Shown,
}

impl Loan {
    const NONE: Loan = Loan {
        lent: ptr::null(),
        scope: ptr::null(),
        shown: Shown::NOWHERE,
    };
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            cursor: Cell::new(Cursor::UNKNOWN),
            store: Store::new(),
            running: Cell::new(0),
            special: Cell::new(usize::MAX),
            completed: Cell::new(Completed::NONE),
            block: Cell::new(ptr::null()),
            has_moved_in: Cell::new(false),
            root: Cell::new(ptr::null()),
            loan: Cell::new(Loan::NONE),
            has_borrowed: Cell::new(false),
            in_hook: Cell::new(false),
            dropping: Dropping::new(),
            work: Cell::new(ptr::null_mut()),
            last: Cell::new((0, ptr::null(), 0)),
            announcements: Announcements::new(),
            blocked: Cell::new(0),
        }
    };
    static EXIT: Exit = const { Exit };
}

/// Gives the block back when the thread exits.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        with(Local::leave);
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
    fork::set_in_child(|| pool::forget_other_threads(with(|local| local.block())));
    fork::watch();
    clock::set_each_tick(|| reclaim::tick(with_store));
}

/// Shows `f` the store of the calling thread.
fn with_store(f: &dyn Fn(&Store)) {
    with(|local| local.with_block(|store, _| f(store)));
}

impl Local {
    /// This thread's block if it has one.
    #[inline(always)]
    pub(crate) fn block(&self) -> Option<&'static Block> {
        // SAFETY: null or set by `register`; blocks are never freed.
        unsafe { self.block.get().as_ref() }
    }

    /// The node under which tasks are born now: the current task, or its name.
    #[inline]
    pub(crate) fn scope(&self) -> Option<&'static Slot> {
        let scope = if self.is_lent() {
            self.loan.get().scope
        } else {
            let task = self.cursor.get().slot();
            task.map_or(ptr::null(), |task| task.own_scope(Ordering::Relaxed))
        };
        // SAFETY: null, or a node that the running task keeps alive; slots are never unmapped.
        unsafe { scope.as_ref() }
    }

    /// Returns the scope for births that take the short way. The address is that of no node if the scope is lent, or may
    /// be.
    #[inline(always)]
    pub(crate) fn own_scope(&self) -> *const Slot {
        match self.cursor.get().slot() {
            Some(slot) => slot.scope.as_ptr(),
            None => ptr::null(),
        }
    }

    /// Returns `true` if the scope belongs to the present call of a closure, or to a task that waits elsewhere for this
    /// thread. A task that is polled in the meantime, or called, has its own.
    #[inline]
    pub(crate) fn is_lent(&self) -> bool {
        let cursor = self.cursor.get();
        cursor == Cursor::LENT || cursor.is_named()
    }

    /// The task that runs on this thread now.
    pub(crate) fn current(&self) -> Option<&'static Slot> {
        let Some(slot) = self.cursor.get().slot() else {
            let scope = self.scope()?;
            return if scope.is_name() {
                scope.parent.get()
            } else {
                Some(scope)
            };
        };
        Some(slot)
    }

    /// Notes that a task ends, after which the thread stands in none.
    pub(crate) fn note_last(&self, task: &'static Slot) {
        let id = task.id.load(Ordering::Relaxed);
        self.last.set((id, site_of(task), task.flags()));
    }

    /// The id and the site of the task that was this thread's own and has ended. A job is none: a thread of a pool goes
    /// on to other work, with which the job has nothing to do.
    pub(crate) fn last(&self) -> Option<(u64, &'static Site)> {
        let (id, site, flags) = self.last.get();
        // SAFETY: `note_last` stores static sites only, and the pointer is null before.
        let site = unsafe { site.as_ref() }?;
        Kind::of(site, flags).is_thread().then_some((id, site))
    }

    /// What a task's status says while this thread runs it.
    pub(crate) fn register_to_run(&self) -> u64 {
        self.register()
            .map_or(state::RUNNING, |block| block.running)
    }

    /// Takes a block for this thread, if it has none.
    #[cold]
    fn register(&self) -> Option<&'static Block> {
        if let Some(block) = self.block() {
            return Some(block);
        }
        // A thread that is exiting would never give the block back.
        EXIT.try_with(|_| ()).ok()?;
        self.take_block()
    }

    /// Takes a block for a thread that has never had one. Returns whether it was taken; then the caller
    /// must [`leave`](Local::leave), to spare the thread a destructor.
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn borrow_block(&self) -> bool {
        !self.has_borrowed.replace(true) && self.block().is_none() && self.take_block().is_some()
    }

    fn take_block(&self) -> Option<&'static Block> {
        fork::note_use();
        clock::note_thread();
        let block = pool::acquire(set_up)?;
        self.running.set(block.running);
        self.special.set(TAG);
        self.completed.set(block.completed);
        self.block.set(block);
        Some(block)
    }

    /// The store of this thread, which has `block`. Most threads that run one closure never need it.
    fn move_in(&self, block: &'static Block) -> &Store {
        if !self.has_moved_in.replace(true) {
            self.store.swap(&block.parked);
        }
        &self.store
    }

    /// Does `f` with a block and its store: this thread's own, or, while the thread exits, with
    /// borrowed ones.
    pub(crate) fn with_block<R>(&self, f: impl FnOnce(&Store, &'static Block) -> R) -> Option<R> {
        if let Some(block) = self.block().or_else(|| self.register()) {
            return Some(f(self.move_in(block), block));
        }
        let block = pool::acquire(set_up)?;
        let result = f(&block.parked, block);
        block.parked.empty_stock(&root::ARENA);
        pool::give_up(block);
        Some(result)
    }

    /// Ends a task that has completed: the closure for which this thread has borrowed its block.
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn end_guest(&self, slot: &'static Slot) {
        let site = site_of(slot);
        // In the block, where what is freed waits for the next thread.
        let block = self.block().filter(|_| !self.has_moved_in.get());
        match block.filter(|block| block.parked.end_lone(&root::ARENA, slot)) {
            Some(block) => count_completed(block.completed, site),
            None => end_completed(slot),
        }
    }

    /// The node under which tasks are born, after making this thread a task if it runs none.
    pub(crate) fn scope_or_adopt(&self) -> Option<&'static Slot> {
        if let Some(scope) = self.scope() {
            return Some(scope);
        }
        let block = self.register()?;
        let root = root::adopt(self.move_in(block), block)?;
        self.root.set(root);
        let cursor = Cursor::task(root);
        // A thread that instrumented code did not spawn runs what belongs to others.
        self.cursor.set(match site_of(root).kind() {
            Kind::External => cursor.muted(),
            _ => cursor,
        });
        Some(root)
    }

    /// Does `f` with the node under which tasks are born now, which stays one meanwhile. `f` takes a
    /// reference to it, and calls nothing of the program's.
    pub(crate) fn with_scope<R>(
        &self,
        f: impl FnOnce(&Store, Option<&'static Slot>) -> R,
    ) -> Option<R> {
        let scope = self.scope_or_adopt();
        self.with_block(|store, block| {
            let scope = match self.cursor.get().slot().filter(|_| !self.is_lent()) {
                Some(task) => shared::protect_scope(task, &block.scope_hazard),
                // It is lent, and so this thread's own.
                None => scope,
            };
            let result = f(store, scope);
            block.scope_hazard.clear();
            result
        })
    }

    /// Gives back the reference to a name node that a task had.
    pub(crate) fn release_name(&self, node: &'static Slot) {
        shared::wait_until_unused(node, || pool::blocks().map(|block| &block.scope_hazard));
        self.release(node);
    }

    /// Gives a reference to `node` back.
    pub(crate) fn release(&self, node: &'static Slot) {
        self.with_block(|store, _| store.release(&root::ARENA, node));
    }

    /// The last thing that the thread does with us, short of what destructors still do.
    pub(crate) fn leave(&self) {
        let Some(block) = self.block() else { return };
        // SAFETY: null or the root that `scope_or_adopt` made, which only this thread ends.
        if let Some(root) = unsafe { self.root.replace(ptr::null()).as_ref() } {
            self.note_last(root);
            self.cursor.set(Cursor::NOWHERE);
            self.store.end(
                &root::ARENA,
                root,
                crate::platform::mode::tick() | state::COMPLETED,
            );
        }
        block.call_names.clear();
        self.block.set(ptr::null());
        self.special.set(usize::MAX);
        self.completed.set(Completed::NONE);
        if self.has_moved_in.replace(false) {
            self.store.swap(&block.parked);
            block.parked.empty_stock(&root::ARENA);
        }
        pool::give_up(block);
    }
}
