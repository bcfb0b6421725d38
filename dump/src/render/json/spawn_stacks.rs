//! The stacks of spawns, each at its site.

use super::string::push_string;
use super::tables::push_position;
use super::threads::push_native_frames;
use crate::threads::spawn_stack::spawn_stack;
use birthmark_core::Site;

/// Appends the stack of the spawns of a site, if there is one.
pub(super) fn push_spawn_stack(out: &mut String, site: &'static Site) {
    let Some(stack) = spawn_stack(site) else {
        return;
    };
    out.push_str(",\"spawn_stack\":{");
    match stack.native() {
        Ok(native) => push_native_frames(out, native),
        Err(why) => {
            out.push_str("\"no_stack\":");
            push_string(out, &why.to_string());
        }
    }
    out.push_str(",\"awaits\":[");
    let mut separator = "";
    for site in stack.awaits() {
        out.push_str(separator);
        separator = ",";
        out.push('{');
        push_position(out, site.file(), site.line(), site.column());
        out.push_str(",\"function\":");
        push_string(out, site.function());
        out.push_str(",\"awaited\":");
        push_string(out, site.awaited());
        out.push('}');
    }
    out.push_str("]}");
}
