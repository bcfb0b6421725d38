//! The walk from a root future through memory.
//!
//! A future is one of these:
//!
//! - **A state machine**, made of an `async fn` or block. Its state selects a variant, and the variant's member
//!   `__awaitee` is the future that it awaits.
//! - **A pointer** that owns or exclusively borrows a future: `Box`, `&mut`, and their trait objects, whose vtable leads
//!   to the type.
//! - **Another type**. Nothing tells which of its members it polls, so the walk enters all members whose type can
//!   contain a state machine or a trait object. The type is a leaf if nothing is found in them.
//!
//! Shared pointers are not followed. Other owners may change what is behind them.

mod collections;
mod coroutine;
mod join_handle;
mod join_set;
mod lines;
mod roles;
mod shadowed;
mod uses;
mod values;

use std::collections::HashSet;
use std::sync::Arc;

use roles::Role;
pub(crate) use uses::leaves;

use crate::debug_info::{DebugInfo, Search};
use crate::dwarf::{Kind, Member, Type, TypeRef};
use crate::known::{self, Collection, Known};
use crate::memory::Pages;
use crate::missing::Missing;
use crate::names;
use crate::options::Options;
use crate::stack::{Frame, FrameKind, Receiver, State};
use crate::uses::Use;

/// Member with the future that a state machine awaits.
const AWAITEE: &str = "__awaitee";
/// Variable of a method.
const SELF: &str = "self";
/// Variable of the macros `select!` and `join!` with the futures of all branches.
const BRANCHES: &str = "futures";

/// Use of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// The value is polled.
    Future,
    /// The value is part of a future, and futures may be in it.
    Data,
}

/// A value in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    address: u64,
    of_type: TypeRef,
}

impl Place {
    /// Returns the place of a member of the value. Returns `None` if the address overflows.
    fn member(self, member: &Member) -> Option<Place> {
        Some(Place {
            address: self.address.checked_add(member.offset)?,
            of_type: member.of_type,
        })
    }
}

/// One walk.
pub(crate) struct Walk<'a> {
    info: &'a mut DebugInfo,
    pages: &'a Pages<'a>,
    options: &'a Options,
    visited: HashSet<Place>,
    /// Values whose uses were noted.
    scanned: HashSet<Place>,
    uses: Vec<Use>,
    nodes: usize,
    /// A limit was reached somewhere.
    is_limited: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(info: &'a mut DebugInfo, pages: &'a Pages<'a>, options: &'a Options) -> Self {
        Self {
            info,
            pages,
            options,
            visited: HashSet::new(),
            scanned: HashSet::new(),
            uses: Vec::new(),
            nodes: 0,
            is_limited: false,
        }
    }

    /// Returns the frames of a root future.
    pub(crate) fn root(&mut self, address: u64, of_type: TypeRef) -> (Vec<Frame>, Option<Missing>) {
        let frames = self.future(Place { address, of_type }, 0);
        let is_limited = self.is_limited || self.pages.is_exhausted() || self.info.is_exhausted();
        (frames, is_limited.then_some(Missing::Limit))
    }

    /// Returns the frames of a value that is polled. There is at least one, except at a limit.
    fn future(&mut self, place: Place, depth: usize) -> Vec<Frame> {
        let mut frames = self.enter(place, Position::Future, depth);
        if frames.is_empty() {
            frames.extend(self.leaf(place));
        }
        frames
    }

    /// Returns the frames in a value.
    fn enter(&mut self, start: Place, position: Position, depth: usize) -> Vec<Frame> {
        let (mut place, mut position) = (start, position);
        // Pointers and transparent types are followed here, without another level of the call stack.
        loop {
            let is_too_deep = depth > self.options.limits.depth;
            self.is_limited |= is_too_deep;
            if !self.take_node() || is_too_deep {
                return Vec::new();
            }
            let Some((resolved, of_type)) = self.info.resolve(place.of_type) else {
                return Vec::new();
            };
            place.of_type = resolved;
            if position == Position::Data && !self.may_await(resolved) {
                return Vec::new();
            }
            if !self.visited.insert(place) {
                return Vec::new();
            }
            match roles::role(&of_type) {
                Role::Coroutine => {
                    return self.coroutine(place, &of_type, depth).into_iter().collect();
                }
                Role::Pointer(target) => {
                    let Some(address) = self.pages.pointer(place.address).filter(|it| *it != 0)
                    else {
                        return Vec::new();
                    };
                    place = Place {
                        address,
                        of_type: target,
                    };
                }
                Role::Uninit(of_type) if position == Position::Future => {
                    place.of_type = of_type;
                }
                Role::Uninit(_) => return Vec::new(),
                Role::Object {
                    trait_name,
                    pointer,
                    vtable,
                } => {
                    if roles::is_polled(trait_name) {
                        position = Position::Future;
                    }
                    match self.object(place, pointer, vtable) {
                        Ok(Some(object)) => place = object,
                        Ok(None) => return Vec::new(),
                        Err(missing) => {
                            let frame = self.unknown_object(place, &of_type, missing);
                            return (position == Position::Future)
                                .then_some(frame)
                                .into_iter()
                                .collect();
                        }
                    }
                }
                Role::Slice {
                    element,
                    pointer,
                    length,
                } => {
                    return self.slice(place, pointer, length, element, position, depth);
                }
                Role::Known(Known::Transparent(name)) => {
                    let member = of_type.member(name);
                    match member.and_then(|member| place.member(member)) {
                        Some(member) => place = member,
                        None => return Vec::new(),
                    }
                }
                Role::Known(Known::Collection(collection)) => {
                    let mut frames = self.collection(place, &of_type, collection, depth);
                    let is_named = match collection {
                        Collection::FuturesUnordered => position == Position::Future,
                        Collection::JoinSet => true,
                        Collection::Vec | Collection::JoinHandle => false,
                    };
                    if is_named {
                        put_name_before(&mut frames, &of_type);
                    }
                    return frames;
                }
                Role::Known(Known::Combinator { futures, is_named }) => {
                    let mut frames = self.aggregate(place, &of_type, position, futures, depth);
                    if is_named && position == Position::Future {
                        put_name_before(&mut frames, &of_type);
                    }
                    return frames;
                }
                Role::Closure => {
                    return self.aggregate(place, &of_type, position, &[BRANCHES], depth);
                }
                Role::Tuple => return self.aggregate(place, &of_type, position, &["*"], depth),
                Role::Aggregate => {
                    let mut frames = self.aggregate(place, &of_type, position, &[], depth);
                    if position == Position::Future && !known::is_instrumentation(&of_type) {
                        put_name_before(&mut frames, &of_type);
                    }
                    return frames;
                }
                Role::Array { element, count } => {
                    return self.elements(place.address, element, count, position, depth);
                }
                Role::Other => return Vec::new(),
            }
            // A chain of pointers may lead to a leaf.
            if position == Position::Future && self.is_leaf(place.of_type) {
                return self.leaf(place).into_iter().collect();
            }
        }
    }

    /// Returns `true` if there is nothing to be found in a value of this type.
    fn is_leaf(&mut self, of_type: TypeRef) -> bool {
        let Some(found) = self.info.get(of_type) else {
            return true;
        };
        let is_plain = match roles::role(&found) {
            Role::Aggregate | Role::Other => true,
            Role::Closure => !found
                .members()
                .iter()
                .any(|member| name_of(member) == BRANCHES),
            _ => false,
        };
        is_plain && !self.may_await(of_type)
    }

    /// Enters the members of a struct, or of the present variant of an enum.
    ///
    /// `futures` are the names of members that are polled if the value is, and `*` stands for all.
    fn aggregate(
        &mut self,
        place: Place,
        of_type: &Type,
        position: Position,
        futures: &[&str],
        depth: usize,
    ) -> Vec<Frame> {
        let mut entered: Vec<(String, TypeRef, u64)> = Vec::new();
        for member in of_type.members() {
            entered.push((name_of(member).to_owned(), member.of_type, member.offset));
        }
        if let Some(member) = self.present_member(place, of_type) {
            let payload = self.info.get(member.of_type);
            for inner in payload.iter().flat_map(|payload| payload.members()) {
                let name = format!("{}.{}", member.name, inner.name);
                entered.push((
                    name,
                    inner.of_type,
                    member.offset.saturating_add(inner.offset),
                ));
            }
        }
        let mut frames = Vec::new();
        for (name, of_type, offset) in entered {
            let Some(address) = place.address.checked_add(offset) else {
                continue;
            };
            let is_future =
                position == Position::Future && futures.iter().any(|it| *it == "*" || *it == name);
            let place = Place { address, of_type };
            match is_future {
                true => frames.extend(self.branch(place, depth + 1)),
                false => frames.extend(self.enter(place, Position::Data, depth + 1)),
            }
        }
        frames
    }

    /// Returns the frames of a branch of a combinator. A branch that has ended has none.
    fn branch(&mut self, place: Place, depth: usize) -> Vec<Frame> {
        let Some((of_type, found)) = self.info.resolve(place.of_type) else {
            return Vec::new();
        };
        let place = Place { of_type, ..place };
        let mut frames = match self.is_leaf(of_type) {
            true => Vec::new(),
            false => self.enter(place, Position::Future, depth),
        };
        // A future that is written by hand may contain trait objects that are no futures, such as a connection.
        if frames.is_empty()
            && matches!(
                roles::role(&found),
                Role::Aggregate | Role::Closure | Role::Other
            )
        {
            frames.extend(self.leaf(place));
        }
        frames
    }

    /// Returns the value that a trait object is. `None` if the pointer is null.
    fn object(
        &mut self,
        place: Place,
        pointer: u64,
        vtable: u64,
    ) -> Result<Option<Place>, Missing> {
        let unreadable = Missing::Unreadable {
            address: place.address,
        };
        let word = |offset: u64| self.pages.pointer(place.address.checked_add(offset)?);
        let (Some(address), Some(vtable)) = (word(pointer), word(vtable)) else {
            return Err(unreadable);
        };
        if address == 0 || vtable == 0 {
            return Ok(None);
        }
        let of_type = self.info.type_of_vtable(vtable)?;
        // The vtable's second word is the size.
        let size = self.pages.pointer(vtable.saturating_add(8));
        let expected = self.info.get(of_type).and_then(|found| found.size);
        match (size, expected) {
            (Some(expected), Some(found)) if expected != found => {
                Err(Missing::SizeDiffers { expected, found })
            }
            _ => Ok(Some(Place { address, of_type })),
        }
    }

    fn unknown_object(&mut self, place: Place, of_type: &Type, missing: Missing) -> Frame {
        let name = self.poll_function(place, of_type);
        Frame {
            kind: FrameKind::Object,
            missing: Some(missing),
            ..self.frame(
                place,
                of_type,
                name.unwrap_or_else(|| names::full_path(of_type)),
            )
        }
    }

    /// Returns the path of the first method of a trait object. A future has no other one than `poll`.
    fn poll_function(&mut self, place: Place, of_type: &Type) -> Option<String> {
        let Role::Object { vtable, .. } = roles::role(of_type) else {
            return None;
        };
        let vtable = self.pages.pointer(place.address.checked_add(vtable)?)?;
        // The destructor, the size and the alignment precede the methods.
        let poll = self.pages.pointer(vtable.checked_add(24)?)?;
        let symbol = self.info.symbol(poll)?;
        Some(names::of_poll_function(&symbol))
    }

    /// Returns the frame of a future that is no state machine, or `None` if its type is unknown.
    fn leaf(&mut self, place: Place) -> Option<Frame> {
        let of_type = self.info.get(place.of_type)?;
        let name = match roles::role(&of_type) {
            Role::Closure => self.info.function_name(&of_type),
            _ => names::path(&of_type),
        };
        let mut frame = self.frame(place, &of_type, name);
        frame.receiver = self.first_reference(place, &of_type);
        Some(frame)
    }

    /// Returns the first member of a leaf that is a reference, which is what it waits for.
    fn first_reference(&mut self, place: Place, of_type: &Type) -> Option<Receiver> {
        of_type.members().iter().find_map(|member| {
            let target = self.info.get(member.of_type)?;
            let is_reference =
                target.name.starts_with('&') && matches!(target.kind, Kind::Pointer { .. });
            let address = self.pages.pointer(place.member(member)?.address)?;
            (is_reference && address != 0).then(|| Receiver {
                name: name_of(member).to_owned(),
                type_name: names::last_segment(&target.name),
                address,
            })
        })
    }

    fn frame(&self, place: Place, of_type: &Type, name: String) -> Frame {
        Frame {
            kind: FrameKind::Future,
            name,
            type_name: names::full_path(of_type),
            address: place.address,
            size: of_type.size.unwrap_or(0),
            state: State::Unknown,
            location: None,
            via: Vec::new(),
            receiver: None,
            locals: Vec::new(),
            task: None,
            missing: None,
            children: Vec::new(),
        }
    }

    /// Returns `true` if a value of this type can contain a state machine or a trait object.
    fn may_await(&mut self, of_type: TypeRef) -> bool {
        roles::may_contain(self.info, of_type, Search::Futures)
    }

    /// Returns the place of a member of a struct.
    fn field(&mut self, place: Place, name: &str) -> Option<Place> {
        let of_type = self.get(place.of_type)?;
        place.member(of_type.member(name)?)
    }

    /// Counts one value more. Returns `false` if the limit is reached.
    fn take_node(&mut self) -> bool {
        self.nodes += 1;
        self.has_nodes()
    }

    /// Returns `true` unless more values than the limit were counted.
    fn has_nodes(&mut self) -> bool {
        let is_exceeded = self.nodes > self.options.limits.nodes;
        self.is_limited |= is_exceeded;
        !is_exceeded
    }

    fn get(&mut self, of_type: TypeRef) -> Option<Arc<Type>> {
        self.info.get(of_type)
    }
}

/// Returns the name of a member as it is in the source. Captures by reference have a prefix.
fn name_of(member: &Member) -> &str {
    member.name.strip_prefix("_ref__").unwrap_or(&member.name)
}

/// Puts the name of a combinator before the frames in it.
fn put_name_before(frames: &mut [Frame], of_type: &Type) {
    let name = names::without_arguments(&of_type.name);
    for frame in frames {
        // Some combinators have an inner type of the same name.
        if frame.via.first() != Some(&name) {
            frame.via.insert(0, name.clone());
        }
    }
}
