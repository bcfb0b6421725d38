//! Values behind raw pointers of known collections, and elements of slices.

use super::{Place, Position, Walk};
use crate::dwarf::{Kind, Type, TypeRef};
use crate::known::Collection;
use crate::stack::Frame;

impl Walk<'_> {
    pub(super) fn collection(
        &mut self,
        place: Place,
        of_type: &Type,
        collection: Collection,
        depth: usize,
    ) -> Vec<Frame> {
        let frames = match collection {
            Collection::Vec => self.vec(place, depth),
            Collection::JoinHandle => self
                .join_handle(place, of_type, depth)
                .map(|frame| vec![frame]),
            Collection::JoinSet => self.join_set(place, depth),
            Collection::FuturesUnordered => self.futures_unordered(place, of_type, depth),
        };
        frames.unwrap_or_default()
    }

    /// Enters the elements of a slice behind a wide pointer.
    pub(super) fn slice(
        &mut self,
        place: Place,
        pointer: u64,
        length: u64,
        element: TypeRef,
        position: Position,
        depth: usize,
    ) -> Vec<Frame> {
        match self.slice_parts(place, pointer, length, element) {
            Some((address, length, element)) => {
                self.elements(address, element, length, position, depth)
            }
            None => Vec::new(),
        }
    }

    /// Returns the address of the first element of a slice, the number of elements and their type. `pointer` and `length`
    /// are the offsets of the two words, and the first one has the type `element`.
    pub(super) fn slice_parts(
        &mut self,
        place: Place,
        pointer: u64,
        length: u64,
        element: TypeRef,
    ) -> Option<(u64, u64, TypeRef)> {
        let word = |offset: u64| self.pages.pointer(place.address.checked_add(offset)?);
        let (address, length) = (word(pointer)?, word(length)?);
        match self.get(element)?.kind {
            Kind::Pointer { target } => Some((address, length, target?)),
            _ => None,
        }
    }

    /// Enters values that follow each other.
    pub(super) fn elements(
        &mut self,
        address: u64,
        element: TypeRef,
        count: u64,
        position: Position,
        depth: usize,
    ) -> Vec<Frame> {
        let mut frames = Vec::new();
        if position == Position::Data && !self.may_await(element) {
            return frames;
        }
        self.each_element(address, element, count, |walk, place| match position {
            Position::Future => frames.extend(walk.branch(place, depth + 1)),
            Position::Data => frames.extend(walk.enter(place, position, depth + 1)),
        });
        frames
    }

    /// Calls `f` with each of the values that follow each other, until a limit is reached.
    pub(super) fn each_element(
        &mut self,
        address: u64,
        element: TypeRef,
        count: u64,
        mut f: impl FnMut(&mut Self, Place),
    ) {
        let size = self.get(element).and_then(|of_type| of_type.size);
        let Some(size) = size.filter(|size| *size > 0) else {
            return;
        };
        for index in 0..count {
            if !self.has_nodes() {
                return;
            }
            let offset = index.checked_mul(size);
            let Some(address) = offset.and_then(|offset| address.checked_add(offset)) else {
                return;
            };
            let of_type = element;
            f(self, Place { address, of_type });
        }
    }

    fn vec(&mut self, place: Place, depth: usize) -> Option<Vec<Frame>> {
        let (first, length, element) = self.vec_parts(place)?;
        Some(self.elements(first, element, length, Position::Data, depth))
    }

    /// Returns the address of the first element of a `Vec`, the number of elements and their type.
    pub(super) fn vec_parts(&mut self, place: Place) -> Option<(u64, u64, TypeRef)> {
        let (_, element) = *self.get(place.of_type)?.parameters.first()?;
        let length = self.field(place, "len")?;
        let length = self.pages.pointer(length.address)?;
        let buffer = self.field(place, "buf")?;
        let (first, _) = self.first_pointer(buffer)?;
        Some((first, length, element))
    }

    /// Returns the pointer that a chain of wrappers, such as `RawVec` and `Unique`, contains, and its type.
    pub(super) fn first_pointer(&mut self, start: Place) -> Option<(u64, TypeRef)> {
        const PATH: [&str; 4] = ["inner", "pointer", "ptr", "raw"];
        let mut place = start;
        for _ in 0..8 {
            let of_type = self.get(place.of_type)?;
            if let Kind::Pointer { target } = of_type.kind {
                return Some((self.pages.pointer(place.address)?, target?));
            }
            let member = of_type
                .members()
                .iter()
                .find(|member| PATH.contains(&&*member.name))?;
            place = place.member(member)?;
        }
        None
    }

    /// Enters the tasks of a `FuturesUnordered`.
    fn futures_unordered(
        &mut self,
        place: Place,
        of_type: &Type,
        depth: usize,
    ) -> Option<Vec<Frame>> {
        let mut frames = Vec::new();
        for future in self.unordered_futures(place, of_type)? {
            frames.extend(self.branch(future, depth + 1));
        }
        Some(frames)
    }

    /// Returns the futures of a `FuturesUnordered`, whose tasks are linked by `next_all`. The oldest comes first.
    pub(super) fn unordered_futures(&mut self, place: Place, of_type: &Type) -> Option<Vec<Place>> {
        let (mut task, task_type) = self.atomic_pointer(place, of_type, "head_all")?;
        let node = self.get(task_type)?;
        let future = node.member("future")?;
        let mut futures = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while task != 0 && seen.insert(task) {
            if !self.take_node() {
                break;
            }
            let place = Place {
                address: task,
                of_type: task_type,
            };
            futures.push(place.member(future)?);
            let Some((next, _)) = self.atomic_pointer(place, &node, "next_all") else {
                break;
            };
            task = next;
        }
        // The newest task is at the head.
        futures.reverse();
        Some(futures)
    }

    /// Reads a member that is an `AtomicPtr`, and returns its target's address and type.
    fn atomic_pointer(
        &mut self,
        place: Place,
        of_type: &Type,
        name: &str,
    ) -> Option<(u64, TypeRef)> {
        let member = of_type.member(name)?;
        let address = self.pages.pointer(place.member(member)?.address)?;
        let atomic = self.get(member.of_type)?;
        // Either `AtomicPtr<T>` or `Atomic<*mut T>`.
        let (_, parameter) = *atomic.parameters.first()?;
        let target = match &self.get(parameter)?.kind {
            Kind::Pointer { target } => (*target)?,
            _ => parameter,
        };
        Some((address, target))
    }
}
