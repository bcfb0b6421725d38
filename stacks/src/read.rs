//! The way from a root to its stack.

use crate::debug_info::DebugInfo;
use crate::dwarf::TypeRef;
use crate::guard::Guard;
use crate::memory::{Memory, Pages};
use crate::missing::Missing;
use crate::names;
use crate::options::Options;
use crate::root::{Anchor, Root};
use crate::stack::Stack;
use crate::walk::{Walk, leaves};

impl DebugInfo {
    /// Returns the stack of a task.
    ///
    /// The stack is read again if the guard's count has changed meanwhile, up to [`Limits::attempts`](crate::Limits::attempts) times.
    pub fn stack(
        &mut self,
        memory: &dyn Memory,
        root: &Root,
        guard: &dyn Guard,
        options: &Options,
    ) -> Stack {
        self.begin(options.limits.entries);
        let of_type = match self.type_of_root(root) {
            Ok(of_type) => of_type,
            Err(_) if self.is_exhausted() => return Stack::missing(Missing::Limit),
            Err(missing) => return Stack::missing(missing),
        };
        let pages = Pages::new(memory, options.limits.bytes);
        for _ in 0..options.limits.attempts.max(1) {
            let before = guard.sequence();
            if before.is_none_or(|count| count % 2 == 1) {
                std::hint::spin_loop();
                continue;
            }
            pages.clear();
            let mut walk = Walk::new(self, &pages, options);
            let (frames, missing) = walk.root(root.address, of_type);
            let uses = match options.uses {
                true => walk.uses(root.address, of_type),
                false => Vec::new(),
            };
            // Reads of memory are complete before the count is read again.
            std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
            if guard.sequence() == before {
                let leaves = leaves(&frames);
                return Stack {
                    frames,
                    missing,
                    uses,
                    leaves,
                };
            }
        }
        Stack::missing(Missing::Running)
    }

    /// Returns `false` if the root is that of a task of tokio whose `JoinHandle` was dropped, so that nothing can wait for the
    /// task. Returns `None` if it is not known to be a task of tokio.
    ///
    /// ```no_run
    /// # use birthmark_stacks::{DebugInfo, Memory, Root};
    /// # fn look(info: &mut DebugInfo, memory: &dyn Memory, root: &Root) {
    /// if info.has_join_handle(memory, root) == Some(false) {
    ///     println!("the JoinHandle was dropped");
    /// }
    /// # }
    /// ```
    pub fn has_join_handle(&mut self, memory: &dyn Memory, root: &Root) -> Option<bool> {
        let options = Options::new();
        self.begin(options.limits.entries);
        let near = match &root.anchor {
            Anchor::Function { address, .. } => self.function_at(*address).ok()?.0,
            Anchor::Vtable { address } => self.type_of_vtable(*address).ok()?,
        };
        let pages = Pages::new(memory, options.limits.bytes);
        Walk::new(self, &pages, &options).has_join_handle(root.address, near)
    }

    /// Returns the type of a root if it fits.
    fn type_of_root(&mut self, root: &Root) -> Result<TypeRef, Missing> {
        let of_type = match &root.anchor {
            Anchor::Function { address, parameter } => self.type_of_function(*address, parameter),
            Anchor::Vtable { address } => self.type_of_vtable(*address),
        }?;
        let not_found = Missing::TypeNotFound {
            address: root.anchor.address(),
        };
        let (of_type, found) = self.resolve(of_type).ok_or(not_found)?;
        match (root.size, found.size) {
            (Some(expected), Some(found)) if expected != found => {
                return Err(Missing::SizeDiffers { expected, found });
            }
            _ => {}
        }
        match &root.type_name {
            Some(expected) if !names::may_be_same(expected, &found) => Err(Missing::NameDiffers {
                expected: expected.clone(),
                found: names::full_path(&found),
            }),
            _ => Ok(of_type),
        }
    }
}

impl Stack {
    fn missing(missing: Missing) -> Self {
        Self {
            missing: Some(missing),
            ..Self::default()
        }
    }
}
