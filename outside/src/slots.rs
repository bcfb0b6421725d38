//! A copy of all slots, and which of them are proved.
//!
//! The slots change while they are copied. Each pass over the memory is complete before the next one begins:
//!
//! 1. The ids of all slots.
//! 2. The content of all slots.
//! 3. The ids again.
//!
//! Ids are never reused. A slot with the same id in the first and in the last pass contained the same task or name
//! meanwhile, so its content is valid. A node has a reference to the node above. So if the lower slot is proved, the link
//! in it leads to the node that is in the copy, unless that one is not proved.
//!
//! A core file does not change, so one pass is enough.

use std::cell::Cell;
use std::sync::atomic::{Ordering, fence};

use birthmark_core::__reader::record::image::SlotImage;

use crate::error::OpenError;
use crate::layout::Layout;
use crate::memory::{Memory, words_of};

const SLOT: usize = 64;
/// The index of a page that is not in the copy, because all its slots were free.
const ABSENT: u32 = u32::MAX;

pub(crate) struct Slots {
    /// By address.
    pub(crate) chunks: Vec<Chunk>,
    page_bytes: usize,
    chunk_bytes: u64,
    /// Index of the chunk that was found last.
    last: Cell<usize>,
}

/// A chunk of slots.
pub(crate) struct Chunk {
    pub(crate) base: u64,
    /// Address of the frames of the chunk's first slot, or 0 if no task of the chunk has had one.
    pub(crate) frames: u64,
    /// Address of the words with the future of the chunk's first slot, or 0 if there are none.
    pub(crate) futures: u64,
    /// Index of each page in `content`, without the first page of the chunk, which contains no slots.
    pages: Vec<u32>,
    /// The pages. A slot that is not proved has the id 0.
    content: Vec<u8>,
}

impl Slots {
    /// Copies all slots, at most `limit` bytes of them.
    pub(crate) fn copy(memory: &Memory, layout: &Layout, limit: u64) -> Result<Self, OpenError> {
        let pages = memory.half_word(layout.registry.pages.addr() as u64);
        let pages = pages.unwrap_or(0);
        if u64::from(pages) * layout.page_bytes > limit {
            return Err(OpenError::TooLarge { limit });
        }
        let mut slots = Slots {
            chunks: chunks(memory, layout, pages),
            page_bytes: layout.page_bytes as usize,
            chunk_bytes: layout.chunk_bytes,
            last: Cell::new(0),
        };
        let mut buffer = Vec::new();
        let before = (!memory.is_still).then(|| slots.all_ids(memory, &mut buffer));
        fence(Ordering::SeqCst);
        for (index, chunk) in slots.chunks.iter_mut().enumerate() {
            let ids = before.as_ref().map(|before| before[index].as_slice());
            chunk.read_slots(memory, slots.page_bytes, &mut buffer);
            chunk.keep(&buffer, slots.page_bytes, ids);
            chunk.frames = area_at(memory, chunk.base, layout.registry.frames.in_chunk);
        }
        fence(Ordering::SeqCst);
        if let Some(before) = &before {
            for (chunk, before) in slots.chunks.iter_mut().zip(before) {
                chunk.read_slots(memory, slots.page_bytes, &mut buffer);
                chunk.prove(slots.page_bytes, before, &buffer);
            }
        }
        Ok(slots)
    }

    fn all_ids(&self, memory: &Memory, buffer: &mut Vec<u8>) -> Vec<Vec<u64>> {
        let chunks = self.chunks.iter().map(|chunk| {
            chunk.read_slots(memory, self.page_bytes, buffer);
            ids_of(buffer).collect()
        });
        chunks.collect()
    }

    /// Returns the words of a slot by its address. Those of a free slot, and of one that is not proved, have the id 0.
    pub(crate) fn words(&self, address: u64) -> Option<[u64; 8]> {
        let chunk = self.chunk(address)?;
        chunk.words(self.page_bytes, (address - chunk.base) as usize)
    }

    /// Returns the proved task or name in a slot.
    pub(crate) fn image(&self, address: u64) -> Option<SlotImage> {
        SlotImage::of_words(self.words(address)?)
    }

    /// Returns `true` if there may be a slot at the address.
    pub(crate) fn has_slot(&self, address: u64) -> bool {
        let chunk = self.chunk(address);
        chunk.is_some_and(|chunk| address - chunk.base >= self.page_bytes as u64)
            && address.is_multiple_of(SLOT as u64)
    }

    /// Returns the chunk around an address.
    pub(crate) fn chunk(&self, address: u64) -> Option<&Chunk> {
        let base = address & !(self.chunk_bytes - 1);
        let last = self.chunks.get(self.last.get());
        if let Some(chunk) = last.filter(|chunk| chunk.base == base) {
            return Some(chunk);
        }
        let index = self.chunks.binary_search_by_key(&base, |chunk| chunk.base);
        let index = index.ok()?;
        self.last.set(index);
        Some(&self.chunks[index])
    }

    /// Number of slots in the copy.
    pub(crate) fn len(&self) -> usize {
        let content = self.chunks.iter().map(|chunk| chunk.content.len() / SLOT);
        content.sum()
    }

    /// Number of proved live tasks.
    pub(crate) fn count_live(&self) -> usize {
        let live = |chunk: &Chunk| {
            let slots = chunk.content.chunks_exact(SLOT);
            let images = slots.filter_map(|slot| SlotImage::of_words(words8(slot)));
            images.filter(SlotImage::is_live_task).count()
        };
        self.chunks.iter().map(live).sum()
    }
}

impl Chunk {
    /// Number of pages with slots.
    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    pub(crate) fn has_page(&self, page: usize) -> bool {
        self.pages.get(page).is_some_and(|page| *page != ABSENT)
    }

    /// Reads all slots of the chunk that were ever in use.
    fn read_slots(&self, memory: &Memory, page_bytes: usize, buffer: &mut Vec<u8>) {
        buffer.resize(self.pages.len() * page_bytes, 0);
        memory.read_readable(self.base + page_bytes as u64, buffer);
    }

    /// Keeps the pages that had a slot in use, now and before.
    fn keep(&mut self, slots: &[u8], page_bytes: usize, before: Option<&[u64]>) {
        let page_slots = page_bytes / SLOT;
        for (index, page) in slots.chunks_exact(page_bytes).enumerate() {
            let ids = before.map(|before| &before[index * page_slots..][..page_slots]);
            let was_used = ids.is_none_or(|ids| ids.iter().any(|id| *id != 0));
            if was_used && ids_of(page).any(|id| id != 0) {
                self.pages[index] = (self.content.len() / page_bytes) as u32;
                self.content.extend_from_slice(page);
            }
        }
    }

    /// Sets the id of each slot to 0 whose id was not the same in all passes.
    fn prove(&mut self, page_bytes: usize, before: &[u64], after: &[u8]) {
        let page_slots = page_bytes / SLOT;
        let after: Vec<u64> = ids_of(after).collect();
        for (page, index) in self
            .pages
            .iter()
            .enumerate()
            .filter(|(_, it)| **it != ABSENT)
        {
            let content = &mut self.content[*index as usize * page_bytes..][..page_bytes];
            for (slot, content) in content.chunks_exact_mut(SLOT).enumerate() {
                let at = page * page_slots + slot;
                let id = u64::from_ne_bytes(*content.first_chunk().unwrap_or(&[0; 8]));
                if before[at] != id || after[at] != id {
                    content[..8].fill(0);
                }
            }
        }
    }

    /// Returns the words at an offset from the chunk's start.
    pub(crate) fn words(&self, page_bytes: usize, offset: usize) -> Option<[u64; 8]> {
        let index = *self.pages.get((offset / page_bytes).checked_sub(1)?)?;
        if index == ABSENT || !offset.is_multiple_of(SLOT) {
            return None;
        }
        let at = index as usize * page_bytes + offset % page_bytes;
        Some(words8(self.content.get(at..at + SLOT)?))
    }
}

/// Returns the chunks in use, without their content.
fn chunks(memory: &Memory, layout: &Layout, pages: u32) -> Vec<Chunk> {
    let it = &layout.registry;
    let count = pages.div_ceil(it.chunk_pages).min(it.max_chunks);
    let bases = memory.array(it.chunks.addr() as u64, count as usize);
    let chunk = |(number, base): (usize, u64)| {
        let before = number as u32 * it.chunk_pages;
        let used = pages.saturating_sub(before).min(it.chunk_pages);
        let is_one = base != 0
            && base.is_multiple_of(layout.chunk_bytes)
            && base.checked_add(layout.chunk_bytes).is_some();
        (is_one && used > 1).then(|| Chunk {
            base,
            frames: 0,
            futures: 0,
            pages: vec![ABSENT; used as usize - 1],
            content: Vec::new(),
        })
    };
    let mut chunks: Vec<Chunk> = bases.into_iter().enumerate().filter_map(chunk).collect();
    chunks.sort_by_key(|chunk| chunk.base);
    chunks.dedup_by_key(|chunk| chunk.base);
    chunks
}

/// Returns the address of an area beside the slots of a chunk, which the chunk has at an offset.
fn area_at(memory: &Memory, base: u64, offset: u32) -> u64 {
    let area = memory.word(base + u64::from(offset)).unwrap_or(0);
    // A bound, so that sums of it and of an offset in the area do not overflow.
    if area < u64::MAX / 2 { area } else { 0 }
}

/// Calls `f` with each slot as it is now: its chunk, its offset there, and its words. Nothing is proved. Does nothing if
/// there are more bytes of records than the limit.
pub(crate) fn walk_now(
    memory: &Memory,
    layout: &Layout,
    limit: u64,
    mut f: impl FnMut(&Chunk, u64, [u64; 8]),
) {
    let pages = memory.half_word(layout.registry.pages.addr() as u64);
    let pages = pages.unwrap_or(0);
    if u64::from(pages) * layout.page_bytes > limit {
        return;
    }
    let page_bytes = layout.page_bytes as usize;
    let mut buffer = Vec::new();
    for mut chunk in chunks(memory, layout, pages) {
        chunk.read_slots(memory, page_bytes, &mut buffer);
        chunk.futures = match layout.is_older() {
            true => area_at(memory, chunk.base, layout.registry.root_futures.in_chunk),
            false => chunk.base + u64::from(layout.registry.futures.distance),
        };
        for (index, slot) in buffer.chunks_exact(SLOT).enumerate() {
            let offset = layout.page_bytes + (index * SLOT) as u64;
            f(&chunk, offset, words8(slot));
        }
    }
}

/// Returns the ids of slots.
fn ids_of(slots: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let ids = slots.chunks_exact(SLOT);
    ids.map(|slot| u64::from_ne_bytes(*slot.first_chunk().unwrap_or(&[0; 8])))
}

/// Returns the words of a slot.
pub(crate) fn words8(slot: &[u8]) -> [u64; 8] {
    let mut words = [0; 8];
    for (into, word) in words.iter_mut().zip(words_of(slot)) {
        *into = word;
    }
    words
}
