//! Tasks, of which there are none.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::threads::{NativeStack, StackError};
use birthmark_core::__reader::absent;
use birthmark_core::{FrameSite, Kind, Labels, Name, Outcome, Site, TaskId, TaskRef};

absent! {
    #[derive(Clone, Debug)]
    pub struct AwaitFrame {
        fn source(&self) -> FrameSource;
        fn depth(&self) -> usize;
        fn name(&self) -> &str;
        fn site(&self) -> Option<&'static FrameSite>;
        fn is_idle(&self) -> bool;
        fn location(&self) -> Option<&AwaitLocation>;
        fn type_name(&self) -> Option<&str>;
        fn via(&self) -> &[String];
        fn receiver(&self) -> Option<&AwaitReceiver>;
        fn locals(&self) -> &[LocalVariable];
        fn missing(&self) -> Option<&MissingFrames>;
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AwaitLocation {
        fn file(&self) -> &str;
        fn line(&self) -> u32;
        fn last_line(&self) -> u32;
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AwaitReceiver {
        fn name(&self) -> &str;
        fn type_name(&self) -> &str;
        fn address(&self) -> u64;
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LocalVariable {
        fn name(&self) -> &str;
        fn type_name(&self) -> &str;
        fn value(&self) -> Option<&str>;
        fn is_redacted(&self) -> bool;
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    pub struct MissingFrames {
        fn cause(&self) -> &str;
        fn remedy(&self) -> Option<&'static str>;
    }

    #[derive(Clone, Debug)]
    pub struct DroppedAwait {
        fn site(&self) -> &'static FrameSite;
        fn function(&self) -> &'static str;
        fn dropped(&self) -> u64;
        fn of(&self) -> Option<u64>;
        fn past(&self) -> u64;
        fn passed(&self) -> Option<&'static FrameSite>;
    }

    #[derive(Clone, Debug)]
    pub struct GoneTask {
        fn id(&self) -> TaskId;
        fn name(&self) -> Option<&Name>;
        fn role(&self) -> &'static str;
        fn kind(&self) -> Kind;
        fn site(&self) -> &'static Site;
        fn parent(&self) -> Option<TaskId>;
        fn parent_role(&self) -> Option<&str>;
        fn outcome(&self) -> Outcome;
        fn time_since_end(&self) -> Option<Duration>;
        fn lifetime(&self) -> Option<Duration>;
        fn polls(&self) -> u32;
        fn message(&self) -> Option<&str>;
        fn is_message_truncated(&self) -> bool;
        fn panic_place(&self) -> Option<&PanicPlace>;
        fn dropped_by(&self) -> Option<&DroppedBy>;
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    pub struct PanicPlace {
        fn file(&self) -> &str;
        fn line(&self) -> u32;
        fn column(&self) -> u32;
    }

    #[derive(Clone, Debug)]
    pub struct Ancestor {
        fn id(&self) -> TaskId;
        fn role(&self) -> &str;
        fn name(&self) -> Option<&Name>;
        fn site(&self) -> Option<&'static Site>;
        fn elided_before(&self) -> u64;
    }

    #[derive(Clone, Debug)]
    pub struct Lineage {
        fn is_complete(&self) -> bool;
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TaskSpan {
        fn name(&self) -> &'static str;
        fn fields(&self) -> &Labels;
    }

    #[derive(Clone, Debug)]
    pub struct SpawnStack {
        fn native(&self) -> Result<&NativeStack, StackError>;
        fn awaits(&self) -> &[&'static FrameSite];
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Frame {
        fn site(&self) -> &'static FrameSite;
        fn depth(&self) -> usize;
        fn is_idle(&self) -> bool;
    }

    #[derive(Clone, Debug)]
    pub struct Task {
        fn id(&self) -> TaskId;
        fn name(&self) -> Option<&Name>;
        fn labels(&self) -> &Labels;
        fn label(&self, key: &str) -> Option<&str>;
        fn task_locals(&self) -> &Labels;
        fn span(&self) -> Option<&TaskSpan>;
        fn role(&self) -> &str;
        fn site(&self) -> Option<&'static Site>;
        fn kind(&self) -> Kind;
        fn state(&self) -> State;
        fn time_in_state(&self) -> Option<Duration>;
        fn age(&self) -> Option<Duration>;
        fn polls(&self) -> u32;
        fn woken_by(&self) -> Option<&WokenBy>;
        fn has_no_waker(&self) -> bool;
        fn is_suspended(&self) -> bool;
        fn stack(&self) -> &Stack;
        fn awaits(&self) -> Option<&AwaitStack>;
        fn is_root(&self) -> bool;
        fn is_pooled(&self) -> bool;
        fn runs_no_task(&self) -> bool;
        fn parent(&self) -> Option<TaskId>;
        fn lineage(&self) -> &Lineage;
        fn outcome(&self) -> Option<Outcome>;
        fn spawn_stack(&self) -> Option<SpawnStack>;
    }
}

absent!(impl Display for AwaitFrame, AwaitLocation, LocalVariable, MissingFrames, DroppedAwait, GoneTask, PanicPlace, Ancestor, Lineage, TaskSpan, Task);

impl Task {
    #[inline]
    pub fn of(task: &TaskRef<'_>) -> Task {
        unreachable!("no task is recorded")
    }
}

impl Deref for Lineage {
    type Target = [Ancestor];

    #[inline]
    fn deref(&self) -> &[Ancestor] {
        match self.never {}
    }
}

impl<'a> IntoIterator for &'a Lineage {
    type Item = &'a Ancestor;
    type IntoIter = std::slice::Iter<'a, Ancestor>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Stack(());

impl Stack {
    #[inline]
    pub fn frames(&self) -> &[Frame] {
        &[]
    }

    #[inline]
    pub fn omitted_frames(&self) -> u32 {
        0
    }

    #[inline]
    pub fn may_be_stale(&self) -> bool {
        false
    }

    #[inline]
    pub fn is_unrecorded(&self) -> bool {
        true
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Default)]
pub struct AwaitStack(());

impl AwaitStack {
    #[inline]
    pub fn frames(&self) -> &[AwaitFrame] {
        &[]
    }

    #[inline]
    pub fn waits_for(&self) -> Option<&str> {
        None
    }

    #[inline]
    pub fn missing(&self) -> Option<&MissingFrames> {
        None
    }

    #[inline]
    pub fn is_newer(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameSource {
    Instrumented,
    DebugInfo,
    Both,
}

impl FrameSource {
    pub const fn as_str(self) -> &'static str {
        match self {
            FrameSource::Instrumented => "instrumented",
            FrameSource::DebugInfo => "debug-info",
            FrameSource::Both => "both",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    Created,
    Delayed,
    Running { thread: Option<u64> },
    Blocked { thread: Option<u64> },
    Idle,
    Runnable,
    Waiting,
    Suspended,
    Ended(Outcome),
}

impl State {
    #[inline]
    pub fn is_suspended(self) -> bool {
        matches!(self, State::Runnable | State::Waiting | State::Suspended)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DroppedBy {
    Task {
        id: TaskId,
        label: Arc<str>,
        thread: Arc<str>,
        has_ended: bool,
    },
    BlockOn {
        id: TaskId,
        label: Arc<str>,
    },
    Thread {
        id: u64,
        name: Arc<str>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WokenBy {
    Itself,
    Task { id: TaskId, label: Option<Arc<str>> },
    Thread { id: Option<u64>, name: Arc<str> },
}

#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BadEnds {
    pub site: &'static Site,
    pub panicked: u64,
    pub cancelled: u64,
    pub refused: u64,
}

/// Displays values that nothing returns.
macro_rules! shown_as_debug {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    )*};
}

shown_as_debug!(Stack, AwaitStack, State, DroppedBy, WokenBy);
