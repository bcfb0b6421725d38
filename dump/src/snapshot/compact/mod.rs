//! Compact collections: how a snapshot of millions of tasks takes 32 to 64 bytes a task.
//!
//! A program may have ten million tasks, and a dump of them is most wanted when memory is short. So a snapshot is
//! bounded: at most 64 bytes a task, also at the peak while it is taken. The test `dump_memory` checks the bound, and
//! `table render` in the benches measures it. Each module here has one reason to exist:
//!
//! | module | in place of | reason |
//! | --- | --- | --- |
//! | [`chunked_vec`] | `Vec` | A `Vec` that doubles holds three times its content for a moment. A chunked one is never copied. |
//! | [`compact_index`] | `HashMap<Key, u32>` | An entry takes at most 7 bytes instead of 20 or more, because the key stays in the list that the index refers to. |
//! | [`bit_set`] | `HashSet<u32>` | A selection takes a bit a task instead of 5 bytes or more. |
//! | [`shapes`] | fields of each row | A million tasks have few different combinations of site, stack, state and flags. A row refers to one by 4 bytes instead of holding 24. |
//! | [`names`] | `String` | A name takes its bytes and 2 more, instead of 24 bytes and an allocation. |
//! | [`wakers`] | a field of each row | Tasks that follow one another are often woken by the same thread. |
//! | [`hash`] | SipHash | Ids and addresses need no keyed hash. Texts from outside do, and have one. |
//!
//! Everything refers to everything by numbers of 32 bits. A snapshot therefore has room for two billion tasks.

pub(crate) mod bit_set;
pub(crate) mod chunked_vec;
pub(crate) mod compact_index;
pub(crate) mod hash;
pub(crate) mod names;
pub(crate) mod shapes;
pub(crate) mod wakers;
