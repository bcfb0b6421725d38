//! The values of a task's locals.
//!
//! A set of values is immutable and counted. Each name node with locals has one reference to a set, whose address is in
//! the node's first word. A node has one *owner*: the task's word `spawn_parent`, a change for a while, or a borrowed
//! parent. Whoever takes the node from its owner also takes the values out of the node. So values do not wait until the
//! last child or cache has given the node back.
//!
//! # Who may read the values of a node
//!
//! - The thread that runs the task, because it is the one that replaces the node. It copies the reference, or pins the
//!   set (`thread/pinned.rs`).
//! - If several threads may run the task, each publishes the node in a hazard pointer and copies the reference meanwhile.
//!   A thread that has replaced the node waits for the hazard pointers before it takes the values out.
//! - A thread with a borrowed parent, because the owner waits for it. A task that several threads may run lends a node
//!   that belongs to the loan alone.
//!
//! Dumps never read values. They read the text in the node.
//!
//! # The end of values
//!
//! The last reference drops the values one by one. Destructors are the program's code, so references are dropped
//! neither within an operation of a thread's cache nor while a record is inconsistent.

use core::any::Any;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr;
use std::sync::atomic::Ordering;
use std::sync::Arc;

use super::content::MAX_LABEL_LEN;
use super::slot::{NameSlot, TaskSlot};
use crate::platform::unwind::catch_user_panic;
use crate::types::bounded::BoundedText;

/// The value of a local. A panic in its destructor ends here.
#[derive(Clone)]
pub(crate) struct Value(ManuallyDrop<Arc<dyn Any + Send + Sync>>);

impl Value {
    pub(crate) fn new(value: impl Any + Send + Sync) -> Self {
        Value(ManuallyDrop::new(Arc::new(value)))
    }

    #[inline]
    pub(crate) fn downcast_ref<T: Any>(&self) -> Option<&T> {
        <dyn Any>::downcast_ref(&**self.0)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        catch_user_panic(|| drop(value));
    }
}

/// The shown text of a value.
pub(crate) type ShownValue = BoundedText<MAX_LABEL_LEN>;

/// The part of its parent's local that a child gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inheritance {
    Nothing,
    /// The child shares the value.
    Shared,
    /// A function of the program makes the value of the child.
    Forked,
}

/// A declared local. Its address tells it from others.
pub(crate) trait Key: Sync {
    fn name(&self) -> &'static str;

    fn inheritance(&self) -> Inheritance;

    /// Makes the value of a child. Runs the program's code.
    fn fork(&'static self, value: &Value) -> Option<Entry>;
}

/// A local with its value.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: &'static dyn Key,
    pub(crate) value: Value,
    /// `None` if the local is not shown.
    pub(crate) shown: Option<Arc<ShownValue>>,
}

impl Entry {
    #[inline]
    pub(crate) fn is_of(&self, key: *const ()) -> bool {
        ptr::addr_eq(self.key, key)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.key.name()).finish()
    }
}

/// The values of all locals of a task.
#[derive(Debug)]
pub(crate) struct LocalSet {
    /// By name.
    pub(crate) entries: Vec<Entry>,
    /// The shown text of all entries, encoded like labels.
    pub(crate) text: Vec<u8>,
}

/// A reference to a set. The last one drops the values, each of which may run the program's code.
#[derive(Clone, Debug)]
pub(crate) struct LocalSetRef(ManuallyDrop<Arc<LocalSet>>);

impl LocalSetRef {
    pub(crate) fn new(set: LocalSet) -> Self {
        LocalSetRef(ManuallyDrop::new(Arc::new(set)))
    }

    pub(crate) fn as_ptr(&self) -> *const LocalSet {
        Arc::as_ptr(&self.0)
    }

    /// Returns the word for a name node, which owns the reference then. It is not 0.
    pub(crate) fn into_word(self) -> u64 {
        // SAFETY: taken once, because `self` is not dropped.
        let set = unsafe { ManuallyDrop::take(&mut ManuallyDrop::new(self).0) };
        Arc::into_raw(set).expose_provenance() as u64
    }

    /// Returns the reference of a name node.
    ///
    /// # Safety
    ///
    /// The word is 0 or a result of [`LocalSetRef::into_word`]. No node has it any more.
    pub(crate) unsafe fn from_word(word: u64) -> Option<Self> {
        // SAFETY: by the contract.
        let set = unsafe { Self::borrow_word(word)? };
        Some(LocalSetRef(set))
    }

    /// Returns the reference of a name node, which the node keeps.
    ///
    /// # Safety
    ///
    /// The word is 0 or a result of [`LocalSetRef::into_word`], and nobody drops the reference meanwhile.
    unsafe fn borrow_word(word: u64) -> Option<ManuallyDrop<Arc<LocalSet>>> {
        let set = ptr::with_exposed_provenance::<LocalSet>(word as usize);
        // SAFETY: by the contract. The copy is never dropped, unless the caller owns the reference.
        (!set.is_null()).then(|| ManuallyDrop::new(unsafe { Arc::from_raw(set) }))
    }
}

impl core::ops::Deref for LocalSetRef {
    type Target = LocalSet;

    fn deref(&self) -> &LocalSet {
        &self.0
    }
}

impl Drop for LocalSetRef {
    fn drop(&mut self) {
        // SAFETY: taken once, here or in `into_word`, which forgets the reference.
        drop(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

impl NameSlot {
    /// Copies the reference to the values of locals.
    ///
    /// # Safety
    ///
    /// The caller may read the values of the node, as the module's documentation says.
    pub(crate) unsafe fn clone_locals(self) -> Option<LocalSetRef> {
        // SAFETY: the word is the node's, and nobody takes it out meanwhile.
        let set = unsafe { LocalSetRef::borrow_word(self.locals_word()) }?;
        Some(LocalSetRef(set.clone()))
    }

    /// Returns the values of locals.
    ///
    /// # Safety
    ///
    /// As for [`NameSlot::clone_locals`], as long as the result is used.
    #[inline]
    pub(crate) unsafe fn borrow_locals<'a>(self) -> Option<&'a LocalSet> {
        let set = ptr::with_exposed_provenance::<LocalSet>(self.locals_word() as usize);
        // SAFETY: null, or the set to which the node has a reference, which nobody takes out meanwhile.
        unsafe { set.as_ref() }
    }

    /// Takes the values of locals out of a node. Returns `None` if there are none any more.
    ///
    /// # Safety
    ///
    /// The owner of the node has given it up, and no thread reads the values.
    pub(crate) unsafe fn take_locals(self) -> Option<LocalSetRef> {
        // SAFETY: the word was in the node, and is not any more.
        unsafe { LocalSetRef::from_word(self.take_locals_word()) }
    }
}

impl TaskSlot {
    /// Takes the values of locals out of the name node of a task that ends.
    ///
    /// # Safety
    ///
    /// The caller owns the handle of the task, and no thread runs the task any more.
    pub(crate) unsafe fn take_locals(self) -> Option<LocalSetRef> {
        let is_named = self.slot().ref_word(Ordering::Relaxed).is_named();
        let node = is_named.then(|| self.spawn_parent(Ordering::Acquire))??;
        // SAFETY: the task is the owner of its node. Nothing reads the values of a task that does not run.
        unsafe { node.as_name()?.take_locals() }
    }
}
