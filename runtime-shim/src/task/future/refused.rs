//! The future of a refused task.

use core::any::TypeId;
use core::marker::PhantomData;
use core::mem;
use core::task::{Poll, Waker};

use crate::task::handle::{HandleContent, TaskHandle};

/// Polls a refused future. It ends once its spawner has been told: it is ready if there is an output to be had, which
/// is so of `()`. Any other has to unwind, which executors catch as a task's panic.
#[cold]
#[inline(never)]
pub(super) fn poll<T>(handle: &TaskHandle, waker: &Waker) -> Poll<T> {
    match handle.content() {
        HandleContent::Refused(task) if task.poll(waker) => {
            if let Some(output) = unit() {
                return Poll::Ready(output);
            }
            task.unwind();
            Poll::Pending
        }
        _ => Poll::Pending,
    }
}

/// The only value of `T`, if that is `()`.
fn unit<T>() -> Option<T> {
    if type_id::<T>() != TypeId::of::<()>() {
        return None;
    }
    // SAFETY: `T` is the unit type: no lifetimes were erased from the id of that.
    Some(unsafe { mem::transmute_copy::<(), T>(&()) })
}

/// The id of a type with its lifetimes erased. `TypeId::of` takes none that borrows.
fn type_id<T>() -> TypeId {
    trait Identified {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T> Identified for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let phantom = PhantomData::<T>;
    let object: &dyn Identified = &phantom;
    // SAFETY: the two types differ in a lifetime only, so the object's table of methods is the same. The one method
    // reads nothing that the lifetime guards: it returns a constant.
    let object: &(dyn Identified + 'static) = unsafe { mem::transmute(object) };
    object.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_is_had_of_the_unit_type_alone() {
        fn borrowing<'a>(_: &'a u32) -> [bool; 3] {
            struct Empty<'a>(PhantomData<&'a ()>);
            [
                unit::<Empty<'a>>().is_some(),
                unit::<PhantomData<&'a ()>>().is_some(),
                unit::<&'a ()>().is_some(),
            ]
        }
        struct Own;
        assert!(unit::<()>().is_some());
        assert!(unit::<Own>().is_none() && unit::<((),)>().is_none());
        assert!(unit::<[(); 1]>().is_none() && unit::<std::convert::Infallible>().is_none());
        assert_eq!(borrowing(&1), [false; 3]);
    }
}
