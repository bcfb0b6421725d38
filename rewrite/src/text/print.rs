//! Generated code, as text: calls of macros that the runtime exports (`abi/text.rs`).
//!
//! Text has neither hygiene nor silence under lints, which the tokens of a macro have. So the front end inserts only
//! the head and the tail of a macro call around the user's expression, as in `P::value!(SITES[0], ` and `)`. The
//! expression passes through the macro token by token.
//!
//! The code in which the expression ends up belongs to the runtime. Lints do not look into macros of other crates. Its
//! local variables are hygienic, and it has the runtime's edition. So the head is the same for programs of every
//! edition.
//!
//! The handles of a closure are the exception. One macro makes them and another takes them, so they need names that
//! both see ([`local`]).

use proc_macro2::Literal;

use crate::callee::relay::Relay;
use crate::emit::names::{FRAMES, SITES};
use crate::emit::table::{self, FileName};
use crate::emit::wrap::{Identity, NewRecord, Wrap};
use crate::site::{FrameSite, Site};
use crate::syntax::shape::TaskShape;

use super::source::Source;

/// Returns the name of the variable with the first handle of a closure. Nothing else in the file has that name.
pub(super) fn local(source: &str) -> String {
    let mut name = "__birthmark".to_owned();
    while source.contains(&name) || source.contains(&last(&name)) {
        name.push('_');
    }
    name
}

/// Returns the name of the variable with the last handle. No lint objects to its underscores.
fn last(local: &str) -> String {
    local.replacen("__birthmark", "__birthmark_end", 1)
}

/// Prints generated code.
pub(super) struct Print<'a> {
    /// The path of the module that generated code calls.
    pub private: String,
    /// The name of the variable with the first handle of a closure.
    pub local: String,
    pub source: Source<'a>,
}

impl Print<'_> {
    /// Returns the code before and behind an expression.
    pub(super) fn parts(&self, wrap: &Wrap) -> (String, String) {
        match wrap {
            Wrap::Closure {
                identity: Identity::Inherit,
                ..
            } => self.call("borrow_parent", &self.handles()),
            Wrap::Closure {
                identity: Identity::New(record),
                ..
            } => self.call(
                "closure",
                &format!("{} {}", self.handles(), self.record(record)),
            ),
            Wrap::Body {
                by_value, is_typed, ..
            } => self.body(*by_value, *is_typed),
            Wrap::ClosureVariable {
                record, by_value, ..
            } => {
                let enter = if *by_value { "enter_owned" } else { "enter" };
                self.call(
                    "closure_variable",
                    &format!("{enter} {}", self.record(record)),
                )
            }
            Wrap::Future { record, .. } => self.call("task", &self.record(record)),
            Wrap::FutureFn { record, .. } => self.call("task_fn", &self.record(record)),
            Wrap::Place { record, .. } => self.call("place", &self.record(record)),
            Wrap::Value { record, .. } => self.call("value", &self.record(record)),
            Wrap::Guess {
                site, shape, relay, ..
            } => self.guess(site.entry, *shape, *relay),
            Wrap::PropagateRefusal { site, fallible, .. } => {
                let fallible = if *fallible { "fallible " } else { "" };
                self.call("settled", &format!("{fallible}{SITES}[{}]", site.entry))
            }
            Wrap::Returned {
                site,
                is_awaited,
                is_beside,
                ..
            } => {
                let name = if *is_awaited { "awaited" } else { "returned" };
                let beside = if *is_beside { "beside " } else { "" };
                self.call(name, &format!("{beside}{SITES}[{}]", site.entry))
            }
            Wrap::Blocked { shape, .. } => self.blocked(*shape),
            Wrap::ThreadRole { site, .. } => {
                self.call("thread_role", &format!("{SITES}[{}]", site.entry))
            }
            Wrap::Frame { entry, .. } => self.call("frame", &format!("{FRAMES}[{entry}]")),
            Wrap::Branch { entry, extends, .. } => {
                let name = if *extends {
                    "extending_branch"
                } else {
                    "branch"
                };
                self.call(name, &format!("{FRAMES}[{entry}]"))
            }
            Wrap::FrameGuard { entry, .. } => (
                // With braces, the call may also be a statement.
                format!("{}::frame_guard! {{ {FRAMES}[{entry}], ", self.private),
                " }".to_owned(),
            ),
            Wrap::Table(sites) => (format!("{{ {} ", self.table(sites)), " }".to_owned()),
        }
    }

    /// Returns the code around a possible task of a callee out of sight.
    fn guess(&self, entry: usize, shape: TaskShape, relay: Relay) -> (String, String) {
        let name = match shape {
            TaskShape::Async | TaskShape::Closure { .. } => "guess_literal",
            TaskShape::Place | TaskShape::ClosureVariable => "guess_place",
            _ => "guess_value",
        };
        let (received, late) = (relay.is_received, relay.late);
        self.call(name, &format!("{SITES}[{entry}]({received}, {late})"))
    }

    /// Wrap a future that a thread blocks on.
    fn blocked(&self, shape: TaskShape) -> (String, String) {
        let name = match shape {
            TaskShape::Async => "Blocked::new",
            TaskShape::Place => "blocked!",
            _ => "blocked_value!",
        };
        (format!("{}::{name}(", self.private), ")".to_owned())
    }

    /// Wrap the body of a function that an attribute blocks on, its braces included.
    pub(super) fn blocked_body(&self) -> (String, String) {
        let head = format!("{{ {}::Blocked::new(async move ", self.private);
        (head, ").await }".to_owned())
    }

    /// Returns the statement that begins the scope of a test.
    pub(super) fn test_scope(&self, name: &str) -> String {
        format!("{}::test_scope! {{ {name:?} }}", self.private)
    }

    /// Returns the code around the body of an asynchronous test, its braces included.
    pub(super) fn test_body(&self, name: &str, output: &str) -> (String, String) {
        let private = &self.private;
        let head = format!(
            "{{ {private}::suite_body::<{output}>({private}::core::module_path!(), {name:?}, async move "
        );
        (head, ").await }".to_owned())
    }

    fn call(&self, name: &str, arguments: &str) -> (String, String) {
        (
            format!("{}::{name}!({arguments}, ", self.private),
            ")".to_owned(),
        )
    }

    /// Returns the names of the variables with the two handles of a closure.
    fn handles(&self) -> String {
        format!("{} {}", self.local, last(&self.local))
    }

    fn body(&self, by_value: bool, is_typed: bool) -> (String, String) {
        let name = if by_value { "enter_owned" } else { "enter" };
        let (head, tail) = self.call(name, &self.handles());
        if is_typed {
            (format!("{{ {head}"), format!("{tail} }}"))
        } else {
            (head, tail)
        }
    }

    /// Returns the site, and behind it how the record differs from a plain one.
    ///
    /// | record | text |
    /// | --- | --- |
    /// | plain | `SITES[3]` |
    /// | under `named!` or `root!` | `SITES[3](true, "conn {peer}")`, with `true` for a root |
    /// | the same, announced | `SITES[3](announced true, …)` |
    /// | with a text beside the task | `SITES[3](offered "notifier")` |
    /// | of a pool's task | `SITES[3](pooled)`, or `SITES[3](announced pooled)` |
    /// | of a task that other calls see | `SITES[3](relayed may_be_recorded, late, announces)` |
    /// | the same, for the place of the caller | `SITES[3](relayed_from may_be_recorded, late, announces)` |
    fn record(&self, record: &NewRecord) -> String {
        let site = format!("{SITES}[{}]", record.site.entry);
        if record.is_plain() {
            return site;
        }
        let announces = record.relay.announces;
        if record.naming.is_plain() {
            let (handed, late) = (record.may_be_recorded(), record.relay.late);
            let relayed = match record.relay.tracks_caller {
                true => "relayed_from",
                false => "relayed",
            };
            return format!("{site}({relayed} {handed}, {late}, {announces})");
        }
        let announced = if announces { "announced " } else { "" };
        if record.naming.pooled {
            return format!("{site}({announced}pooled)");
        }
        if let Some(text) = &record.naming.offered {
            return format!(
                "{site}({announced}offered {})",
                Literal::string(&text.value())
            );
        }
        let name = record.naming.name.as_ref();
        let name = name.map_or_else(String::new, |name| {
            format!(", {}", self.source.one_line(name))
        });
        format!("{site}({announced}{}{name})", record.naming.root)
    }

    /// Returns the table of spawn sites.
    pub(super) fn table(&self, sites: &[&Site]) -> String {
        format!(
            "{}::table! {{ {} }}",
            self.private,
            table::sites(sites, FileName::FromCompiler)
        )
    }

    /// Returns the table of frame sites.
    pub(super) fn frames(&self, frames: &[FrameSite]) -> String {
        format!(
            "{}::frames! {{ {} }}",
            self.private,
            table::frames(frames, FileName::FromCompiler)
        )
    }

    /// Returns the message of an `assert!` whose condition was changed, as further arguments.
    pub(super) fn assert_message(message: &str, has_comma: bool) -> String {
        let comma = if has_comma { "" } else { "," };
        format!("{comma} \"{{:}}\", {}", Literal::string(message))
    }
}
