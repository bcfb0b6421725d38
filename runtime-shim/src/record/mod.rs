//! The registry: one record for each live task, without a lock on the way of a spawn, a poll or an end.
//!
//! # Memory
//!
//! A record is a slot of 64 bytes ([`slot`]). Slots are in chunks of 1 MiB, aligned to their size, which are mapped once
//! and never unmapped ([`arena`]). So a thread with a pointer to a slot may read the slot at any time. Behind the slots of a
//! chunk are the frames of each task ([`frames`]), where its future is ([`root_future`]), and its wakes ([`wakes`]).
//!
//! A thread has free slots, ids and references in its cache ([`thread_cache`]). Threads exchange free slots with the
//! arena in batches of 64, which is one page. The arena keeps batches on a stack whose head has a tag against ABA
//! (`stack.rs`). The clock's thread gives pages back to the system if all their slots are free (`reclaim.rs`).
//!
//! # States of a slot
//!
//! A slot is free, or it contains a task, a name, or text that continues a name. The id tells which one.
//!
//! ```text
//!  free ──spawn──► live task ──end, no node below──► free
//!                      └──end, nodes below──► ended task ──last reference──► free
//!  free ──name──► name, with its text ──last reference──► free
//! ```
//!
//! A *node* is a task or a name. Nodes form a tree: each has a link to the node above. A task's future children are
//! below the task itself, or below its name node.
//!
//! # The id is a sequence lock
//!
//! Ids are never reused, and a free slot has the id 0. A spawn stores the content behind a release fence, and then the
//! id with release ordering. If no node is below a task, its end frees the slot: it stores the id 0, and anything else
//! behind a release fence. Otherwise the slot keeps the id, and its status tells that the task has ended. A reader loads
//! the id, the content and the id again ([`read`]). The same id twice means that the content is that task's. The words of
//! the content may be from different moments of its life.
//!
//! # Writers
//!
//! Each word has one writer at a time, except `refs` and the words of a closure that several threads call at once.
//!
//! | word | writer |
//! | --- | --- |
//! | `id`, `site` | the spawner, and for the id also the thread that frees the slot |
//! | `status`, `polls` | the thread that runs the task; before its start, the spawner |
//! | `parent` | the spawner; later the thread that takes ancestors out |
//! | `spawn_parent` | the thread that runs the task; before its start, the spawner |
//! | `refs` | each thread that takes or gives back a reference, by atomic operations |
//! | `spawned` | the spawner; the generation in it, the thread that first spawns below the node |
//!
//! # References
//!
//! A live task has one reference to itself, and each node has one to the node above. Threads have further references in
//! their cache: 64 are taken at once and given to children one by one, without an atomic operation. A slot is freed with
//! its last reference. Freeing continues with the reference that the freed node had to the node above.
//!
//! Types show who has a reference. [`slot`] explains them.
//!
//! # Safety by situation
//!
//! - **A reader meets a slot that is freed and reused.** The slot is still mapped, and all its words are atomics. The
//!   second load of the id returns another value, and the reader discards the content.
//! - **A reader follows a link.** The link is that of a node, because the record is consistent and is no text. The node
//!   above may be freed meanwhile. So the reader compares the link and the id of the lower node once more, after it has
//!   read the node above.
//! - **Ancestors are taken out while a reader is there** ([`lineage`]). The lower node gets another link. The reader sees
//!   that the link has changed, and follows the new one.
//! - **A thread renames a task while another one spawns below its name.** The spawner publishes the node in a hazard
//!   pointer before it takes a reference. The other thread waits until no hazard pointer has the node
//!   ([`shared`]).
//! - **A task ends on another thread than the one that has spawned it.** The reference to the parent is given back by an
//!   atomic subtraction with release ordering. The thread that gives back the last one has an acquire fence before it
//!   frees the slot.
//! - **A page is given back to the system.** All its slots are free and belong to the clock's thread. The system fills
//!   the page with zeros, and a slot of zeros is free.
//! - **A thread exits.** Its [state](thread_states) is never freed, but handed on to a later thread. So readers need no
//!   lock for it. Counts in it continue. Its shadow stack is in its own memory, and the thread waits for readers of it
//!   ([`exposed`]).
//! - **Another process reads the memory**, or a debugger reads a core file. The exported symbol has a fixed layout
//!   (`export.rs`).
//!
//! # Bounds
//!
//! A task that spawns itself forever would have one ancestor for each generation. Every 16 generations, ended ancestors
//! beyond the nearest 16 are taken out if only one node refers to them. The node below counts them. One thread at a time
//! does this, and a thread that finds another one at it continues without.

pub mod announcement;
pub(crate) mod arena;
pub(crate) mod call_names;
pub mod content;
pub mod export;
pub(crate) mod exposed;
pub(crate) mod frames;
pub(crate) mod globals;
pub mod gone;
pub(crate) mod hazard;
pub mod image;
pub(crate) mod lineage;
pub(crate) mod local_set;
pub mod read;
pub(crate) mod reclaim;
pub mod root_future;
pub(crate) mod shared;
pub mod slot;
mod stack;
pub(crate) mod thread_cache;
pub mod thread_states;
pub mod wakes;
pub mod words;
