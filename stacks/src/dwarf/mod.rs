//! Debug information in the form of DWARF, read unit by unit.

mod index;
mod module;
mod strings;
mod types;
mod unit;

pub(crate) use index::IMPL;
pub(crate) use module::Module;
pub(crate) use types::{
    Kind, Member, Type, TypeRef, Variant, Variants, follow, name_of_entry, parameter_of_function,
    read_type, structs_of_namespace,
};
pub(crate) use unit::Unit;
