//! State machines of `async` functions and blocks.

use super::{AWAITEE, Place, SELF, Walk, lines};
use crate::debug_info::DebugInfo;
use crate::dwarf::{Kind, Member, Type, Variant, Variants};
use crate::memory::Pages;
use crate::missing::Missing;
use crate::names;
use crate::stack::{Frame, FrameKind, Receiver, State};

/// Returns the variant that a value in memory has.
pub(super) fn variant_at<'v>(
    info: &mut DebugInfo,
    pages: &Pages<'_>,
    address: u64,
    variants: &'v Variants,
) -> Option<&'v Variant> {
    let Some(member) = &variants.discriminant else {
        return variants.list.first();
    };
    let size = info.get(member.of_type)?.size?;
    let value = pages.number(address.checked_add(member.offset)?, size)?;
    variant_of(variants, value, size)
}

/// Returns the variant for the value of a discriminant of some size in bytes.
fn variant_of(variants: &Variants, value: u64, size: u64) -> Option<&Variant> {
    let mask = match size {
        8.. => u64::MAX,
        size => (1 << (8 * size)) - 1,
    };
    let listed = variants.list.iter();
    let exact = |variant: &&Variant| {
        variant
            .value
            .is_some_and(|of_variant| of_variant & mask == value)
    };
    // The variant without a value has all the values that no other one has.
    listed
        .clone()
        .find(exact)
        .or_else(|| listed.clone().find(|variant| variant.value.is_none()))
}

impl Walk<'_> {
    pub(super) fn coroutine(
        &mut self,
        place: Place,
        of_type: &Type,
        depth: usize,
    ) -> Option<Frame> {
        let mut frame = self.frame(place, of_type, self.info.function_name(of_type));
        frame.kind = kind(&of_type.name);
        let (variants, member) = match self.present_state(place, of_type)? {
            Ok(found) => found,
            Err(missing) => {
                frame.missing = Some(missing);
                return Some(frame);
            }
        };
        let payload = self.get(member.of_type)?;
        frame.state = state(&payload.name);
        frame.location = lines::location(self.info, place.of_type, of_type, variants, member);
        let base = place.member(member)?.address;
        frame.receiver = self.receiver(base, &payload);
        if let Some(receiver) = &frame.receiver {
            self.info.note_implementor(of_type, &receiver.type_name);
            frame.name = self.info.function_name(of_type);
        }
        if frame.state == State::Suspended {
            frame.locals = self.locals(base, &payload, &frame.name);
            for awaited in payload
                .members()
                .iter()
                .filter(|member| &*member.name == AWAITEE)
            {
                let address = base.checked_add(awaited.offset)?;
                let place = Place {
                    address,
                    of_type: awaited.of_type,
                };
                frame.children.extend(self.future(place, depth + 1));
            }
        }
        Some(frame)
    }

    /// Returns the variants of a state machine and the member of the present one, or the reason why it is not known.
    pub(super) fn present_state<'t>(
        &mut self,
        place: Place,
        of_type: &'t Type,
    ) -> Option<Result<(&'t Variants, &'t Member), Missing>> {
        let variants = of_type.variants()?;
        let discriminant = variants.discriminant.as_ref()?;
        let size = self.get(discriminant.of_type)?.size?;
        let address = place.member(discriminant)?.address;
        let Some(value) = self.pages.number(address, size) else {
            return Some(Err(Missing::Unreadable { address }));
        };
        let member = variant_of(variants, value, size).and_then(|variant| variant.member.as_ref());
        Some(match member {
            Some(member) => Ok((variants, member)),
            None => Err(Missing::UnknownState { state: value }),
        })
    }

    /// Returns the member of the present variant of an enum.
    pub(super) fn present_member<'t>(
        &mut self,
        place: Place,
        of_type: &'t Type,
    ) -> Option<&'t Member> {
        let variants = of_type.variants()?;
        let variant = variant_at(self.info, self.pages, place.address, variants)?;
        variant.member.as_ref()
    }

    /// Returns what `self` of a method is.
    fn receiver(&mut self, base: u64, payload: &Type) -> Option<Receiver> {
        let member = payload.member(SELF)?;
        let of_type = self.get(member.of_type)?;
        let place = base.checked_add(member.offset)?;
        let address = match of_type.kind {
            Kind::Pointer { .. } => self.pages.pointer(place)?,
            _ => place,
        };
        // A smart pointer is not the type of the `impl`.
        let is_plain = address != place || of_type.scope.first() == payload.scope.first();
        is_plain.then(|| Receiver {
            name: SELF.to_owned(),
            type_name: names::last_segment(&of_type.name),
            address,
        })
    }
}

fn kind(name: &str) -> FrameKind {
    match name {
        name if name.starts_with("{async_block_env#") => FrameKind::AsyncBlock,
        name if name.starts_with("{async_closure_env#") => FrameKind::AsyncClosure,
        _ => FrameKind::AsyncFn,
    }
}

pub(super) fn state(variant: &str) -> State {
    match variant {
        "Unresumed" => State::NotStarted,
        "Returned" => State::Returned,
        "Panicked" => State::Panicked,
        _ => State::Suspended,
    }
}
