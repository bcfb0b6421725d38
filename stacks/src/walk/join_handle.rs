//! The task that a `JoinHandle` of tokio waits for, and whether a task has such a handle.
//!
//! A handle points to the header of the task's cell. The header's vtable has a function `poll<T, S>`, whose name has
//! the type arguments of the cell's `Core<T, S>`, and the offsets of the core's first members.

use super::{Place, Position, Walk};
use crate::dwarf::{Kind, Type, TypeRef};
use crate::missing::Missing;
use crate::names;
use crate::stack::Frame;

/// Bit of a task's state that is set while the task is polled.
const RUNNING: u64 = 1;
/// Bit of a task's state that is set once the task has ended.
const COMPLETE: u64 = 2;

/// Bit of a task's state that is set until its `JoinHandle` is dropped.
const JOIN_INTEREST: u64 = 8;
/// Alignments of a task's cell, which begins with the header. It is that of a pair of cache lines.
const CELL_ALIGNMENTS: [u64; 3] = [128, 64, 32];

/// Namespace of `Core` and `Header`.
const CORE: [&str; 4] = ["tokio", "runtime", "task", "core"];

impl Walk<'_> {
    pub(super) fn join_handle(
        &mut self,
        place: Place,
        of_type: &Type,
        depth: usize,
    ) -> Option<Frame> {
        let mut frame = self.frame(place, of_type, names::path(of_type));
        let Some((address, header)) = self.first_pointer(place) else {
            return Some(frame);
        };
        let header = Place {
            address,
            of_type: header,
        };
        let Some(state) = self.task_state(header) else {
            return Some(frame);
        };
        match state {
            state if state & COMPLETE != 0 => {}
            state if state & RUNNING != 0 => frame.missing = Some(Missing::Running),
            state => match self.task_frames(header, depth) {
                Ok((id, frames)) => {
                    frame.task = id;
                    // The guard of the walk is not that of the other task.
                    self.pages.clear();
                    match self.task_state(header) == Some(state) {
                        true => frame.children = frames,
                        false => frame.missing = Some(Missing::Running),
                    }
                }
                Err(missing) => frame.missing = Some(missing),
            },
        }
        Some(frame)
    }

    /// Returns whether the task with a root future has a `JoinHandle`, if it is one of tokio. `near` is a function that knows
    /// the future.
    pub(crate) fn has_join_handle(&mut self, future: u64, near: TypeRef) -> Option<bool> {
        let header = self.info.find_struct(near, "Header", &CORE)?;
        CELL_ALIGNMENTS.iter().find_map(|alignment| {
            let header = Place {
                address: future & !(alignment - 1),
                of_type: header,
            };
            // The address is a guess until the header leads to the memory that the future is in.
            let (_, stage) = self.stage(header).ok()?;
            let end = stage.address.checked_add(self.get(stage.of_type)?.size?)?;
            let is_inside = (stage.address..end).contains(&future);
            let state = self.task_state(header).filter(|_| is_inside)?;
            Some(state & JOIN_INTEREST != 0)
        })
    }

    fn task_state(&mut self, header: Place) -> Option<u64> {
        let state = self.field(header, "state")?;
        self.pages.pointer(state.address)
    }

    /// Returns the id and the frames of a task.
    fn task_frames(
        &mut self,
        header: Place,
        depth: usize,
    ) -> Result<(Option<u64>, Vec<Frame>), Missing> {
        let (id, stage) = self.stage(header)?;
        Ok((id, self.enter(stage, Position::Future, depth + 1)))
    }

    /// Returns the id of a task, and the memory of its future.
    pub(super) fn stage(&mut self, header: Place) -> Result<(Option<u64>, Place), Missing> {
        let unreadable = Missing::Unreadable {
            address: header.address,
        };
        let vtable = self.vtable(header).ok_or(unreadable.clone())?;
        let word = |walk: &mut Self, name| {
            let field = walk.field(vtable, name)?;
            walk.pages.pointer(field.address)
        };
        let (Some(poll), Some(scheduler_offset), Some(id_offset)) = (
            word(self, "poll"),
            word(self, "scheduler_offset"),
            word(self, "id_offset"),
        ) else {
            return Err(unreadable);
        };
        let not_found = Missing::TypeNotFound { address: poll };
        let core = self.core(poll)?.ok_or(not_found.clone())?;
        let at = |offset: u64| header.address.checked_add(offset).ok_or(not_found.clone());
        // Both of the vtable's offsets must fit the type.
        let offset = |walk: &mut Self, name| {
            walk.field(
                Place {
                    address: 0,
                    of_type: core,
                },
                name,
            )
            .map(|it| it.address)
        };
        let (Some(scheduler), Some(id)) = (offset(self, "scheduler"), offset(self, "task_id"))
        else {
            return Err(not_found);
        };
        let start = at(scheduler_offset)?.wrapping_sub(scheduler);
        if start.wrapping_add(id) != at(id_offset)? {
            return Err(not_found);
        }
        let id = self.pages.pointer(at(id_offset)?);
        let stage = self
            .field(
                Place {
                    address: start,
                    of_type: core,
                },
                "stage",
            )
            .ok_or(not_found)?;
        Ok((id, stage))
    }

    /// Returns the vtable that a header points to.
    fn vtable(&mut self, header: Place) -> Option<Place> {
        let field = self.field(header, "vtable")?;
        let address = self.pages.pointer(field.address)?;
        match self.get(field.of_type)?.kind {
            Kind::Pointer { target } => Some(Place {
                address,
                of_type: target?,
            }),
            _ => None,
        }
    }

    /// Returns the type `Core<T, S>` of the task with this function `poll<T, S>`.
    fn core(&mut self, poll: u64) -> Result<Option<TypeRef>, Missing> {
        let (function, name) = self.info.function_at(poll)?;
        let Some(arguments) = name.strip_prefix("poll") else {
            return Ok(None);
        };
        Ok(self
            .info
            .find_struct(function, &format!("Core{arguments}"), &CORE))
    }
}
