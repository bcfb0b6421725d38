//! Sites of the target, copied. Dumps refer to sites for ever, so copies are leaked. Each is made once.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use birthmark_core::__reader::site::Counts;
use birthmark_core::{FrameSite, Kind, Site};

use crate::layout::Layout;
use crate::memory::Memory;

/// Maximum number of sites. A program has one for each spawn call and each `await`.
const MAX_SITES: usize = 1 << 20;
/// Maximum length of a text of a site.
const MAX_TEXT: u64 = 4096;
/// Maximum number of bytes of all texts.
const MAX_TEXTS: usize = 256 << 20;

/// Copies of sites, by their address in the target.
#[derive(Default)]
pub(crate) struct Sites {
    spawns: RefCell<HashMap<u64, &'static Site>>,
    frames: RefCell<HashMap<u64, Option<&'static FrameSite>>>,
    texts: RefCell<HashSet<&'static str>>,
    text_bytes: Cell<usize>,
    last: Cell<Option<(u64, &'static Site)>>,
}

impl Sites {
    /// Returns the spawn site at an address, or `None` if there is none.
    pub(crate) fn spawn(
        &self,
        memory: &Memory,
        layout: &Layout,
        address: u64,
    ) -> Option<&'static Site> {
        if let Some((_, site)) = self.last.get().filter(|(at, _)| *at == address) {
            return Some(site);
        }
        let known = self.spawns.borrow().get(&address).copied();
        let site = match known {
            Some(site) => site,
            None => self.add_spawn(memory, layout, address)?,
        };
        self.last.set(Some((address, site)));
        Some(site)
    }

    fn add_spawn(&self, memory: &Memory, layout: &Layout, address: u64) -> Option<&'static Site> {
        if self.spawns.borrow().len() >= MAX_SITES {
            return None;
        }
        let at = &layout.registry.site;
        let mut kind = [0];
        memory.constant(address.checked_add(at.kind.into())?, &mut kind)?;
        let mut certain = [0];
        let place = address.checked_add(layout.registry.counts.certain.into())?;
        memory.constant(place, &mut certain)?;
        let text = |offset: u32| self.text(memory, address.checked_add(offset.into())?);
        let texts = [
            text(at.file)?,
            text(at.module)?,
            text(at.function)?,
            text(at.callee)?,
            text(at.role)?,
        ];
        let place = [
            number(memory, address + u64::from(at.line))?,
            number(memory, address + u64::from(at.column))?,
        ];
        let kind = Kind::from_flags(kind[0].into());
        let site = Site::copied(texts, place, kind, certain[0] != 0);
        let site: &'static Site = Box::leak(Box::new(site));
        copy_counts(memory, layout, address, &site.counts);
        self.spawns.borrow_mut().insert(address, site);
        Some(site)
    }

    /// Returns the frame site at an address, or `None` if there is none.
    pub(crate) fn frame(
        &self,
        memory: &Memory,
        layout: &Layout,
        address: u64,
    ) -> Option<&'static FrameSite> {
        if address == 0 {
            return None;
        }
        if let Some(known) = self.frames.borrow().get(&address) {
            return *known;
        }
        let site = self.read_frame(memory, layout, address);
        let mut frames = self.frames.borrow_mut();
        if frames.len() < MAX_SITES {
            frames.insert(address, site);
        }
        site
    }

    fn read_frame(
        &self,
        memory: &Memory,
        layout: &Layout,
        address: u64,
    ) -> Option<&'static FrameSite> {
        if self.frames.borrow().len() >= MAX_SITES {
            return None;
        }
        let at = &layout.registry.frames;
        let text = |offset: u32| self.text(memory, address.checked_add(offset.into())?);
        let site = FrameSite {
            file: text(at.file)?,
            line: number(memory, address + u64::from(at.line))?,
            column: number(memory, address + u64::from(at.column))?,
            function: text(at.function)?,
            awaited: text(at.awaited)?,
            guards: self.guards(memory, layout, address),
        };
        Some(Box::leak(Box::new(site)))
    }

    /// Returns the variables with guards of a frame site. Older programs do not tell them.
    fn guards(&self, memory: &Memory, layout: &Layout, address: u64) -> &'static &'static str {
        let read = || {
            let offset = Some(layout.registry.guards_of_frame).filter(|&offset| offset != 0)?;
            let mut text = [0; 8];
            memory.constant(address.checked_add(offset.into())?, &mut text)?;
            self.text(memory, u64::from_ne_bytes(text))
        };
        match read() {
            Some("") | None => &"",
            Some(guards) => Box::leak(Box::new(guards)),
        }
    }

    /// Reads a text by the address of its pointer and length.
    fn text(&self, memory: &Memory, address: u64) -> Option<&'static str> {
        let mut reference = [[0; 8]; 2];
        memory.constant(address, reference.as_flattened_mut())?;
        let [start, length] = reference.map(u64::from_ne_bytes);
        if length > MAX_TEXT {
            return None;
        }
        let mut bytes = vec![0; length as usize];
        if length > 0 {
            memory.constant(start, &mut bytes)?;
        }
        self.keep_text(&harmless(&String::from_utf8_lossy(&bytes)))
    }

    fn keep_text(&self, text: &str) -> Option<&'static str> {
        let mut texts = self.texts.borrow_mut();
        if let Some(known) = texts.get(text) {
            return Some(known);
        }
        let bytes = self.text_bytes.get() + text.len();
        if bytes > MAX_TEXTS {
            return None;
        }
        self.text_bytes.set(bytes);
        let kept: &'static str = Box::leak(text.into());
        texts.insert(kept);
        Some(kept)
    }
}

/// Copies the counts of a site, except those of completed tasks, which threads have. Returns the index of the site.
pub(crate) fn copy_counts(
    memory: &Memory,
    layout: &Layout,
    address: u64,
    counts: &Counts,
) -> Option<u32> {
    let at = &layout.registry.counts;
    let whole = [
        (at.completed, &counts.completed),
        (at.panicked, &counts.panicked),
        (at.cancelled, &counts.cancelled),
        (at.refused, &counts.refused),
        (at.untracked, &counts.untracked),
        (at.passed_through, &counts.passed_through),
    ];
    let others = [at.index, at.seen];
    let offsets = whole.iter().map(|(offset, _)| *offset).chain(others);
    let (first, last) = (offsets.clone().min()?, offsets.max()?);
    let mut bytes = vec![0; (last - first) as usize + 8];
    memory.read(address.checked_add(first.into())?, &mut bytes)?;
    let word = |offset: u32| bytes[(offset - first) as usize..].first_chunk().copied();
    for (offset, count) in whole {
        count.store(
            believable(u64::from_ne_bytes(word(offset)?)),
            Ordering::Relaxed,
        );
    }
    let seen = bytes[(at.seen - first) as usize];
    counts.seen.store(seen, Ordering::Relaxed);
    Some(u64::from_ne_bytes(word(at.index)?) as u32)
}

/// Returns a count, or the greatest one that a million sites can have without an overflow of their sum.
pub(crate) fn believable(count: u64) -> u64 {
    count.min(1 << 42)
}

/// Adds to a count.
pub(crate) fn add(count: &AtomicU64, more: u64) {
    let sum = count.load(Ordering::Relaxed) + believable(more);
    count.store(believable(sum), Ordering::Relaxed);
}

fn number(memory: &Memory, address: u64) -> Option<u32> {
    let mut bytes = [0; 4];
    memory.constant(address, &mut bytes)?;
    Some(u32::from_ne_bytes(bytes))
}

/// Returns a text without characters that control a terminal. Texts of sites are shown as they are.
fn harmless(text: &str) -> String {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(is_harmful, "\u{fffd}")
}
