//! The compiler's message if a callee requires a changed task to be `Clone`.
//!
//! A record belongs to one task, so that nothing that holds one can be cloned. The implementations below exist for
//! their bound alone, which nothing meets: the compiler names the bound, and with it the remedy.

use crate::task::closing::{Closing, Opening};
use crate::task::future::Instrumented;
use crate::task::handle::TaskHandle;

/// A bound that nothing meets.
///
/// Not public API.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "cannot clone an instrumented task: the record of a task belongs to one task",
    note = "help: put `#[birthmark::instrument(skip)]` on the item in which this task is spawned",
    note = "or put one `#[birthmark::instrument]` around this item and its callee, whose signature then decides"
)]
pub trait CloneOfTask {}

/// A type with a lifetime: a bound on all its lifetimes is not checked before it is needed.
#[doc(hidden)]
#[derive(Debug)]
pub struct Record<'a>(core::marker::PhantomData<&'a ()>);

impl Clone for TaskHandle
where
    for<'a> Record<'a>: CloneOfTask,
{
    fn clone(&self) -> Self {
        unreachable!("no type implements `CloneOfTask`")
    }
}

impl Clone for Opening
where
    for<'a> Record<'a>: CloneOfTask,
{
    fn clone(&self) -> Self {
        unreachable!("no type implements `CloneOfTask`")
    }
}

/// Without the bound: beside an opening, which has it, that would be the same message twice.
impl Clone for Closing {
    fn clone(&self) -> Self {
        unreachable!("no type implements `CloneOfTask`")
    }
}

impl<F> Clone for Instrumented<F>
where
    for<'a> Record<'a>: CloneOfTask,
{
    fn clone(&self) -> Self {
        unreachable!("no type implements `CloneOfTask`")
    }
}
