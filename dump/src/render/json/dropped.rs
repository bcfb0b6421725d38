//! Awaits that were dropped before they were ready, as a member of a dump.

use super::push_or_null;
use super::string::push_string;
use crate::render::output::push;
use crate::Dump;
use birthmark_core::FrameSite;

/// Appends `,"dropped_awaits":[…]` on one line, if there is such an await.
pub(super) fn push_dropped(out: &mut String, dump: &Dump) {
    if dump.dropped.is_empty() {
        return;
    }
    let mut separator = ",\n\"dropped_awaits\":[";
    for function in &dump.dropped {
        out.push_str(separator);
        out.push_str("{\"site\":");
        push_frame_site(out, function.site());
        push(
            out,
            format_args!(",\"dropped\":{},\"of\":", function.dropped()),
        );
        push_or_null(out, function.of());
        push(out, format_args!(",\"past\":{}", function.past()));
        if let Some(passed) = function.passed().filter(|_| function.past() > 0) {
            out.push_str(",\"passed\":");
            push_frame_site(out, passed);
        }
        out.push('}');
        separator = ",";
    }
    out.push(']');
}

fn push_frame_site(out: &mut String, site: &FrameSite) {
    out.push_str("{\"file\":");
    push_string(out, site.file());
    push(
        out,
        format_args!(
            ",\"line\":{},\"column\":{},\"function\":",
            site.line(),
            site.column()
        ),
    );
    push_string(out, site.function());
    out.push_str(",\"awaited\":");
    push_string(out, site.awaited());
    out.push('}');
}
