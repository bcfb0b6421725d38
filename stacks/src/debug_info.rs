//! The debug information of a process.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
#[cfg(feature = "functions")]
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dwarf::{self, Module, Type, TypeRef, Unit};
use crate::elf::{self, Image};
use crate::maps::{self, Mapped, Mapping};
use crate::memory::CoreFile;
use crate::missing::Missing;
use crate::names;

/// Average size of an entry.
const BYTES_OF_ENTRY: u64 = 12;
/// Bytes of units that are kept.
const MAX_UNIT_BYTES: u64 = 256 << 20;
/// Number of structs of one namespace that are kept.
const MAX_STRUCTS: usize = 50_000;
/// Number of types that are kept.
const MAX_TYPES: usize = 200_000;

/// The things that are searched in values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Search {
    /// State machines and trait objects.
    Futures,
    /// These, and values by which tasks use shared things.
    Uses,
}

/// The debug information of a process.
///
/// A file is opened when an address in it is looked up, and a unit is read when it has a type that is needed. Both are
/// kept for the next stack.
pub struct DebugInfo {
    files: Vec<LoadedFile>,
    folders: Vec<PathBuf>,
    /// Units of all files that were opened: number of the file, number of the unit in it.
    units: Vec<(u32, u32)>,
    loaded: HashMap<u32, Arc<Unit>>,
    loaded_bytes: u64,
    types: HashMap<TypeRef, Option<(TypeRef, Arc<Type>)>>,
    /// `true` for types whose values can contain what is searched.
    pub(crate) contents: HashMap<(Search, TypeRef), bool>,
    /// Structs of namespaces that were searched in all units of a file.
    namespaces: HashMap<(u32, String), HashMap<Arc<str>, TypeRef>>,
    /// Number of entries that the present stack may still read.
    budget: u64,
    /// Names of the types of `impl` blocks, by the namespaces around them.
    implementors: HashMap<Vec<Arc<str>>, Implementor>,
}

/// Clue to the type of an `impl`.
enum Implementor {
    /// Symbol of a function in it, and the method that the function is in.
    Symbol(Arc<str>, Option<Arc<str>>),
    Name(String),
}

/// A file that is mapped into the process.
struct LoadedFile {
    mapped: Mapped,
    /// Path by which the file is opened.
    opened: PathBuf,
    /// Path beside which files with debug information are searched. The process may have another root folder.
    beside: PathBuf,
    /// Build id of the file that the process had mapped, if it is known.
    build_id: Option<Vec<u8>>,
    /// Separate files that the caller has given: with debug information, and the package of split debug information.
    given: Option<PathBuf>,
    package: Option<PathBuf>,
    state: FileState,
}

/// The ELF files of a mapped file.
pub(crate) struct Images {
    /// The mapped file, unless the file at its path is of another build.
    pub(crate) own: Option<Image>,
    /// The separate file with its debug information.
    pub(crate) separate: Option<Image>,
    is_replaced: bool,
}

impl Images {
    /// Returns the image that has debug information.
    pub(crate) fn described(&self) -> Option<&Image> {
        let own = self.own.as_ref().filter(|image| image.has_debug_info());
        self.separate.as_ref().or(own)
    }

    /// Returns the difference of addresses in memory from those in the file.
    fn bias(&self, mapped: &Mapped) -> Option<u64> {
        let loaded = self.own.as_ref().or(self.separate.as_ref())?;
        let (address, offset) = loaded.first_segment?;
        // Both are rounded down to pages, by the same number of bytes.
        let local = address.wrapping_sub(offset).wrapping_add(mapped.offset);
        Some(mapped.start.wrapping_sub(local))
    }
}

enum FileState {
    NotOpened,
    NoDebugInfo,
    /// The file at the path is of another build.
    OtherBuild,
    Open {
        module: Box<Module>,
        bias: u64,
        first_unit: u32,
    },
}

/// Error of opening the debug information of a process.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The system is none that is supported.
    Unsupported,
    /// The list of mapped files cannot be read.
    Maps {
        /// Path of the list.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The list of mapped files is empty, as it is for a process that has ended.
    NoFiles {
        /// Path of the list.
        path: PathBuf,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str(
                "cannot read debug information: only 64-bit Linux is supported\nhelp: use frames of instrumented code",
            ),
            Self::Maps { path, source } => write!(
                f,
                "cannot read {}: {source}\nhelp: run the reader as the same user, with the right to trace the process",
                path.display()
            ),
            Self::NoFiles { path } => write!(f, "cannot find files in {}: the list is empty", path.display()),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Maps { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Error of [`DebugInfo::add_file`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddFileError {
    /// The file cannot be read, or has no debug information.
    NoDebugInfo {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file belongs to no file of the process.
    OtherBuild {
        /// Path of the file.
        path: PathBuf,
    },
}

impl fmt::Display for AddFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDebugInfo { path } => write!(
                f,
                "cannot use {}: it is no ELF file with debug information\nhelp: pass a file with a section `.debug_info`, or a \
                 package `.dwp`",
                path.display()
            ),
            Self::OtherBuild { path } => write!(
                f,
                "cannot use {}: its build id is that of no file of the process\nhelp: pass the file of the same build; \
                 `readelf -n` shows build ids",
                path.display()
            ),
        }
    }
}

impl Error for AddFileError {}

impl DebugInfo {
    /// Opens the debug information of this process.
    ///
    /// # Errors
    ///
    /// On systems other than 64-bit Linux, and if `/proc` cannot be read.
    pub fn of_this_process() -> Result<Self, OpenError> {
        Self::of_process(std::process::id())
    }

    /// Opens the debug information of a process.
    ///
    /// # Errors
    ///
    /// On systems other than 64-bit Linux, and if `/proc` cannot be read or the process has ended.
    pub fn of_process(id: u32) -> Result<Self, OpenError> {
        if cfg!(not(all(
            target_os = "linux",
            target_pointer_width = "64",
            target_endian = "little"
        ))) {
            return Err(OpenError::Unsupported);
        }
        let folder = PathBuf::from(format!("/proc/{id}"));
        let path = folder.join("maps");
        let maps = match std::fs::read(&path) {
            Ok(maps) => maps,
            Err(source) => return Err(OpenError::Maps { path, source }),
        };
        // The executable is reachable by this link even if it was replaced.
        let executable = std::fs::read_link(folder.join("exe")).ok();
        let root = folder.join("root");
        let mappings = Mapping::parse(&String::from_utf8_lossy(&maps));
        let files = maps::files(mappings).into_iter().map(|mapped| {
            let below_root = mapped.path.strip_prefix("/").unwrap_or(&mapped.path);
            let beside = root.join(below_root);
            let opened = match executable.as_ref() == Some(&mapped.path) {
                true => folder.join("exe"),
                false => beside.clone(),
            };
            (mapped, opened, beside)
        });
        let info = Self::new(files);
        match info.files.is_empty() {
            true => Err(OpenError::NoFiles { path }),
            false => Ok(info),
        }
    }

    /// Opens the debug information of a process that has ended.
    ///
    /// # Errors
    ///
    /// If the core file does not name the files that were mapped.
    pub fn of_core_file(core: &CoreFile) -> Result<Self, OpenError> {
        let files = maps::merge(core.files().cloned());
        if files.is_empty() {
            let path = core.path().to_owned();
            return Err(OpenError::NoFiles { path });
        }
        let mut info = Self::of_mapped(files);
        for file in &mut info.files {
            file.build_id = core.build_id_at(file.mapped.start);
        }
        Ok(info)
    }

    /// Opens the debug information of an executable whose first segment is at an address.
    ///
    /// The file is read when the first address is looked up.
    #[must_use]
    pub fn of_file(path: &Path, start: u64, end: u64) -> Self {
        let mapped = Mapped {
            path: path.to_owned(),
            start,
            end,
            offset: 0,
        };
        Self::of_mapped(vec![mapped])
    }

    /// Takes files that are at the paths by which they were mapped.
    fn of_mapped(files: Vec<Mapped>) -> Self {
        let files = files.into_iter().map(|mapped| {
            let path = mapped.path.clone();
            (mapped, path.clone(), path)
        });
        Self::new(files)
    }

    fn new(files: impl Iterator<Item = (Mapped, PathBuf, PathBuf)>) -> Self {
        let files = files.map(|(mapped, opened, beside)| LoadedFile {
            mapped,
            opened,
            beside,
            build_id: None,
            given: None,
            package: None,
            state: FileState::NotOpened,
        });
        Self {
            files: files.collect(),
            folders: Vec::new(),
            units: Vec::new(),
            loaded: HashMap::new(),
            loaded_bytes: 0,
            types: HashMap::new(),
            contents: HashMap::new(),
            namespaces: HashMap::new(),
            budget: u64::MAX,
            implementors: HashMap::new(),
        }
    }

    /// Adds a folder in which separate files with debug information are searched first.
    ///
    /// The folder has files by the name of `.gnu_debuglink`, a folder `.build-id`, or `.dwp` packages.
    pub fn search_in(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.folders.push(folder.into());
        self
    }

    /// Uses a separate file with debug information, or a package of split debug information.
    ///
    /// The file belongs to the mapped file with the same build id. Without build ids, and for a package, that is the
    /// executable. Units in a package have ids of their own.
    ///
    /// # Errors
    ///
    /// If the file has no debug information, or belongs to no file of the process.
    pub fn add_file(&mut self, path: impl Into<PathBuf>) -> Result<(), AddFileError> {
        let path = path.into();
        let image = Image::open(&path);
        let is_package = |image: &Image| !image.sections.cu_index.is_empty();
        let image = image.filter(|image| image.has_debug_info() || is_package(image));
        let Some(image) = image else {
            return Err(AddFileError::NoDebugInfo { path });
        };
        let is_same = |file: &LoadedFile| {
            let own = file
                .build_id
                .clone()
                .or_else(|| Image::open(&file.opened)?.build_id);
            own.is_some() && own == image.build_id
        };
        let place = match (is_package(&image), &image.build_id) {
            (false, Some(_)) => self.files.iter().position(is_same),
            _ => (!self.files.is_empty()).then_some(0),
        };
        let Some(file) = place.and_then(|place| self.files.get_mut(place)) else {
            return Err(AddFileError::OtherBuild { path });
        };
        let target = match is_package(&image) {
            true => &mut file.package,
            false => &mut file.given,
        };
        *target = Some(path);
        file.state = FileState::NotOpened;
        self.clear_caches();
        Ok(())
    }

    /// Forgets all units and types that were read.
    pub fn clear_caches(&mut self) {
        self.loaded.clear();
        self.loaded_bytes = 0;
        self.types.clear();
        self.contents.clear();
        self.namespaces.clear();
        self.implementors.clear();
    }

    /// Begins a stack that may read so many entries, and clears caches that exceed their limits.
    pub(crate) fn begin(&mut self, budget: u64) {
        self.budget = budget;
        if self.types.len() > MAX_TYPES || self.contents.len() > MAX_TYPES {
            self.types.clear();
            self.contents.clear();
        }
    }

    /// Returns the type that a parameter of the function at an address stands for.
    pub(crate) fn type_of_function(
        &mut self,
        address: u64,
        parameter: &str,
    ) -> Result<TypeRef, Missing> {
        self.lookup(address, |info, unit, content, local| {
            let offset = content.index.function(local)?;
            let start = TypeRef { unit, offset };
            let found = dwarf::follow(start, |at| {
                let unit = info.unit(at.unit)?;
                dwarf::parameter_of_function(&unit, at, parameter, &|offset| {
                    info.unit_of_offset(at.unit, offset)
                })
            });
            found.map(|(_, of_type)| of_type)
        })
    }

    /// Returns the type whose methods the vtable at an address has.
    pub(crate) fn type_of_vtable(&mut self, address: u64) -> Result<TypeRef, Missing> {
        self.lookup(address, |info, unit, content, local| {
            let offset = content.index.type_of_static(local)?;
            info.get(TypeRef { unit, offset })?.containing
        })
    }

    /// Returns the entry of the function at an address, and its name with type arguments.
    pub(crate) fn function_at(&mut self, address: u64) -> Result<(TypeRef, Arc<str>), Missing> {
        let at = self.lookup(address, |_, unit, content, local| {
            let offset = content.index.function(local)?;
            Some(TypeRef { unit, offset })
        })?;
        let found = dwarf::follow(at, |at| {
            let unit = self.unit(at.unit)?;
            dwarf::name_of_entry(&unit, at, &|offset| self.unit_of_offset(at.unit, offset))
        });
        let (_, name) = found.ok_or(Missing::TypeNotFound { address })?;
        Ok((at, name))
    }

    /// Returns the struct with a name and a namespace in the file of an entry.
    ///
    /// The unit of the entry is searched first. Optimized units have functions without their types, so all units of the
    /// file are searched once, and the structs of the namespace are kept.
    pub(crate) fn find_struct(
        &mut self,
        near: TypeRef,
        name: &str,
        namespace: &[&str],
    ) -> Option<TypeRef> {
        let content = self.unit(near.unit)?;
        let here = dwarf::structs_of_namespace(&content, namespace);
        if let Some((_, offset)) = here.iter().find(|(found, _)| **found == *name) {
            return Some(TypeRef {
                unit: near.unit,
                offset: *offset,
            });
        }
        let (file, _) = *self.units.get(near.unit as usize)?;
        let key = (file, namespace.join("::"));
        if !self.namespaces.contains_key(&key) {
            let structs = self.search(file, namespace)?;
            self.namespaces.insert(key.clone(), structs);
        }
        self.namespaces.get(&key)?.get(name).copied()
    }

    /// Returns the structs of a namespace in all units of a file.
    fn search(&mut self, file: u32, namespace: &[&str]) -> Option<HashMap<Arc<str>, TypeRef>> {
        let (module, first_unit) = self.opened(file)?;
        let units = first_unit..first_unit + module.unit_count() as u32;
        let mut structs = HashMap::new();
        for unit in units {
            // A unit that was not loaded for another reason is not kept.
            let content = match self.loaded.get(&unit) {
                Some(content) => content.clone(),
                None => match self.load(unit) {
                    Some(content) => Arc::new(content),
                    None => continue,
                },
            };
            for (name, offset) in dwarf::structs_of_namespace(&content, namespace) {
                if structs.len() < MAX_STRUCTS {
                    structs.insert(name, TypeRef { unit, offset });
                }
            }
        }
        Some(structs)
    }

    /// Tries the units that may have an address.
    fn lookup(
        &mut self,
        address: u64,
        mut find: impl FnMut(&mut Self, u32, &Unit, u64) -> Option<TypeRef>,
    ) -> Result<TypeRef, Missing> {
        let file = self.open(address)?;
        let not_found = Missing::TypeNotFound { address };
        let FileState::Open {
            module,
            bias,
            first_unit,
        } = &self.files[file].state
        else {
            return Err(not_found);
        };
        let (local, first_unit) = (address.wrapping_sub(*bias), *first_unit);
        for unit in module.units_of_address(local) {
            let unit = first_unit + unit;
            let found = self
                .unit(unit)
                .and_then(|content| find(self, unit, &content, local));
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let mut found = None;
        while found.is_none() {
            let FileState::Open { module, .. } = &mut self.files[file].state else {
                break;
            };
            let Some(number) = module.next_unranged() else {
                break;
            };
            let unit = first_unit + number;
            // The search is made once, so the budget does not count.
            let Some(content) = self.load(unit) else {
                continue;
            };
            if let FileState::Open { module, .. } = &mut self.files[file].state {
                module.add_ranges(number, &content);
            }
            found = find(self, unit, &content, local);
        }
        if let FileState::Open { module, .. } = &mut self.files[file].state {
            module.sort_ranges();
        }
        found.ok_or(not_found)
    }

    /// Returns the path of the function at an address by its symbol, which needs no debug information of its crate.
    pub(crate) fn symbol(&mut self, address: u64) -> Option<String> {
        let file = self.open(address).ok()?;
        match &self.files[file].state {
            FileState::Open { module, bias, .. } => module.symbol(address.wrapping_sub(*bias)),
            _ => None,
        }
    }

    /// Opens the file that is mapped at an address, and returns its number.
    fn open(&mut self, address: u64) -> Result<usize, Missing> {
        let contains = |file: &LoadedFile| (file.mapped.start..file.mapped.end).contains(&address);
        let found = self.files.iter().position(contains);
        let number = found.ok_or(Missing::UnknownAddress { address })?;
        let file = &self.files[number];
        if matches!(file.state, FileState::NotOpened) {
            let (module, bias) = match self.read_file(file) {
                Ok(opened) => opened,
                Err(state) => {
                    self.files[number].state = state;
                    return Err(self.no_debug_info(number));
                }
            };
            let first_unit = self.units.len() as u32;
            let numbers = 0..module.unit_count() as u32;
            self.units.extend(numbers.map(|unit| (number as u32, unit)));
            self.files[number].state = FileState::Open {
                module: Box::new(module),
                bias,
                first_unit,
            };
        }
        match &self.files[number].state {
            FileState::Open { .. } => Ok(number),
            _ => Err(self.no_debug_info(number)),
        }
    }

    fn no_debug_info(&self, number: usize) -> Missing {
        let file = &self.files[number];
        let path = file.mapped.path.display().to_string();
        match file.state {
            FileState::OtherBuild => Missing::OtherBuild { file: path },
            _ => Missing::NoDebugInfo { file: path },
        }
    }

    /// Reads the headers of a file and of those that belong to it. Otherwise returns the state that tells why not.
    fn read_file(&self, file: &LoadedFile) -> Result<(Module, u64), FileState> {
        let images = self.images(file);
        let without = match images.is_replaced {
            true => FileState::OtherBuild,
            false => FileState::NoDebugInfo,
        };
        let (Some(described), Some(bias)) = (images.described(), images.bias(&file.mapped)) else {
            return Err(without);
        };
        let package = file.package.as_deref();
        let module = Module::new(described, &file.beside, &self.folders, package);
        module.map(|module| (module, bias)).ok_or(without)
    }

    /// Opens a file and the separate one that belongs to it.
    fn images(&self, file: &LoadedFile) -> Images {
        let image = Image::open(&file.opened);
        let is_other = |image: &Image| match (&file.build_id, &image.build_id) {
            (Some(mapped), Some(own)) => mapped != own,
            _ => false,
        };
        let is_replaced = image.as_ref().is_some_and(is_other);
        let own = image.filter(|_| !is_replaced);
        let separate = match (&file.given, &own) {
            (Some(given), _) => Image::open(given),
            (None, Some(own)) if !own.has_debug_info() => {
                elf::find_debug_file(own, &file.beside, &file.mapped.path, &self.folders)
            }
            _ => None,
        };
        Images {
            own,
            separate,
            is_replaced,
        }
    }

    /// Opens the file that is mapped at an address. Returns its range and its images.
    #[cfg(feature = "functions")]
    pub(crate) fn images_at(&self, address: u64) -> Option<(Range<u64>, Images, u64)> {
        let contains = |file: &&LoadedFile| (file.mapped.start..file.mapped.end).contains(&address);
        let file = self.files.iter().find(contains)?;
        let images = self.images(file);
        let bias = images.bias(&file.mapped)?;
        Some((file.mapped.start..file.mapped.end, images, bias))
    }

    /// Takes steps from the budget of the present stack.
    pub(crate) fn spend(&mut self, steps: u64) {
        self.budget = self.budget.saturating_sub(steps);
    }

    /// Returns `true` if the present stack may read no more entries.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.budget == 0
    }

    /// Returns a unit by its number among all units.
    pub(crate) fn unit(&mut self, unit: u32) -> Option<Arc<Unit>> {
        if let Some(unit) = self.loaded.get(&unit) {
            return Some(unit.clone());
        }
        if self.is_exhausted() {
            return None;
        }
        let content = Arc::new(self.load(unit)?);
        self.spend(content.size() / BYTES_OF_ENTRY);
        if self.loaded_bytes > MAX_UNIT_BYTES {
            self.loaded.clear();
            self.loaded_bytes = 0;
        }
        self.loaded_bytes += content.size();
        for (of_impl, symbol, method) in content.index.impls() {
            let symbol = || Implementor::Symbol(symbol.clone(), method.cloned());
            self.implementors.entry(of_impl).or_insert_with(symbol);
        }
        self.loaded.insert(unit, content.clone());
        Some(content)
    }

    /// Returns the debug information of a file that is open, and the number of its first unit.
    fn opened(&self, file: u32) -> Option<(&Module, u32)> {
        match &self.files[file as usize].state {
            FileState::Open {
                module, first_unit, ..
            } => Some((module, *first_unit)),
            _ => None,
        }
    }

    fn load(&mut self, unit: u32) -> Option<Unit> {
        let (file, number) = *self.units.get(unit as usize)?;
        match &mut self.files[file as usize].state {
            FileState::Open { module, .. } => module.load(number),
            _ => None,
        }
    }

    /// Returns the place of an offset in the file of a unit.
    fn unit_of_offset(&self, unit: u32, offset: u64) -> Option<TypeRef> {
        let (file, _) = *self.units.get(unit as usize)?;
        let (module, first_unit) = self.opened(file)?;
        let (number, offset) = module.unit_of_offset(offset)?;
        Some(TypeRef {
            unit: first_unit + number,
            offset,
        })
    }

    /// Returns a type.
    pub(crate) fn get(&mut self, at: TypeRef) -> Option<Arc<Type>> {
        self.resolve(at).map(|(_, found)| found)
    }

    /// Returns a type without its qualifiers, and its place.
    pub(crate) fn resolve(&mut self, at: TypeRef) -> Option<(TypeRef, Arc<Type>)> {
        if let Some(known) = self.types.get(&at) {
            return known.clone();
        }
        if self.is_exhausted() {
            return None;
        }
        let mut budget = self.budget;
        let found = dwarf::follow(at, |at| {
            let unit = self.unit(at.unit)?;
            let find = |offset| self.unit_of_offset(at.unit, offset);
            dwarf::read_type(&unit, at, &find, &mut budget)
        });
        // Reading units has taken from the budget, too.
        self.budget = self.budget.min(budget);
        let found = found.map(|(at, found)| (at, Arc::new(found)));
        if self.is_exhausted() {
            return found;
        }
        self.types.insert(at, found.clone());
        found
    }

    /// Returns the path of the function that a state machine or closure was made of.
    pub(crate) fn function_name(&self, of_type: &Type) -> String {
        names::function(of_type, |of_impl| match self.implementors.get(of_impl)? {
            Implementor::Symbol(symbol, method) => names::implementor(symbol, method.as_deref()),
            Implementor::Name(name) => Some(name.clone()),
        })
    }

    /// Notes the type of the innermost `impl` around a state machine, if it is not known.
    pub(crate) fn note_implementor(&mut self, of_type: &Type, name: &str) {
        if let Some(of_impl) = names::impl_around(of_type) {
            let name = || Implementor::Name(name.to_owned());
            self.implementors
                .entry(of_impl.to_vec())
                .or_insert_with(name);
        }
    }

    /// Returns the path of a file by its number in the unit of a type.
    pub(crate) fn source_file(&mut self, of_type: TypeRef, number: u64) -> Option<Arc<str>> {
        self.unit(of_type.unit)?.file(number)
    }
}

impl fmt::Debug for DebugInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DebugInfo")
            .field("files", &self.files.len())
            .field("units", &self.units.len())
            .field("loaded_units", &self.loaded.len())
            .field("types", &self.types.len())
            .finish()
    }
}
