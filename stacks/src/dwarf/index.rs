//! Indices of a unit: functions and variables by address, namespaces by offset.

use std::sync::Arc;

use gimli::{
    DW_AT_high_pc, DW_AT_linkage_name, DW_AT_location, DW_AT_low_pc, DW_AT_name, DW_AT_type,
    DW_OP_GNU_addr_index, DW_OP_addr, DW_OP_addrx, DW_TAG_namespace, DW_TAG_subprogram,
    DW_TAG_variable,
};

use super::unit::{Unit, Value};

/// Beginning of the name of a namespace that is an `impl`.
pub(crate) const IMPL: &str = "{impl#";

/// Index of a unit, made by one pass over its entries.
#[derive(Default)]
pub(crate) struct UnitIndex {
    /// Namespaces, by where they begin.
    scopes: Vec<Scope>,
    /// Functions with code: first address, address after the last one, offset of the entry.
    functions: Vec<(u64, u64, u64)>,
    /// Static variables: address and offset of the type.
    statics: Vec<(u64, u64)>,
}

struct Scope {
    start: u64,
    end: u64,
    parent: Option<u32>,
    name: Arc<str>,
    /// Symbol of a function in this namespace, which is an `impl` or in one.
    symbol: Option<Arc<str>>,
}

impl UnitIndex {
    /// Reads all entries of a unit.
    pub(crate) fn fill(&mut self, unit: &Unit) -> Option<()> {
        let mut entries = unit.all_entries()?;
        // Namespaces that the next entry may be in, with their depth.
        let mut open: Vec<(isize, u32)> = Vec::new();
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset().0 as u64, entries.next_depth());
            while open.last().is_some_and(|(of_scope, _)| depth <= *of_scope) {
                let (_, scope) = open.pop()?;
                self.scopes[scope as usize].end = offset;
            }
            let Some(abbreviation) = entries.read_abbreviation().ok()? else {
                continue;
            };
            let parent = open.last().map(|(_, scope)| *scope);
            // Variables and functions at this depth are not inside of a function.
            let is_outside = depth == open.last().map_or(1, |(of_scope, _)| of_scope + 1);
            match abbreviation.tag() {
                DW_TAG_namespace => {
                    let mut name = None;
                    for specification in abbreviation.attributes() {
                        let attribute = entries.read_attribute_inline(*specification).ok()?;
                        if attribute.name() == DW_AT_name {
                            name = unit.text(&attribute.raw_value());
                        }
                    }
                    if abbreviation.has_children() {
                        let scope = u32::try_from(self.scopes.len()).ok()?;
                        self.scopes.push(Scope {
                            start: offset,
                            end: u64::MAX,
                            parent,
                            name: name.unwrap_or_default(),
                            symbol: None,
                        });
                        open.push((depth, scope));
                    }
                }
                DW_TAG_subprogram => {
                    let (mut low, mut high, mut symbol) = (None, None, None);
                    for specification in abbreviation.attributes() {
                        let attribute = entries.read_attribute_inline(*specification).ok()?;
                        match attribute.name() {
                            DW_AT_low_pc => low = unit.address(&attribute.value()),
                            DW_AT_high_pc => high = Some(attribute.value()),
                            DW_AT_linkage_name => symbol = Some(attribute.raw_value()),
                            _ => {}
                        }
                    }
                    if let (Some(low), Some(high)) = (low, high) {
                        let high = match &high {
                            Value::Udata(length) => low.checked_add(*length),
                            address => unit.address(address),
                        };
                        self.functions.extend(high.map(|high| (low, high, offset)));
                    }
                    if let (Some(scope), Some(symbol), true) = (parent, symbol, is_outside) {
                        self.note_symbol(scope as usize, || unit.text(&symbol));
                    }
                }
                DW_TAG_variable if is_outside => {
                    let (mut address, mut of_type) = (None, None);
                    for specification in abbreviation.attributes() {
                        let attribute = entries.read_attribute_inline(*specification).ok()?;
                        match (attribute.name(), attribute.value()) {
                            (DW_AT_location, Value::Exprloc(expression)) => {
                                address = static_address(unit, expression.0.slice());
                            }
                            (DW_AT_type, Value::UnitRef(offset)) => of_type = Some(offset.0 as u64),
                            _ => {}
                        }
                    }
                    if let (Some(address), Some(of_type)) = (address, of_type) {
                        self.statics.push((address, of_type));
                    }
                }
                _ => entries.skip_attributes(abbreviation.attributes()).ok()?,
            }
        }
        Some(())
    }

    /// Keeps a symbol of an `impl`, or of a namespace in one.
    fn note_symbol(&mut self, scope: usize, symbol: impl FnOnce() -> Option<Arc<str>>) {
        let parent = self.scopes.get(scope).and_then(|scope| scope.parent);
        let is_impl = |scope: usize| {
            self.scopes
                .get(scope)
                .is_some_and(|scope| scope.name.starts_with(IMPL))
        };
        let is_in_impl = is_impl(scope) || parent.is_some_and(|parent| is_impl(parent as usize));
        if let Some(scope) = self
            .scopes
            .get_mut(scope)
            .filter(|scope| is_in_impl && scope.symbol.is_none())
        {
            scope.symbol = symbol();
        }
    }

    /// Returns the entry of the function that contains an address.
    pub(crate) fn function(&self, address: u64) -> Option<u64> {
        let mut containing = self
            .functions
            .iter()
            .filter(|(low, high, _)| (*low..*high).contains(&address));
        containing.next().map(|(_, _, offset)| *offset)
    }

    /// Returns the entry of the type of the static variable at an address.
    pub(crate) fn type_of_static(&self, address: u64) -> Option<u64> {
        let mut there = self
            .statics
            .iter()
            .filter(|(of_static, _)| *of_static == address);
        there.next().map(|(_, offset)| *offset)
    }

    /// Returns all addresses of functions and static variables.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let functions = self.functions.iter().map(|(low, high, _)| (*low, *high));
        functions.chain(
            self.statics
                .iter()
                .map(|(address, _)| (*address, address.saturating_add(1))),
        )
    }

    /// Returns where the parts of a namespace begin. Each is an entry of its own.
    pub(crate) fn namespaces(&self, path: &[&str]) -> impl Iterator<Item = u64> {
        let is_there = move |scope: &&Scope| {
            let is_named = path.last().is_some_and(|last| **last == *scope.name);
            is_named
                && self
                    .scopes(scope.start)
                    .map(|name| &**name)
                    .eq(path.iter().rev().copied())
        };
        self.scopes.iter().filter(is_there).map(|scope| scope.start)
    }

    /// Returns the `impl` blocks of which a symbol is known: namespaces, symbol, and the method if the symbol is of what
    /// is inside of it.
    pub(crate) fn impls(
        &self,
    ) -> impl Iterator<Item = (Vec<Arc<str>>, &Arc<str>, Option<&Arc<str>>)> {
        self.scopes.iter().filter_map(|scope| {
            let symbol = scope.symbol.as_ref()?;
            let (of_impl, method) = match scope.name.starts_with(IMPL) {
                true => (scope, None),
                false => (self.scopes.get(scope.parent? as usize)?, Some(&scope.name)),
            };
            let mut path: Vec<Arc<str>> = self.scopes(of_impl.start).cloned().collect();
            path.reverse();
            of_impl
                .name
                .starts_with(IMPL)
                .then_some((path, symbol, method))
        })
    }

    /// Returns the namespaces of an entry, the innermost first. An entry that is a namespace counts.
    pub(crate) fn scopes(&self, offset: u64) -> impl Iterator<Item = &Arc<str>> {
        let after = self.scopes.partition_point(|scope| scope.start <= offset);
        let mut next = after.checked_sub(1);
        let step = move || {
            let scope = self.scopes.get(next?)?;
            // A parent begins before its children.
            let parent = scope.parent.map(|parent| parent as usize);
            next = parent.filter(|parent| Some(*parent) < next);
            Some(scope)
        };
        let around = std::iter::from_fn(step).filter(move |scope| scope.end > offset);
        around.map(|scope| &scope.name)
    }
}

/// Returns the address of a variable that is at a fixed one.
fn static_address(unit: &Unit, expression: &[u8]) -> Option<u64> {
    let (operation, operand) = expression.split_first()?;
    match gimli::DwOp(*operation) {
        DW_OP_addr => unit.address(&Value::Addr(u64::from_le_bytes(operand.try_into().ok()?))),
        DW_OP_addrx | DW_OP_GNU_addr_index => {
            let mut reader = gimli::EndianSlice::new(operand, gimli::LittleEndian);
            let index = gimli::Reader::read_uleb128(&mut reader).ok()?;
            unit.address(&Value::Addr(unit.indexed_address(index)?))
        }
        _ => None,
    }
}
