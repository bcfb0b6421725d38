//! Types, copied out of the entries of a unit.

use std::sync::Arc;

use gimli::{
    Abbreviation, DW_AT_abstract_origin, DW_AT_byte_size, DW_AT_const_value, DW_AT_containing_type,
    DW_AT_count, DW_AT_data_member_location, DW_AT_decl_file, DW_AT_decl_line, DW_AT_discr_value,
    DW_AT_encoding, DW_AT_name, DW_AT_specification, DW_AT_type, DW_AT_upper_bound,
    DW_TAG_array_type, DW_TAG_base_type, DW_TAG_const_type, DW_TAG_enumeration_type,
    DW_TAG_enumerator, DW_TAG_member, DW_TAG_pointer_type, DW_TAG_structure_type,
    DW_TAG_subrange_type, DW_TAG_template_type_parameter, DW_TAG_typedef, DW_TAG_union_type,
    DW_TAG_variant, DW_TAG_variant_part, DW_TAG_volatile_type, DwAte, EntriesRaw,
};

use super::unit::{Slice, Unit, Value};

/// Largest number of entries of a function in which a type parameter is searched.
const MAX_ENTRIES: usize = 1 << 18;
/// Longest chain of qualifiers, and of origins of a function.
const MAX_HOPS: usize = 16;

/// The place of a type: the number of its unit among all units, and the offset in the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeRef {
    pub(crate) unit: u32,
    pub(crate) offset: u64,
}

/// A type.
#[derive(Debug)]
pub(crate) struct Type {
    /// Name with type arguments, without the namespace.
    pub(crate) name: Arc<str>,
    /// Namespaces, the outermost first.
    pub(crate) scope: Vec<Arc<str>>,
    pub(crate) size: Option<u64>,
    pub(crate) kind: Kind,
    /// Type that a vtable is of.
    pub(crate) containing: Option<TypeRef>,
    pub(crate) parameters: Vec<(Arc<str>, TypeRef)>,
}

impl Type {
    /// Returns the members of a struct.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Struct { members, .. } => members,
            _ => &[],
        }
    }

    /// Returns the member of a struct that has a name.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| &*member.name == name)
    }

    /// Returns the variants of an enum or of a state machine.
    pub(crate) fn variants(&self) -> Option<&Variants> {
        match &self.kind {
            Kind::Struct { variants, .. } => variants.as_ref(),
            _ => None,
        }
    }

    /// Returns the members in the variants of an enum.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Member> {
        let variants = self
            .variants()
            .into_iter()
            .flat_map(|variants| &variants.list);
        variants.filter_map(|variant| variant.member.as_ref())
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    Struct {
        members: Vec<Member>,
        variants: Option<Variants>,
    },
    Union,
    Pointer {
        target: Option<TypeRef>,
    },
    Array {
        element: TypeRef,
        count: u64,
    },
    Base {
        encoding: DwAte,
    },
    Enumeration {
        enumerators: Vec<Enumerator>,
    },
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Arc<str>,
    pub(crate) offset: u64,
    pub(crate) of_type: TypeRef,
    /// Number of the file in the type's unit.
    pub(crate) file: Option<u64>,
    pub(crate) line: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Variants {
    /// Member whose value selects the variant. A type with one variant has none.
    pub(crate) discriminant: Option<Member>,
    pub(crate) list: Vec<Variant>,
}

#[derive(Debug)]
pub(crate) struct Variant {
    /// Value of the discriminant. `None` is the variant for all other values.
    pub(crate) value: Option<u64>,
    pub(crate) member: Option<Member>,
}

#[derive(Debug)]
pub(crate) struct Enumerator {
    pub(crate) name: Arc<str>,
    pub(crate) value: u64,
}

/// Attributes of one entry.
#[derive(Default)]
struct Attributes {
    name: Option<Arc<str>>,
    size: Option<u64>,
    of_type: Option<Reference>,
    containing: Option<Reference>,
    offset: u64,
    file: Option<u64>,
    line: Option<u64>,
    value: Option<u64>,
    count: Option<u64>,
    encoding: Option<DwAte>,
    origin: Option<Reference>,
}

/// A reference to another entry.
#[derive(Clone, Copy)]
enum Reference {
    Unit(u64),
    Section(u64),
}

impl Reference {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::UnitRef(offset) => Some(Self::Unit(offset.0 as u64)),
            Value::DebugInfoRef(offset) => Some(Self::Section(offset.0 as u64)),
            _ => None,
        }
    }
}

impl Attributes {
    fn read(
        unit: &Unit,
        entries: &mut EntriesRaw<'_, Slice<'_>>,
        abbreviation: &Abbreviation,
    ) -> Option<Self> {
        let mut read = Self::default();
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(*specification).ok()?;
            let value = attribute.value();
            match attribute.name() {
                DW_AT_name => read.name = unit.text(&value),
                DW_AT_byte_size => read.size = value.udata_value(),
                DW_AT_type => read.of_type = Reference::of(&value),
                DW_AT_containing_type => read.containing = Reference::of(&value),
                DW_AT_data_member_location => read.offset = value.udata_value()?,
                DW_AT_decl_file => {
                    read.file = match value {
                        Value::FileIndex(file) => Some(file),
                        value => value.udata_value(),
                    };
                }
                DW_AT_decl_line => read.line = value.udata_value(),
                DW_AT_discr_value | DW_AT_const_value => read.value = number(&value),
                DW_AT_count => read.count = value.udata_value(),
                DW_AT_upper_bound => {
                    read.count = value.udata_value().and_then(|bound| bound.checked_add(1))
                }
                DW_AT_encoding => {
                    read.encoding = match value {
                        Value::Encoding(encoding) => Some(encoding),
                        _ => None,
                    };
                }
                DW_AT_abstract_origin | DW_AT_specification => read.origin = Reference::of(&value),
                _ => {}
            }
        }
        Some(read)
    }
}

/// Returns a constant as the bits that memory would have, or the lower half of a larger one.
fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Sdata(value) => Some(*value as u64),
        Value::Data16(value) => Some(*value as u64),
        Value::Block(bytes) => Some(u64::from_le_bytes(*bytes.slice().first_chunk()?)),
        value => value.udata_value(),
    }
}

/// Finds the unit of an offset of the same file, as the number of the unit among all units.
pub(crate) type FindUnit<'a> = &'a dyn Fn(u64) -> Option<TypeRef>;

fn resolve(own: u32, reference: Option<Reference>, find: FindUnit<'_>) -> Option<TypeRef> {
    match reference? {
        Reference::Unit(offset) => Some(TypeRef { unit: own, offset }),
        Reference::Section(offset) => find(offset),
    }
}

/// Result of reading an entry.
pub(crate) enum Read<T> {
    Here(T),
    /// The entry qualifies or refers to another one.
    Elsewhere(TypeRef),
}

/// Reads the type at an offset of a unit. Each entry that is read is taken from the budget.
pub(crate) fn read_type(
    unit: &Unit,
    at: TypeRef,
    find: FindUnit<'_>,
    budget: &mut u64,
) -> Option<Read<Type>> {
    let mut entries = unit.entries(at.offset)?;
    let abbreviation = entries.read_abbreviation().ok()??;
    let attributes = Attributes::read(unit, &mut entries, abbreviation)?;
    let of_type = resolve(at.unit, attributes.of_type, find);
    let kind = match abbreviation.tag() {
        DW_TAG_typedef | DW_TAG_const_type | DW_TAG_volatile_type => {
            return of_type.map(Read::Elsewhere);
        }
        DW_TAG_structure_type => Kind::Struct {
            members: Vec::new(),
            variants: None,
        },
        DW_TAG_union_type => Kind::Union,
        DW_TAG_pointer_type => Kind::Pointer { target: of_type },
        DW_TAG_array_type => Kind::Array {
            element: of_type?,
            count: 0,
        },
        DW_TAG_base_type => Kind::Base {
            encoding: attributes.encoding?,
        },
        DW_TAG_enumeration_type => Kind::Enumeration {
            enumerators: Vec::new(),
        },
        _ => Kind::Other,
    };
    let mut scope: Vec<Arc<str>> = unit.index.scopes(at.offset).cloned().collect();
    scope.reverse();
    let mut read = Type {
        name: attributes.name.unwrap_or_default(),
        scope,
        size: attributes.size,
        kind,
        containing: resolve(at.unit, attributes.containing, find),
        parameters: Vec::new(),
    };
    if abbreviation.has_children() {
        // What precedes damaged entries is of use.
        let _ = read_children(unit, at.unit, &mut entries, &mut read, find, budget);
    }
    Some(Read::Here(read))
}

fn read_children(
    unit: &Unit,
    own: u32,
    entries: &mut EntriesRaw<'_, Slice<'_>>,
    read: &mut Type,
    find: FindUnit<'_>,
    budget: &mut u64,
) -> Option<()> {
    // Tags of the entries that the next one may be inside of.
    let (mut child, mut grandchild) = (gimli::DW_TAG_null, gimli::DW_TAG_null);
    loop {
        *budget = budget.checked_sub(1)?;
        let depth = entries.next_depth();
        if depth < 1 || entries.is_empty() {
            return Some(());
        }
        let Some(abbreviation) = entries.read_abbreviation().ok()? else {
            continue;
        };
        let tag = abbreviation.tag();
        match depth {
            1 => child = tag,
            2 => grandchild = tag,
            _ => {}
        }
        let is_in_variants =
            child == DW_TAG_variant_part && (depth < 3 || grandchild == DW_TAG_variant);
        if depth > 3 || depth > 1 && !is_in_variants {
            entries.skip_attributes(abbreviation.attributes()).ok()?;
            continue;
        }
        let attributes = Attributes::read(unit, entries, abbreviation)?;
        let of_type = resolve(own, attributes.of_type, find);
        let member = || {
            Some(Member {
                name: attributes.name.clone().unwrap_or_default(),
                offset: attributes.offset,
                of_type: of_type?,
                file: attributes.file,
                line: attributes.line,
            })
        };
        match (&mut read.kind, depth, tag) {
            (_, 1, DW_TAG_template_type_parameter) => {
                let name = attributes.name.clone().unwrap_or_default();
                read.parameters
                    .extend(of_type.map(|of_type| (name, of_type)));
            }
            (Kind::Struct { members, .. }, 1, DW_TAG_member) => members.extend(member()),
            (Kind::Struct { variants, .. }, 1, DW_TAG_variant_part) => {
                *variants = Some(Variants {
                    discriminant: None,
                    list: Vec::new(),
                });
            }
            (
                Kind::Struct {
                    variants: Some(variants),
                    ..
                },
                2,
                DW_TAG_member,
            ) => variants.discriminant = member(),
            (
                Kind::Struct {
                    variants: Some(variants),
                    ..
                },
                2,
                DW_TAG_variant,
            ) => variants.list.push(Variant {
                value: attributes.value,
                member: None,
            }),
            (
                Kind::Struct {
                    variants: Some(variants),
                    ..
                },
                3,
                DW_TAG_member,
            ) => {
                if let Some(variant) = variants.list.last_mut() {
                    variant.member = member();
                }
            }
            (Kind::Array { count, .. }, 1, DW_TAG_subrange_type) => {
                *count = attributes.count.unwrap_or(0)
            }
            (Kind::Enumeration { enumerators }, 1, DW_TAG_enumerator) => {
                enumerators.push(Enumerator {
                    name: attributes.name.unwrap_or_default(),
                    value: attributes.value.unwrap_or(0),
                })
            }
            _ => {}
        }
    }
}

/// Returns the type parameter of a function, or the entry that the function refers to.
pub(crate) fn parameter_of_function(
    unit: &Unit,
    at: TypeRef,
    name: &str,
    find: FindUnit<'_>,
) -> Option<Read<TypeRef>> {
    let mut entries = unit.entries(at.offset)?;
    let abbreviation = entries.read_abbreviation().ok()??;
    let function = Attributes::read(unit, &mut entries, abbreviation)?;
    if abbreviation.has_children() {
        for _ in 0..MAX_ENTRIES {
            let depth = entries.next_depth();
            if depth < 1 || entries.is_empty() {
                break;
            }
            let Some(abbreviation) = entries.read_abbreviation().ok()? else {
                continue;
            };
            let attributes = Attributes::read(unit, &mut entries, abbreviation)?;
            let is_parameter = depth == 1 && abbreviation.tag() == DW_TAG_template_type_parameter;
            if is_parameter && attributes.name.as_deref() == Some(name) {
                return resolve(at.unit, attributes.of_type, find).map(Read::Here);
            }
        }
    }
    resolve(at.unit, function.origin, find).map(Read::Elsewhere)
}

/// Returns the name of an entry, or the entry that it refers to.
pub(crate) fn name_of_entry(
    unit: &Unit,
    at: TypeRef,
    find: FindUnit<'_>,
) -> Option<Read<Arc<str>>> {
    let mut entries = unit.entries(at.offset)?;
    let abbreviation = entries.read_abbreviation().ok()??;
    let attributes = Attributes::read(unit, &mut entries, abbreviation)?;
    match attributes.name {
        Some(name) => Some(Read::Here(name)),
        None => resolve(at.unit, attributes.origin, find).map(Read::Elsewhere),
    }
}

/// Returns the structs of a namespace, with their names.
pub(crate) fn structs_of_namespace(unit: &Unit, namespace: &[&str]) -> Vec<(Arc<str>, u64)> {
    let mut found = Vec::new();
    for start in unit.index.namespaces(namespace) {
        // What precedes damaged entries is of use.
        let _ = add_structs(unit, start, &mut found);
    }
    found
}

fn add_structs(unit: &Unit, namespace: u64, found: &mut Vec<(Arc<str>, u64)>) -> Option<()> {
    let mut entries = unit.entries(namespace)?;
    let abbreviation = entries.read_abbreviation().ok()??;
    entries.skip_attributes(abbreviation.attributes()).ok()?;
    while entries.next_depth() >= 1 && !entries.is_empty() {
        let (offset, depth) = (entries.next_offset().0 as u64, entries.next_depth());
        let Some(abbreviation) = entries.read_abbreviation().ok()? else {
            continue;
        };
        if depth > 1 || abbreviation.tag() != DW_TAG_structure_type {
            entries.skip_attributes(abbreviation.attributes()).ok()?;
            continue;
        }
        let attributes = Attributes::read(unit, &mut entries, abbreviation)?;
        // A declaration has no members.
        if let (Some(name), true) = (attributes.name, abbreviation.has_children()) {
            found.push((name, offset));
        }
    }
    Some(())
}

/// Follows an entry through those that it refers to.
pub(crate) fn follow<T>(
    start: TypeRef,
    mut read: impl FnMut(TypeRef) -> Option<Read<T>>,
) -> Option<(TypeRef, T)> {
    let mut at = start;
    for _ in 0..MAX_HOPS {
        match read(at)? {
            Read::Here(found) => return Some((at, found)),
            Read::Elsewhere(next) => at = next,
        }
    }
    None
}
