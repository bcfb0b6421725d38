//! The wakes of a task, as members of its object.

use super::push_or_null;
use super::string::push_string;
use crate::render::output::push_number;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::WokenBy;

/// Appends `,"woken_by":{"task":7}`, as far as it is known.
pub(super) fn push_wakes(out: &mut String, snapshot: &Snapshot, row: &Row) {
    match snapshot.woken_by(row) {
        None => {}
        Some(WokenBy::Itself) => out.push_str(",\"woken_by\":{\"itself\":true}"),
        Some(WokenBy::Task { id, .. }) => {
            out.push_str(",\"woken_by\":{\"task\":");
            push_number(out, id.as_u64());
            out.push('}');
        }
        Some(WokenBy::Thread { id, name }) => {
            out.push_str(",\"woken_by\":{\"thread\":");
            push_or_null(out, id);
            out.push_str(",\"name\":");
            push_string(out, &name);
            out.push('}');
        }
    }
    if snapshot.shape(row).has_no_waker() {
        out.push_str(",\"no_waker\":true");
    }
}
