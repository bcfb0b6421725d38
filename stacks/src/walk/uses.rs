//! The search for values by which a task uses shared things.
//!
//! The search goes through all values that a task owns: variables of its state machines, and what they contain. A value
//! is recognised by its type. `Arc` and shared references are not followed, because others own what is behind them.
//!
//! # Which values are stale
//!
//! A variable that was moved is still in a state machine if it was borrowed before. So a guard in a variable with a name
//! may have been dropped, which the source may refute. Temporary values cannot be moved by the program, and neither can what is awaited.

use std::sync::Arc;

use super::coroutine::state;
use super::roles::{self, Role};
use super::shadowed::Present;
use super::{AWAITEE, Place, SELF, Walk, lines, name_of};
use crate::debug_info::Search;
use crate::dwarf::{Kind, Member, Type, TypeRef};
use crate::known::resources::{self, Handle};
use crate::known::{Collection, Known};
use crate::location::Location;
use crate::stack::{Frame, State};
use crate::uses::{JoinedTask, Relation, Resource, Use};

/// Largest number of values that a search for the record of a task visits.
const MAX_SEARCHED: usize = 64;
/// Largest number of pointers and wrappers between a handle and its resource.
const MAX_STEPS: usize = 16;

/// Surroundings of a value.
#[derive(Clone, Default)]
pub(super) struct Context {
    /// The value is polled if the task is.
    is_polled: bool,
    /// All types on the way to the value are known to poll what they contain.
    is_awaited: bool,
    /// No variable on the way may have been moved.
    is_live: bool,
    /// The value is a variable itself, and no other variable on the way may have been moved.
    is_live_unless_moved: bool,
    owner: Option<Arc<Owner>>,
    variable: Option<Arc<Variable>>,
    /// Kind of the lock whose method is on the way.
    lock: Option<Resource>,
    /// A state machine on the way was recognised as a wait for something.
    is_in_wait: bool,
}

/// A variable of a state machine, or a temporary value in it.
struct Variable {
    /// State machine.
    of: TypeRef,
    member: Member,
}

impl Variable {
    fn is_temporary(&self) -> bool {
        name_of(&self.member).starts_with("__")
    }

    fn name(&self) -> Option<String> {
        (!self.is_temporary()).then(|| name_of(&self.member).to_owned())
    }
}

/// A state machine of the program.
struct Owner {
    function: String,
    location: Option<Location>,
    /// The task keeps the state machine and does not poll it.
    is_kept: bool,
    /// Variable of the outer function in which it is kept.
    kept_in: Option<String>,
}

impl Walk<'_> {
    /// Returns the uses of a root future.
    pub(crate) fn uses(&mut self, address: u64, of_type: TypeRef) -> Vec<Use> {
        let context = Context {
            is_polled: true,
            is_awaited: true,
            is_live: true,
            ..Context::default()
        };
        self.scan(Place { address, of_type }, &context, 0);
        std::mem::take(&mut self.uses)
    }

    /// Notes the uses in a value.
    fn scan(&mut self, start: Place, context: &Context, depth: usize) {
        if depth > self.options.limits.depth || !self.take_node() {
            self.is_limited = true;
            return;
        }
        let Some((resolved, of_type)) = self.info.resolve(start.of_type) else {
            return;
        };
        let place = Place {
            of_type: resolved,
            ..start
        };
        if !roles::may_contain(self.info, resolved, Search::Uses) || !self.scanned.insert(place) {
            return;
        }
        if let Some(handle) = resources::handle(&of_type) {
            self.note(place, handle, context);
            return;
        }
        if resources::is_join_handle(&of_type) {
            self.note_join_handle(place, context);
            return;
        }
        self.scan_inside(place, &of_type, context, depth + 1);
    }

    fn scan_inside(&mut self, place: Place, of_type: &Type, context: &Context, depth: usize) {
        match roles::role(of_type) {
            Role::Coroutine => self.scan_coroutine(place, of_type, context, depth),
            Role::Pointer(target) => {
                // What is borrowed from another variable is found there.
                let is_owned = !of_type.name.starts_with('&');
                let address = self.pages.pointer(place.address);
                if let Some(address) =
                    address.filter(|it| *it != 0 && (is_owned || context.is_polled))
                {
                    let place = Place {
                        address,
                        of_type: target,
                    };
                    self.scan(place, context, depth);
                }
            }
            Role::Uninit(of_type) if context.is_polled => {
                self.scan(Place { of_type, ..place }, context, depth);
            }
            Role::Object {
                pointer, vtable, ..
            } => {
                let is_owned = !of_type.name.starts_with('&');
                if !is_owned && !context.is_polled {
                    return;
                }
                if let Ok(Some(object)) = self.object(place, pointer, vtable) {
                    self.scan(object, context, depth);
                }
            }
            Role::Slice {
                element,
                pointer,
                length,
            } => {
                if let Some((address, length, element)) =
                    self.slice_parts(place, pointer, length, element)
                {
                    self.scan_elements(address, element, length, context, depth);
                }
            }
            Role::Array { element, count } => {
                self.scan_elements(place.address, element, count, context, depth);
            }
            Role::Known(Known::Collection(collection)) => {
                self.scan_collection(place, of_type, collection, context, depth);
            }
            Role::Known(_) | Role::Tuple => self.scan_members(place, of_type, context, depth),
            Role::Closure | Role::Aggregate => {
                let context = Context {
                    // The variable of a macro with all branches is polled.
                    is_awaited: context.is_awaited
                        && (is_of_macro(of_type) || resources::polls_all(of_type)),
                    ..context.clone()
                };
                self.scan_members(place, of_type, &context, depth);
            }
            Role::Uninit(_) | Role::Other => {}
        }
    }

    fn scan_members(&mut self, place: Place, of_type: &Type, context: &Context, depth: usize) {
        for member in of_type.members() {
            if let Some(place) = place.member(member) {
                self.scan(place, context, depth);
            }
        }
        if let Some(member) = self.present_member(place, of_type)
            && let Some(place) = place.member(member)
            && let Some(payload) = self.get(place.of_type)
        {
            self.scan_members(place, &payload, context, depth);
        }
    }

    fn scan_elements(
        &mut self,
        address: u64,
        element: TypeRef,
        count: u64,
        context: &Context,
        depth: usize,
    ) {
        if !roles::may_contain(self.info, element, Search::Uses) {
            return;
        }
        self.each_element(address, element, count, |walk, place| {
            walk.scan(place, context, depth);
        });
    }

    fn scan_collection(
        &mut self,
        place: Place,
        of_type: &Type,
        collection: Collection,
        context: &Context,
        depth: usize,
    ) {
        match collection {
            Collection::Vec => {
                if let Some((first, length, element)) = self.vec_parts(place) {
                    let context = Context {
                        is_polled: false,
                        ..context.clone()
                    };
                    self.scan_elements(first, element, length, &context, depth);
                }
            }
            Collection::FuturesUnordered => {
                for future in self.unordered_futures(place, of_type).unwrap_or_default() {
                    self.scan(future, context, depth);
                }
            }
            // The set is looked at where something waits for its tasks.
            Collection::JoinSet | Collection::JoinHandle => {}
        }
    }

    fn scan_coroutine(&mut self, place: Place, of_type: &Type, context: &Context, depth: usize) {
        let Some((in_state, payload_at, payload, location)) = self.state_of(place, of_type) else {
            return;
        };
        if !matches!(in_state, State::Suspended | State::NotStarted) {
            return;
        }
        let mut context = context.clone();
        context.is_polled &= in_state == State::Suspended;
        if !resources::is_of_library(of_type) {
            context.owner = Some(Arc::new(Owner {
                function: self.info.function_name(of_type),
                location,
                is_kept: !context.is_polled,
                kept_in: context.variable.as_ref().and_then(|it| it.name()),
            }));
            context.variable = None;
            context.lock = None;
        }
        if !matches!(context.lock, Some(Resource::Pool | Resource::OnceCell)) {
            context.lock = resources::lock_of(of_type).or(context.lock);
        }
        if in_state == State::Suspended && !context.is_in_wait {
            context.is_in_wait = self.note_wait_of_method(payload_at, of_type, &payload, &context);
        }
        // What is awaited comes first, because a variable may be awaited by reference.
        let members = payload.members().iter();
        let (awaited, others): (Vec<_>, Vec<_>) =
            members.partition(|member| &*member.name == AWAITEE);
        for member in awaited {
            let place = Place {
                address: payload_at.wrapping_add(member.offset),
                of_type: member.of_type,
            };
            self.scan(place, &context, depth);
        }
        let is_of_library = resources::is_of_library(of_type);
        if in_state == State::Suspended && !is_of_library {
            let present = Present {
                machine: place.of_type,
                of_type,
                at: payload_at,
                payload: &payload,
            };
            let context = Context {
                is_polled: false,
                is_awaited: false,
                is_live: false,
                is_live_unless_moved: context.is_live,
                ..context.clone()
            };
            self.note_shadowing_guards(present, &context);
        }
        for member in others {
            // Its parameters are borrowed from functions of the program. The permit of who initializes a cell is its own.
            if is_of_library && !self.is_permit_of_cell(of_type, member.of_type) {
                continue;
            }
            let variable = Variable {
                of: place.of_type,
                member: member.clone(),
            };
            let context = Context {
                is_polled: false,
                is_awaited: false,
                is_live: context.is_live
                    && (is_of_library || variable.is_temporary() || in_state == State::NotStarted),
                is_live_unless_moved: context.is_live && self.is_handle(member.of_type),
                variable: (!is_of_library).then(|| Arc::new(variable)),
                ..context.clone()
            };
            let place = Place {
                address: payload_at.wrapping_add(member.offset),
                of_type: member.of_type,
            };
            self.scan(place, &context, depth);
        }
    }

    /// Returns `true` if a state machine initializes a cell, and the member is the permit for it.
    fn is_permit_of_cell(&mut self, machine: &Type, member: TypeRef) -> bool {
        resources::lock_of(machine) == Some(Resource::OnceCell) && self.is_handle(member)
    }

    fn is_handle(&mut self, of_type: TypeRef) -> bool {
        let resolved = self.info.resolve(of_type);
        resolved.is_some_and(|(_, of_type)| resources::handle(&of_type).is_some())
    }

    /// Returns the state of a state machine, the address and the type of its variables, and its position.
    fn state_of(
        &mut self,
        place: Place,
        of_type: &Type,
    ) -> Option<(State, u64, Arc<Type>, Option<Location>)> {
        let (variants, member) = self.present_state(place, of_type)?.ok()?;
        let payload = self.get(member.of_type)?;
        let location = lines::location(self.info, place.of_type, of_type, variants, member);
        let address = place.member(member)?.address;
        Some((state(&payload.name), address, payload, location))
    }

    /// Notes that a method of a library waits for what it was called on. Returns `true` if it does.
    fn note_wait_of_method(
        &mut self,
        payload_at: u64,
        of_type: &Type,
        payload: &Arc<Type>,
        context: &Context,
    ) -> bool {
        if !resources::is_of_library(of_type)
            || of_type.scope.iter().any(|name| &**name == "closed")
        {
            return false;
        }
        let Some(start) = self.receiver_in(payload_at, payload) else {
            return false;
        };
        let Some((target, target_type)) = self.behind(start) else {
            return false;
        };
        if resources::is_join_set(&target_type) {
            for handle in self.handles_of_set(target).unwrap_or_default() {
                if let Some((handle, _)) = self.behind(handle) {
                    self.note_join_handle(handle, context);
                }
            }
            return true;
        }
        let Some(handle) = resources::handle(&target_type) else {
            return false;
        };
        let relation = match handle.relation {
            Relation::Sends => Relation::WaitsToSend,
            Relation::Receives => Relation::WaitsToReceive,
            _ => return false,
        };
        if let Some(resource) = self.resource_at(target, handle.way) {
            let (kind, value) = (handle.resource, start.address);
            self.put(relation, kind, value, resource.address, None, context);
            self.note_senders(resource, handle);
        }
        true
    }

    /// Returns the variable `self` of a method, or of the closure that the method has given to `poll_fn` and awaits.
    fn receiver_in(&mut self, payload_at: u64, payload: &Arc<Type>) -> Option<Place> {
        let (mut at, mut of_type) = (payload_at, payload.clone());
        for _ in 0..MAX_STEPS {
            let members = of_type.members();
            let member = members.iter().find(|member| name_of(member) == SELF);
            if let Some(member) = member {
                return Some(Place {
                    address: at.checked_add(member.offset)?,
                    of_type: member.of_type,
                });
            }
            let inner = members
                .iter()
                .find(|member| [AWAITEE, "f"].contains(&&*member.name))?;
            at = at.checked_add(inner.offset)?;
            of_type = self.get(inner.of_type)?;
        }
        None
    }

    fn note(&mut self, place: Place, handle: &Handle, context: &Context) {
        let Some(found) = self.resource_at(place, handle.way) else {
            return;
        };
        let mut resource = handle.resource;
        let permits = handle.permits.and_then(|name| {
            let member = self.field(place, name)?;
            let size = self.get(member.of_type)?.size?;
            self.pages.number(member.address, size)
        });
        let mut relation = handle.relation;
        match relation {
            Relation::Waits => {
                if context.is_in_wait {
                    return;
                }
                resource = context.lock.unwrap_or(resource);
                if self.is_assigned(place) {
                    relation = Relation::Assigned;
                }
            }
            // The permit of who initializes the cell.
            Relation::HoldsShared if context.lock == Some(Resource::OnceCell) => {
                resource = Resource::OnceCell;
                relation = Relation::HoldsExclusively;
            }
            Relation::Receives if context.is_polled && context.is_awaited => {
                relation = Relation::WaitsToReceive;
            }
            _ => {}
        }
        self.put(
            relation,
            resource,
            place.address,
            found.address,
            permits,
            context,
        );
        self.note_senders(found, handle);
    }

    pub(super) fn put(
        &mut self,
        relation: Relation,
        resource: Resource,
        value: u64,
        address: u64,
        permits: Option<u64>,
        context: &Context,
    ) {
        let owner = context.owner.as_ref();
        let variable = context.variable.as_deref();
        let is_held = matches!(relation, Relation::HoldsShared | Relation::HoldsExclusively);
        let since = variable.filter(|_| is_held);
        let since = since.and_then(|variable| self.acquired_at(variable, resource));
        self.uses.push(Use {
            relation,
            resource,
            value,
            address,
            permits,
            senders: None,
            variable: variable.and_then(Variable::name),
            since,
            function: owner.map_or_else(String::new, |owner| owner.function.clone()),
            location: owner.and_then(|owner| owner.location.clone()),
            is_polled: context.is_polled,
            is_kept: owner.is_some_and(|owner| owner.is_kept),
            kept_in: owner.and_then(|owner| owner.kept_in.clone()),
            is_certain: context.is_live && (context.is_awaited || !relation.is_wait()),
            is_certain_unless_moved: context.is_live_unless_moved && !relation.is_wait(),
            joined: None,
        });
    }

    /// Returns the position of the `await` after which a variable has a guard of a lock: the only one that awaits such a
    /// lock in a state without the variable.
    fn acquired_at(&mut self, variable: &Variable, lock: Resource) -> Option<Location> {
        let (_, of_type) = self.info.resolve(variable.of)?;
        let variants = of_type.variants()?;
        let mut found = None;
        for member in variants
            .list
            .iter()
            .filter_map(|variant| variant.member.as_ref())
        {
            let payload = self.get(member.of_type)?;
            let has_variable = payload
                .members()
                .iter()
                .any(|it| (&it.name, it.offset) == (&variable.member.name, variable.member.offset));
            let Some(awaited) = payload.member(AWAITEE).filter(|_| !has_variable) else {
                continue;
            };
            let of_future = self.lock_of_future(awaited.of_type);
            if of_future.is_some_and(|(of_future, _)| of_future == lock)
                && found.replace(member.clone()).is_some()
            {
                return None;
            }
        }
        lines::location(self.info, variable.of, &of_type, variants, &found?)
    }

    /// Adds the number of senders of a channel to the use that was noted last, if that waits for them.
    fn note_senders(&mut self, channel: Place, handle: &Handle) {
        let senders = handle.senders.and_then(|name| {
            let member = self.field(channel, name)?;
            self.pages.pointer(member.address)
        });
        if let Some(noted) = self.uses.last_mut()
            && noted.relation == Relation::WaitsToReceive
        {
            noted.senders = senders;
        }
    }

    /// Returns the kind of the lock that a future of a type waits for, and the type of the state machine that does.
    pub(super) fn lock_of_future(&mut self, of_type: TypeRef) -> Option<(Resource, Arc<Type>)> {
        let mut of_type = self.get(of_type)?;
        for _ in 0..MAX_STEPS {
            if let Some(lock) = resources::lock_of(&of_type) {
                return Some((lock, of_type));
            }
            let inner = match roles::role(&of_type) {
                Role::Pointer(target) | Role::Uninit(target) => target,
                Role::Known(Known::Transparent(name)) => of_type.member(name)?.of_type,
                Role::Known(Known::Combinator {
                    futures: [name], ..
                }) => of_type.member(name)?.of_type,
                _ => return None,
            };
            of_type = self.get(inner)?;
        }
        None
    }

    /// Returns `true` for an `Acquire` of tokio that was given all its permits.
    fn is_assigned(&mut self, acquire: Place) -> bool {
        let read = |walk: &mut Self| {
            let queued = walk.field(acquire, "queued")?;
            let node = walk.field(acquire, "node")?;
            let state = walk.field(node, "state")?;
            let queued = walk.pages.number(queued.address, 1)?;
            Some(queued == 1 && walk.pages.pointer(state.address)? == 0)
        };
        read(self) == Some(true)
    }

    /// Follows members and pointers from a handle to its resource.
    pub(super) fn resource_at(&mut self, start: Place, way: &[&str]) -> Option<Place> {
        let mut place = start;
        for name in way {
            place = self.behind(place)?.0;
            let of_type = self.get(place.of_type)?;
            place = place.member(of_type.member(name)?)?;
        }
        let (place, _) = self.behind(place)?;
        (place.address != 0).then_some(place)
    }

    /// Follows pointers, `Arc`, `Option` and transparent wrappers to a value.
    pub(super) fn behind(&mut self, start: Place) -> Option<(Place, Arc<Type>)> {
        let mut place = start;
        for _ in 0..MAX_STEPS {
            let (resolved, of_type) = self.info.resolve(place.of_type)?;
            place.of_type = resolved;
            if let Kind::Pointer { target } = of_type.kind {
                place = Place {
                    address: self.pages.pointer(place.address).filter(|it| *it != 0)?,
                    of_type: target?,
                };
                continue;
            }
            let path = crate::names::path(&of_type);
            match &*path {
                "alloc::sync::Arc" | "alloc::sync::Weak" | "alloc::rc::Rc" => {
                    let (address, of_type) = self.first_pointer(place)?;
                    place = self.field(Place { address, of_type }, "data")?;
                }
                "core::option::Option" => {
                    let some = place.member(self.present_member(place, &of_type)?)?;
                    let payload = self.get(some.of_type)?;
                    place = some.member(payload.members().first()?)?;
                }
                _ => match roles::role(&of_type) {
                    Role::Known(Known::Transparent(name)) => {
                        place = place.member(of_type.member(name)?)?;
                    }
                    _ => return Some((place, of_type)),
                },
            }
        }
        None
    }

    fn note_join_handle(&mut self, place: Place, context: &Context) {
        let Some((address, header)) = self.first_pointer(place) else {
            return;
        };
        let header = Place {
            address,
            of_type: header,
        };
        let relation = match context.is_polled && context.is_awaited {
            true => Relation::Waits,
            false => Relation::Receives,
        };
        self.put(
            relation,
            Resource::Task,
            place.address,
            address,
            None,
            context,
        );
        let joined = self.joined_task(header);
        if let Some(noted) = self.uses.last_mut() {
            noted.joined = joined;
        }
    }

    /// Returns the memory of a task's future, and the word of its record.
    fn joined_task(&mut self, header: Place) -> Option<JoinedTask> {
        let (_, stage) = self.stage(header).ok()?;
        let size = self.get(stage.of_type)?.size?;
        Some(JoinedTask {
            memory: (stage.address, stage.address.checked_add(size)?),
            handle: self.record_in(stage),
        })
    }

    /// Returns the word of the first record in a value.
    fn record_in(&mut self, start: Place) -> Option<u64> {
        let mut open = std::collections::VecDeque::from([start]);
        for _ in 0..MAX_SEARCHED {
            let place = open.pop_front()?;
            let Some((of_type_ref, of_type)) = self.info.resolve(place.of_type) else {
                continue;
            };
            let place = Place {
                of_type: of_type_ref,
                ..place
            };
            let is_record = &*of_type.name == "TaskHandle"
                && of_type
                    .scope
                    .first()
                    .is_some_and(|name| &**name == "birthmark_core");
            if is_record {
                return self.pages.pointer(place.address);
            }
            open.extend(
                of_type
                    .members()
                    .iter()
                    .filter_map(|member| place.member(member)),
            );
            if !matches!(roles::role(&of_type), Role::Coroutine) {
                let variant = self.present_member(place, &of_type);
                open.extend(variant.and_then(|member| place.member(member)));
            }
        }
        None
    }
}

/// Returns `true` for the closure of a macro such as `select!`, and for the closures of tokio's methods.
fn is_of_macro(of_type: &Type) -> bool {
    of_type
        .members()
        .iter()
        .any(|member| name_of(member) == super::BRANCHES)
}

/// Returns the number of futures at which the stack ends.
pub(crate) fn leaves(frames: &[Frame]) -> usize {
    let of = |frame: &Frame| match frame.children.is_empty() || frame.task.is_some() {
        true => 1,
        false => leaves(&frame.children),
    };
    frames.iter().map(of).sum()
}
