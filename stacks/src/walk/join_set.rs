//! The tasks of a `JoinSet` of tokio.
//!
//! The set has two lists of `JoinHandle`s behind an `Arc` and a lock: those whose task has ended since the last poll,
//! and the others. A waker moves an entry from one list to the other without a poll. So an entry that is moved while
//! the lists are read may be missing.

use std::collections::HashSet;

use super::{Place, Position, Walk};
use crate::dwarf::TypeRef;
use crate::stack::Frame;

/// Number of values that a search for a member visits.
const MAX_SEARCHED: usize = 64;

impl Walk<'_> {
    pub(super) fn join_set(&mut self, place: Place, depth: usize) -> Option<Vec<Frame>> {
        let mut frames = Vec::new();
        for handle in self.handles_of_set(place)? {
            frames.extend(self.enter(handle, Position::Future, depth + 1));
        }
        Some(frames)
    }

    /// Returns the handles of a set.
    pub(super) fn handles_of_set(&mut self, place: Place) -> Option<Vec<Place>> {
        let set = self.field(place, "inner")?;
        let shared = self.field(set, "lists")?;
        let (address, of_type) = self.first_pointer(shared)?;
        let inner = self.field(Place { address, of_type }, "data")?;
        let lists = self.inside(inner, "ListsInner<")?;
        let mut handles = Vec::new();
        for name in ["notified", "idle"] {
            let list = self.field(lists, name)?;
            let head = self.field(list, "head")?;
            handles.extend(self.linked_handles(head)?);
        }
        Some(handles)
    }

    /// Returns the handles of a list that begins with an `Option<NonNull<ListEntry>>`.
    fn linked_handles(&mut self, head: Place) -> Option<Vec<Place>> {
        let mut handles = Vec::new();
        let mut seen = HashSet::new();
        let entry = self.optional_target(head)?;
        let mut next = self.pages.pointer(head.address)?;
        while next != 0 && seen.insert(next) {
            if !self.take_node() {
                break;
            }
            let place = Place {
                address: next,
                of_type: entry,
            };
            handles.push(self.field(place, "value")?);
            let pointers = self.field(place, "pointers")?;
            let links = self.inside(pointers, "PointersInner<")?;
            next = self.pages.pointer(self.field(links, "next")?.address)?;
        }
        Some(handles)
    }

    /// Returns the type that an `Option<NonNull<T>>` points to.
    fn optional_target(&mut self, place: Place) -> Option<TypeRef> {
        let option = self.get(place.of_type)?;
        for payload in option.payloads() {
            let payload = self.get(payload.of_type)?;
            if let Some(pointer) = payload.members().first() {
                let (_, target) = *self.get(pointer.of_type)?.parameters.first()?;
                return Some(target);
            }
        }
        None
    }

    /// Returns the struct inside of a value whose name begins so.
    fn inside(&mut self, place: Place, name: &str) -> Option<Place> {
        let mut open = vec![place];
        for _ in 0..MAX_SEARCHED {
            let place = open.pop()?;
            let of_type = self.get(place.of_type)?;
            if of_type.name.starts_with(name) {
                return Some(place);
            }
            for member in of_type.members() {
                open.push(place.member(member)?);
            }
        }
        None
    }
}
