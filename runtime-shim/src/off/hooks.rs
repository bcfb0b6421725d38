//! Hooks that are never called.

use core::convert::Infallible;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::panic::Location;
use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};

use super::absent::absent;
use super::values::{Labels, Name, Site};
use crate::{Kind, Outcome, TaskId};

absent! {
    #[derive(Clone, Copy, Debug)]
    pub struct TaskRef<'a> {
        fn id(&self) -> TaskId;
        fn site(&self) -> &'static Site;
        fn role(&self) -> &'static str;
        fn parent(&self) -> Option<TaskId>;
        fn name(&self) -> Option<Name>;
        fn labels(&self) -> Labels;
        fn label(&self, key: &str) -> Option<String>;
        fn is_root(&self) -> bool;
        fn polls(&self) -> u32;
        fn age(&self) -> Option<Duration>;
    }

    #[derive(Clone, Debug)]
    pub struct SubtreeTask {
        fn id(&self) -> TaskId;
        fn site(&self) -> &'static Site;
        fn role(&self) -> &'static str;
        fn kind(&self) -> Kind;
        fn is_aborted(&self) -> bool;
    }

    #[derive(Clone, Debug)]
    pub struct Exceeded {
        fn task(&self) -> Option<TaskId>;
        fn site(&self) -> Option<&'static Site>;
        fn location(&self) -> &'static Location<'static>;
        fn deadline(&self) -> Instant;
        fn timeout(&self) -> Duration;
        fn is_enforced(&self) -> bool;
        fn tasks(&self) -> &[SubtreeTask];
    }

    #[derive(Clone, Debug)]
    pub struct Refusal {
        fn site(&self) -> &'static Site;
        fn reason(&self) -> &str;
    }
}

absent!(impl Display for SubtreeTask, Refusal);

impl Error for Refusal {}

#[derive(Debug)]
pub struct Spawn<'a> {
    never: Infallible,
    _life: PhantomData<&'a ()>,
}

impl<'a> Spawn<'a> {
    #[inline]
    pub fn set_name(&mut self, name: impl fmt::Display) {
        match self.never {}
    }

    #[inline]
    pub fn set_label(&mut self, key: &str, value: impl fmt::Display) {
        match self.never {}
    }

    #[inline]
    pub fn enter_with<G: 'static>(&mut self, enter: impl FnMut() -> G + Send + 'static) {
        match self.never {}
    }

    #[inline]
    pub fn attach(&mut self, attachment: impl Attachment) {
        match self.never {}
    }

    #[inline]
    pub fn delay_until(&mut self, ready: impl Future<Output = ()> + Send + 'static) {
        match self.never {}
    }

    #[inline]
    pub fn refuse(&mut self, reason: impl Into<String>) {
        match self.never {}
    }

    #[inline]
    pub fn kind(&self) -> Kind {
        match self.never {}
    }
}

impl<'a> Deref for Spawn<'a> {
    type Target = TaskRef<'a>;

    #[inline]
    fn deref(&self) -> &TaskRef<'a> {
        match self.never {}
    }
}

#[derive(Debug)]
pub struct Loan<'a> {
    never: Infallible,
    _life: PhantomData<&'a ()>,
}

impl<'a> Loan<'a> {
    #[inline]
    pub fn enter_with<G: 'static>(&mut self, enter: impl FnMut() -> G + Send + 'static) {
        match self.never {}
    }

    #[inline]
    pub fn attach(&mut self, attachment: impl Attachment) {
        match self.never {}
    }
}

impl<'a> Deref for Loan<'a> {
    type Target = TaskRef<'a>;

    #[inline]
    fn deref(&self) -> &TaskRef<'a> {
        match self.never {}
    }
}

pub trait SpawnHook: Send + Sync + 'static {
    fn on_spawn(&self, spawn: &mut Spawn<'_>);
    fn on_start(&self, task: &TaskRef<'_>) {}
    fn on_end(&self, task: &TaskRef<'_>, outcome: Outcome) {}
    fn on_refusal(&self, task: &TaskRef<'_>, refusal: &Refusal) {}
    fn on_exceeded(&self, exceeded: &Exceeded) {}
    fn on_loan(&self, loan: &mut Loan<'_>) {}
    fn wants_lifecycle(&self) -> bool {
        true
    }
}

impl<F: Fn(&mut Spawn<'_>) + Send + Sync + 'static> SpawnHook for F {
    fn on_spawn(&self, spawn: &mut Spawn<'_>) {
        self(spawn);
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

pub trait Attachment: Send + 'static {
    fn enter(&mut self);
    fn exit(&mut self);
    fn end(&mut self, task: &TaskRef<'_>, outcome: Outcome) {}
}

#[inline]
pub fn add_hook(hook: impl SpawnHook) -> HookHandle {
    HookHandle(())
}

#[inline]
pub fn set_hook(hook: impl SpawnHook) -> Result<(), SetHookError> {
    Ok(())
}

#[inline]
pub fn catch_refusal<R>(f: impl FnOnce() -> R) -> Result<R, Refusal> {
    Ok(f())
}

#[derive(Debug)]
pub struct HookHandle(());

impl HookHandle {
    #[inline]
    pub fn remove(self) {}

    #[inline]
    pub fn forget(self) {}
}

/// Does nothing. The type has a destructor because it has one while birthmark is on.
impl Drop for HookHandle {
    #[inline]
    fn drop(&mut self) {}
}

absent! {
    #[derive(Debug)]
    pub struct SetHookError {}
}

absent!(impl Display for SetHookError);

impl Error for SetHookError {}
