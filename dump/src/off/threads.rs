//! OS threads, none of which is listed.

use std::fmt;
use std::time::Duration;

use super::Task;
use birthmark_core::__reader::absent;

absent! {
    #[derive(Clone, Debug)]
    pub struct NativeFrame {
        fn address(&self) -> u64;
        fn function(&self) -> Option<&str>;
        fn file(&self) -> Option<&str>;
        fn line(&self) -> Option<u32>;
        fn column(&self) -> Option<u32>;
        fn is_inlined(&self) -> bool;
    }

    #[derive(Clone, Debug)]
    pub struct OsThread {
        fn id(&self) -> u64;
        fn name(&self) -> &str;
        fn state(&self) -> &ThreadState;
        fn is_uninterruptible(&self) -> bool;
        fn cpu_time(&self) -> Option<Duration>;
        fn tasks(&self) -> &[Task];
        fn may_be_stale(&self) -> bool;
        fn stack(&self) -> Option<Result<&NativeStack, StackError>>;
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SystemCall {
        fn number(&self) -> i64;
        fn name(&self) -> Option<&'static str>;
        fn descriptor(&self) -> Option<i32>;
    }
}

absent!(impl Display for NativeFrame, SystemCall);

#[derive(Clone, Debug, Default)]
pub struct NativeStack(());

impl NativeStack {
    #[inline]
    pub fn frames(&self) -> &[NativeFrame] {
        &[]
    }

    #[inline]
    pub fn is_complete(&self) -> bool {
        false
    }

    #[inline]
    pub fn frames_of_task(&self) -> &[NativeFrame] {
        &[]
    }
}

impl fmt::Display for NativeStack {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StackError {
    Feature,
    Platform,
    Blocked,
    NoAnswer,
    Ended,
    SignalTaken,
    Busy,
    Interruptible,
    LittleStack,
    CallUnknown,
    Refused,
    Traced,
    NoRegisters,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadState {
    Running,
    InCall(SystemCall),
    OutsideCall,
    Waiting { function: Option<String> },
    Stopped,
    Signalled { signal: u16 },
    Ended,
    Other,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for ThreadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
