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
use crate::record::slot::{NameSlot, NodeSlot, Slot, TaskSlot};
use crate::record::store::Store;
use crate::record::words::{state, Status};
use crate::thread::announcements::Announcements;
use crate::thread::dropping::Dropping;
use crate::thread::end::{count_completed, end_completed};
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
    pub(crate) running: Cell<Status>,
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
    root: Cell<Option<TaskSlot>>,
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
    /// The id, the site and the flags of the last task that ended with nothing around it.
    last: Cell<Option<(u64, &'static Site, u64)>>,
    /// Tasks that are being handed on.
    pub(crate) announcements: Announcements,
    /// The id of the task that blocks on a future here, during a poll of that future; 0 otherwise.
    pub(crate) blocked: Cell<u64>,
}

/// A scope that is not the one in the current task's slot. What runs here belongs to a task that waits for it on
/// another thread, or a name of the present call of the task is in force. Names that are set meanwhile end with the loan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loan {
    /// The node that was lent. `None` for a name of a call.
    pub(crate) lent: Option<NodeSlot>,
    /// The present parent: the same node, or a name that was set.
    pub(crate) parent: Option<NodeSlot>,
    /// Where dumps find the name of a call.
    pub(crate) shown: Shown,
}

impl Loan {
    const NONE: Loan = Loan {
        lent: None,
        parent: None,
        shown: Shown::NOWHERE,
    };
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            cursor: Cell::new(Cursor::UNKNOWN),
            store: Store::new(),
            running: Cell::new(Status::of(state::RUNNING)),
            special: Cell::new(usize::MAX),
            completed: Cell::new(Completed::NONE),
            block: Cell::new(ptr::null()),
            has_moved_in: Cell::new(false),
            root: Cell::new(None),
            loan: Cell::new(Loan::NONE),
            has_borrowed: Cell::new(false),
            in_hook: Cell::new(false),
            dropping: Dropping::new(),
            work: Cell::new(ptr::null_mut()),
            last: Cell::new(None),
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
    // SAFETY: the function reads a thread-local without a destructor, and stores into atomics.
    unsafe { fork::set_in_child(|| pool::forget_other_threads(with(|local| local.block()))) };
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

    /// Returns the slot of the task that the thread runs. The task lives as long as the thread runs it.
    #[inline(always)]
    fn running_task(&self) -> Option<TaskSlot> {
        let slot = self.cursor.get().slot()?;
        // SAFETY: only the functions that begin to run a task put it into the cursor. They put the outer cursor back
        // before the task ends.
        Some(unsafe { TaskSlot::from_ptr(ptr::from_ref(slot).cast()) })
    }

    /// Returns the node under which tasks are spawned now: the current task, or its name.
    #[inline]
    pub(crate) fn spawn_parent(&self) -> Option<NodeSlot> {
        if self.is_lent() {
            self.loan.get().parent
        } else {
            self.running_task()?.spawn_parent(Ordering::Relaxed)
        }
    }

    /// Returns the same as an address, for spawns on the fast path. It is the address of no node if the node is lent, or
    /// may be.
    #[inline(always)]
    pub(crate) fn spawn_parent_or_tag(&self) -> *const Slot {
        match self.running_task() {
            Some(task) => task.spawn_parent_or_tag(),
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

    /// What a task's status says while this thread runs it.
    pub(crate) fn register_to_run(&self) -> Status {
        let block = self.register();
        block.map_or(Status::of(state::RUNNING), |block| block.running)
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
    ///
    /// # Safety
    ///
    /// As for [`end_completed`].
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) unsafe fn end_guest(&self, task: TaskSlot) {
        let site = task.site();
        // In the block, so that the freed slot waits for the next thread.
        let block = self.block().filter(|_| !self.has_moved_in.get());
        // SAFETY: by the contract. If the first function returns `false`, it has done nothing.
        unsafe {
            match block.filter(|block| block.parked.end_alone(&root::ARENA, task)) {
                Some(block) => count_completed(block.completed, site),
                None => end_completed(task),
            }
        }
    }

    /// The node under which tasks are born, after making this thread a task if it runs none.
    pub(crate) fn spawn_parent_or_adopt(&self) -> Option<NodeSlot> {
        if let Some(parent) = self.spawn_parent() {
            return Some(parent);
        }
        let block = self.register()?;
        let root = root::adopt(self.move_in(block), block)?;
        self.root.set(Some(root));
        let cursor = Cursor::task(root);
        // A thread that instrumented code did not spawn runs what belongs to others.
        self.cursor.set(match root.site().kind() {
            Kind::External => cursor.muted(),
            _ => cursor,
        });
        Some(root.into())
    }

    /// Does `f` with the node under which tasks are born now, which stays one meanwhile. `f` takes a
    /// reference to it, and calls nothing of the program's.
    pub(crate) fn with_spawn_parent<R>(
        &self,
        f: impl FnOnce(&Store, Option<NodeSlot>) -> R,
    ) -> Option<R> {
        let parent = self.spawn_parent_or_adopt();
        self.with_block(|store, block| {
            let parent = match self.running_task().filter(|_| !self.is_lent()) {
                Some(task) => shared::protect_spawn_parent(task, &block.parent_hazard),
                // It is lent, and so this thread's own.
                None => parent,
            };
            let result = f(store, parent);
            block.parent_hazard.clear();
            result
        })
    }

    /// Gives back the reference to a name node that a task had.
    ///
    /// # Safety
    ///
    /// As for [`Store::release`].
    pub(crate) unsafe fn release_name(&self, name: NameSlot) {
        shared::wait_until_unused(name, || pool::blocks().map(|block| &block.parent_hazard));
        // SAFETY: by the contract.
        unsafe { self.release(name.into()) };
    }

    /// Gives a reference to `node` back.
    ///
    /// # Safety
    ///
    /// As for [`Store::release`].
    pub(crate) unsafe fn release(&self, node: NodeSlot) {
        // SAFETY: by the contract.
        self.with_block(|store, _| unsafe { store.release(&root::ARENA, node) });
    }

    /// The last thing that the thread does with us, short of what destructors still do.
    pub(crate) fn leave(&self) {
        let Some(block) = self.block() else { return };
        if let Some(root) = self.root.take() {
            self.note_last(root);
            self.cursor.set(Cursor::NOWHERE);
            let status = Status::of(state::COMPLETED).at(crate::platform::mode::tick());
            // SAFETY: this thread has made its root, and is the only one to end it, here.
            unsafe { self.store.end(&root::ARENA, root, status) };
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
