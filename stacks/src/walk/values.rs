//! Local variables as text.
//!
//! A variable that was moved is still in the state machine, and so is one that is initialized on another path. So what
//! is read need not be valid: an impossible value is a question mark.

use std::fmt::Write as _;

use super::coroutine::variant_at;
use super::{Place, Walk, name_of};
use crate::dwarf::{Kind, Type, TypeRef};
use crate::names;
use crate::options::{Locals, Variable};
use crate::stack::{Local, LocalValue};

/// Longest text of one variable, in bytes.
const MAX_TEXT: usize = 1024;
/// Number of values of one variable.
const MAX_VALUES: usize = 256;
/// Smart pointers that are shown as addresses.
const POINTERS: [&str; 6] = [
    "alloc::rc::Rc",
    "alloc::rc::Weak",
    "alloc::sync::Arc",
    "alloc::sync::Weak",
    "core::ptr::non_null::NonNull",
    "core::ptr::unique::Unique",
];

/// One variable that is being written.
struct Writer<'a> {
    text: String,
    values: usize,
    function: &'a str,
    locals: &'a Locals,
}

impl Writer<'_> {
    fn is_full(&self) -> bool {
        self.text.len() >= MAX_TEXT || self.values >= MAX_VALUES
    }

    fn is_hidden(&self, name: &str, of_type: &Type) -> bool {
        let type_name = names::full_path(of_type);
        let variable = Variable {
            function: self.function,
            name,
            type_name: &type_name,
        };
        self.locals
            .redact
            .as_ref()
            .is_some_and(|redact| redact(&variable))
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

impl Walk<'_> {
    /// Returns the variables in a state of a state machine.
    pub(super) fn locals(&mut self, base: u64, payload: &Type, function: &str) -> Vec<Local> {
        let Some(locals) = self.options.locals.as_ref() else {
            return Vec::new();
        };
        let mut shown: Vec<Local> = Vec::new();
        let mut seen = Vec::new();
        for member in payload.members() {
            let name = name_of(member);
            // Temporary values have names such as `__0`. Captured variables may be listed twice.
            if name.starts_with("__") || seen.contains(&(name, member.offset)) {
                continue;
            }
            seen.push((name, member.offset));
            let (Some(of_type), Some(address)) =
                (self.get(member.of_type), base.checked_add(member.offset))
            else {
                continue;
            };
            let mut writer = Writer {
                text: String::new(),
                values: 0,
                function,
                locals,
            };
            let value = match writer.is_hidden(name, &of_type) {
                true => LocalValue::Redacted,
                false => {
                    let place = Place {
                        address,
                        of_type: member.of_type,
                    };
                    match self.write_value(&mut writer, place, locals.depth) {
                        Some(()) => LocalValue::Shown(writer.text),
                        None => LocalValue::Unreadable,
                    }
                }
            };
            shown.push(Local {
                name: name.to_owned(),
                type_name: names::full_path(&of_type),
                address,
                value,
            });
        }
        shown
    }

    /// Writes a value. Returns `None` if its memory is not readable.
    fn write_value(&mut self, writer: &mut Writer<'_>, place: Place, depth: usize) -> Option<()> {
        let (of_type, found) = self.info.resolve(place.of_type)?;
        let place = Place { of_type, ..place };
        writer.values += 1;
        if writer.is_full() {
            writer.push("…");
            return Some(());
        }
        let path = names::path(&found);
        match &found.kind {
            Kind::Base { encoding } => {
                let size = found.size.filter(|size| *size <= 16)? as usize;
                let mut bytes = [0; 16];
                self.pages.read(place.address, &mut bytes[..size])?;
                writer.push(&number(*encoding, &bytes, size));
            }
            Kind::Pointer { .. } => {
                let address = self.pages.pointer(place.address)?;
                let _ = write!(writer.text, "{address:#x}");
            }
            Kind::Enumeration { enumerators } => {
                let size = found.size?;
                let value = self.pages.number(place.address, size)?;
                let mask = u64::MAX >> (64 - 8 * size.clamp(1, 8));
                let found = enumerators.iter().find(|it| it.value & mask == value);
                writer.push(found.map_or("?", |it| &it.name));
            }
            Kind::Array { element, count } => {
                self.write_list(writer, place.address, *element, *count, depth)?
            }
            Kind::Struct { .. } if path == "alloc::string::String" => {
                let vec = self.field(place, "vec")?;
                let (address, length, _) = self.vec_parts(vec)?;
                self.write_text(writer, address, length)?;
            }
            Kind::Struct { .. } if path == "alloc::vec::Vec" => {
                let (address, length, element) = self.vec_parts(place)?;
                self.write_list(writer, address, element, length, depth)?;
            }
            Kind::Struct { members, .. }
                if members.iter().any(|member| &*member.name == "data_ptr") =>
            {
                self.write_slice(writer, place, &found, depth)?;
            }
            Kind::Struct { members, .. }
                if members.iter().any(|member| &*member.name == "vtable") =>
            {
                let pointer = self.field(place, "pointer")?;
                let address = self.pages.pointer(pointer.address)?;
                let _ = write!(writer.text, "{address:#x}");
            }
            Kind::Struct { .. } if POINTERS.contains(&&*path) => {
                let address = self.pages.pointer(place.address)?;
                let _ = write!(
                    writer.text,
                    "{}({address:#x})",
                    names::without_arguments(&found.name)
                );
            }
            Kind::Struct { .. } if self.is_future(&found) => writer.push("{async}"),
            Kind::Struct {
                variants: Some(variants),
                ..
            } => {
                let Some(variant) = variant_at(self.info, self.pages, place.address, variants)
                else {
                    writer.push("?");
                    return Some(());
                };
                let Some(member) = &variant.member else {
                    writer.push("?");
                    return Some(());
                };
                let payload = self.get(member.of_type)?;
                let address = place.address.checked_add(member.offset)?;
                writer.push(&member.name);
                self.write_members(writer, address, &payload, depth)?;
            }
            Kind::Struct { .. } => {
                if !found.name.starts_with('(') {
                    let name = match found.name.starts_with("{closure_env#") {
                        true => "{closure}".to_owned(),
                        false => names::without_arguments(&found.name),
                    };
                    writer.push(&name);
                }
                self.write_members(writer, place.address, &found, depth)?;
            }
            Kind::Union | Kind::Other => writer.push("…"),
        }
        Some(())
    }

    fn is_future(&self, of_type: &Type) -> bool {
        matches!(super::roles::role(of_type), super::roles::Role::Coroutine)
    }

    /// Writes the members of a struct or of a variant: `(1, 2)` or ` { a: 1 }`.
    fn write_members(
        &mut self,
        writer: &mut Writer<'_>,
        base: u64,
        of_type: &Type,
        depth: usize,
    ) -> Option<()> {
        let members = of_type.members();
        let is_tuple = members.iter().all(|member| member.name.starts_with("__"));
        if members.is_empty() {
            if &*of_type.name == "()" {
                writer.push("()");
            }
            return Some(());
        }
        let Some(depth) = depth.checked_sub(1) else {
            writer.push(if is_tuple { "(…)" } else { " { … }" });
            return Some(());
        };
        writer.push(if is_tuple { "(" } else { " { " });
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                writer.push(", ");
            }
            if writer.is_full() {
                writer.push("…");
                break;
            }
            if !is_tuple {
                let _ = write!(writer.text, "{}: ", name_of(member));
            }
            let of_member = self.get(member.of_type)?;
            if writer.is_hidden(name_of(member), &of_member) {
                writer.push("(redacted)");
                continue;
            }
            let place = Place {
                address: base.checked_add(member.offset)?,
                of_type: member.of_type,
            };
            self.write_value(writer, place, depth)?;
        }
        writer.push(if is_tuple { ")" } else { " }" });
        Some(())
    }

    /// Writes a text or a list behind a wide pointer.
    fn write_slice(
        &mut self,
        writer: &mut Writer<'_>,
        place: Place,
        of_type: &Type,
        depth: usize,
    ) -> Option<()> {
        let pointer = self.field(place, "data_ptr")?;
        let length = self.field(place, "length")?;
        let (address, length) = (
            self.pages.pointer(pointer.address)?,
            self.pages.pointer(length.address)?,
        );
        if of_type.name.ends_with("str") || of_type.name.starts_with("alloc::boxed::Box<str") {
            return self.write_text(writer, address, length);
        }
        match self.get(pointer.of_type)?.kind {
            Kind::Pointer {
                target: Some(element),
            } => self.write_list(writer, address, element, length, depth),
            _ => None,
        }
    }

    fn write_text(&mut self, writer: &mut Writer<'_>, address: u64, length: u64) -> Option<()> {
        let shown = length.min(writer.locals.length as u64);
        let mut bytes = vec![0; shown as usize];
        self.pages.read(address, &mut bytes)?;
        // A character may be cut at the end.
        let text = match std::str::from_utf8(&bytes) {
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(&bytes[..error.valid_up_to()])
            }
            _ => String::from_utf8_lossy(&bytes),
        };
        let _ = write!(writer.text, "{text:?}");
        if shown < length {
            writer.push("…");
        }
        Some(())
    }

    fn write_list(
        &mut self,
        writer: &mut Writer<'_>,
        address: u64,
        element: TypeRef,
        length: u64,
        depth: usize,
    ) -> Option<()> {
        let Some(depth) = depth.checked_sub(1) else {
            let _ = write!(writer.text, "[…; {length}]");
            return Some(());
        };
        let size = self.get(element)?.size?;
        let shown = length.min(writer.locals.length as u64);
        writer.push("[");
        for index in 0..shown {
            if index > 0 {
                writer.push(", ");
            }
            if writer.is_full() {
                break;
            }
            let place = Place {
                address: address.checked_add(index.checked_mul(size)?)?,
                of_type: element,
            };
            self.write_value(writer, place, depth)?;
        }
        if shown < length || writer.is_full() {
            writer.push("…");
        }
        writer.push("]");
        Some(())
    }
}

/// Writes a number of a primitive type.
fn number(encoding: gimli::DwAte, bytes: &[u8; 16], size: usize) -> String {
    let unsigned = u128::from_le_bytes(*bytes);
    let unused = 128 - 8 * size as u32;
    match encoding {
        _ if size == 0 => "()".to_owned(),
        gimli::DW_ATE_boolean => match unsigned {
            0 => "false".to_owned(),
            1 => "true".to_owned(),
            _ => "?".to_owned(),
        },
        gimli::DW_ATE_UTF => match u32::try_from(unsigned).ok().and_then(char::from_u32) {
            Some(character) => format!("{character:?}"),
            None => "?".to_owned(),
        },
        gimli::DW_ATE_float => match size {
            4 => format!("{:?}", f32::from_bits(unsigned as u32)),
            8 => format!("{:?}", f64::from_bits(unsigned as u64)),
            _ => "…".to_owned(),
        },
        gimli::DW_ATE_signed | gimli::DW_ATE_signed_char => {
            // The sign is the highest bit of the number.
            (((unsigned << unused) as i128) >> unused).to_string()
        }
        _ => unsigned.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_that_of_its_encoding() {
        let bytes = |value: u128| value.to_le_bytes();
        assert_eq!(number(gimli::DW_ATE_signed, &bytes(0xffff_ffd6), 4), "-42");
        assert_eq!(number(gimli::DW_ATE_unsigned, &bytes(200), 1), "200");
        assert_eq!(number(gimli::DW_ATE_boolean, &bytes(7), 1), "?");
        assert_eq!(number(gimli::DW_ATE_UTF, &bytes(0xe9), 4), "'é'");
        assert_eq!(number(gimli::DW_ATE_UTF, &bytes(0xd800), 4), "?");
        assert_eq!(
            number(
                gimli::DW_ATE_float,
                &bytes(u128::from(0.5_f64.to_bits())),
                8
            ),
            "0.5"
        );
        assert_eq!(number(gimli::DW_ATE_unsigned, &bytes(0), 0), "()");
    }
}
