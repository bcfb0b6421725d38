//! The frames of a task, as a program sees them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ptr;
use std::sync::Arc;

use birthmark_core::__reader::record::frames::FrameSnapshot;
use birthmark_core::FrameSite;

/// The frames of a task: its logical stack.
///
/// Each `.await` in instrumented code that the task is inside of is a [`Frame`]. The frames are a tree, because a
/// task may wait on several branches at once. They are listed outermost first, each followed by the frames inside of
/// it.
///
/// Code that is not instrumented has no frame, for example a combinator of a library. The frames of the futures
/// inside of it are shown.
///
/// Displayed, a frame is a line, indented by its depth:
///
/// ```text
/// in Server::run at src/server.rs:31:14, awaiting self.next_request
///   in Server::next_request at src/server.rs:40:27, awaiting self.requests.recv
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub(crate) frames: Arc<FrameTree>,
    pub(crate) stale: bool,
    pub(crate) unrecorded: bool,
}

/// One `.await` that a task is inside of.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    site: &'static FrameSite,
    depth: u8,
    idle: bool,
}

/// Follows a frame whose future exists and is not awaited now.
pub(crate) const NOT_POLLED: &str = " (kept, not polled)";

/// Marks frames that belong to futures without a record.
pub const UNRECORDED: &str = "polled here, in futures without a record";

/// The frames themselves, which many tasks may share.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FrameTree {
    pub(crate) frames: Vec<Frame>,
    pub(crate) omitted: u32,
}

impl Stack {
    /// Returns the frames, outermost first, each followed by the frames inside of it.
    pub fn frames(&self) -> &[Frame] {
        &self.frames.frames
    }

    /// Returns the number of frames that are not shown. A record has room for 14.
    pub fn omitted_frames(&self) -> u32 {
        self.frames.omitted
    }

    /// Returns `true` if the task was running when its frames were read. The frames of a running task may be
    /// outdated; those of a suspended task are exact.
    pub fn may_be_stale(&self) -> bool {
        self.stale
    }

    /// Returns `true` if the frames belong to futures without a record that the task has polled. The task is then a
    /// thread of a pool and awaits nothing itself.
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded
    }

    /// Returns `true` if there is no frame, because the task is not in instrumented code or has not started.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

impl Stack {
    /// Returns `true` if both are known to be the same.
    pub(crate) fn is_same(&self, other: &Stack) -> bool {
        !self.stale && !other.stale && self.frames == other.frames
    }
}

impl Frame {
    /// Returns the `.await`.
    pub fn site(&self) -> &'static FrameSite {
        self.site
    }

    /// Returns the number of frames around this one.
    pub fn depth(&self) -> usize {
        self.depth.into()
    }

    /// Returns `true` if the future still exists, but nothing awaits it now.
    pub fn is_idle(&self) -> bool {
        self.idle
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.site, other.site) && (self.depth, self.idle) == (other.depth, other.idle)
    }
}

impl Eq for Frame {}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (ptr::from_ref(self.site), self.depth, self.idle).hash(state);
    }
}

impl FrameTree {
    pub(crate) fn new(snapshot: &FrameSnapshot) -> Self {
        let mut frames = Vec::new();
        Walk {
            snapshot,
            frames: &mut frames,
            seen: 0,
        }
        .inside(0, 0, false);
        FrameTree {
            frames,
            omitted: snapshot.omitted_frames(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.omitted == 0
    }
}

/// A walk over frames. If they were read from a running task, they may form no tree.
struct Walk<'a> {
    snapshot: &'a FrameSnapshot,
    frames: &'a mut Vec<Frame>,
    seen: u64,
}

impl Walk<'_> {
    fn inside(&mut self, outer: usize, depth: u8, idle: bool) {
        for (index, site) in self.snapshot.inside(outer) {
            if self.seen & 1 << index != 0 {
                continue;
            }
            self.seen |= 1 << index;
            if let Some(site) = site {
                self.frames.push(Frame { site, depth, idle });
            }
            let (depth, idle) = site.map_or((depth, true), |_| (depth + 1, false));
            self.inside(index, depth, idle);
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl Stack {
    /// Writes a line for each frame, each with an indent before it.
    pub(crate) fn write(&self, out: &mut impl fmt::Write, indent: &str) -> fmt::Result {
        if self.unrecorded && !self.is_empty() {
            writeln!(out, "{indent}{UNRECORDED}:")?;
        }
        for frame in self.frames() {
            write!(
                out,
                "{indent}{:1$}in {2}",
                "",
                2 * frame.depth(),
                frame.site
            )?;
            out.write_str(if frame.idle { NOT_POLLED } else { "" })?;
            out.write_str("\n")?;
        }
        match self.omitted_frames() {
            0 => {}
            more => writeln!(out, "{indent}and {more} more, beyond the room for frames")?,
        }
        if self.stale && !self.is_empty() {
            writeln!(out, "{indent}(it runs, and may have moved on)")?;
        }
        Ok(())
    }
}
