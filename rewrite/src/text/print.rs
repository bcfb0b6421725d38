//! What the engine's decisions look like in text: calls of macros that the runtime exports.
//!
//! Text has neither the hygiene nor the silence under lints that the tokens of a macro have. So what is
//! inserted is the head and the tail of a macro call around the user's expression, which goes through it token by
//! token. The code in which it ends up is the runtime's: lints do not look into macros of other crates, its locals
//! are hygienic, and its edition is the runtime's. The head is the same in every edition.

use proc_macro2::Literal;

use crate::callee::relay::Relay;
use crate::emit::names::{FRAMES, SITES};
use crate::emit::table::{self, FileName};
use crate::emit::wrap::{Identity, NewRecord, Wrap};
use crate::site::{FrameSite, Site};
use crate::syntax::shape::TaskShape;

use super::source::Source;

/// The variable that holds the first handle of a closure until it takes it. A macro's own would be out of the reach of
/// the next macro, which enters it; so it is named as nothing else is in the file.
pub(super) fn local(source: &str) -> String {
    let mut name = "__birthmark".to_owned();
    while source.contains(&name) || source.contains(&last(&name)) {
        name.push('_');
    }
    name
}

/// The variable that holds the last handle, beside the one that holds the first. No lint minds its underscores.
fn last(local: &str) -> String {
    local.replacen("__birthmark", "__birthmark_end", 1)
}

/// Prints emissions.
pub(super) struct Print<'a> {
    /// The path of the module that generated code uses.
    pub private: String,
    /// The variable that holds the first handle of a closure.
    pub local: String,
    pub source: Source<'a>,
}

impl Print<'_> {
    /// What stands before and behind an expression.
    pub(super) fn around(&self, around: &Wrap) -> (String, String) {
        match around {
            Wrap::Closure {
                identity: Identity::Inherit,
                ..
            } => self.call("borrow_parent", &self.handles()),
            Wrap::Closure {
                identity: Identity::New(birth),
                ..
            } => self.call(
                "closure",
                &format!("{} {}", self.handles(), self.birth(birth)),
            ),
            Wrap::Body {
                by_value, typed, ..
            } => self.body(*by_value, *typed),
            Wrap::ClosureVariable {
                birth, by_value, ..
            } => {
                let enter = if *by_value { "enter_owned" } else { "enter" };
                self.call(
                    "closure_variable",
                    &format!("{enter} {}", self.birth(birth)),
                )
            }
            Wrap::Future { birth, .. } => self.call("task", &self.birth(birth)),
            Wrap::FutureFn { birth, .. } => self.call("task_fn", &self.birth(birth)),
            Wrap::Place { birth, .. } => self.call("place", &self.birth(birth)),
            Wrap::Value { birth, .. } => self.call("value", &self.birth(birth)),
            Wrap::Guess {
                site, shape, relay, ..
            } => self.guess(site.entry, *shape, *relay),
            Wrap::PropagateRefusal { site, fallible, .. } => {
                let fallible = if *fallible { "fallible " } else { "" };
                self.call("settled", &format!("{fallible}{SITES}[{}]", site.entry))
            }
            Wrap::Returned {
                site,
                awaited,
                beside,
                ..
            } => {
                let beside = if *beside { "beside " } else { "" };
                self.call(
                    if *awaited { "awaited" } else { "returned" },
                    &format!("{beside}{SITES}[{}]", site.entry),
                )
            }
            Wrap::Blocked { shape, .. } => self.blocked(*shape),
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
                // In braces it is a statement as well.
                format!("{}::frame_guard! {{ {FRAMES}[{entry}], ", self.private),
                " }".to_owned(),
            ),
            Wrap::Table(sites) => (format!("{{ {} ", self.table(sites)), " }".to_owned()),
        }
    }

    /// Wrap what may be the task of a callee that is out of sight.
    fn guess(&self, entry: usize, shape: TaskShape, relay: Relay) -> (String, String) {
        let name = match shape {
            TaskShape::Async | TaskShape::Closure { .. } => "guess_literal",
            TaskShape::Place | TaskShape::ClosureVariable => "guess_place",
            _ => "guess_value",
        };
        let (handed, late) = (relay.is_received, relay.late);
        self.call(name, &format!("{SITES}[{entry}]({handed}, {late})"))
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

    fn call(&self, name: &str, arguments: &str) -> (String, String) {
        (
            format!("{}::{name}!({arguments}, ", self.private),
            ")".to_owned(),
        )
    }

    /// The variables that hold the two handles of a closure until it takes them.
    fn handles(&self) -> String {
        format!("{} {}", self.local, last(&self.local))
    }

    fn body(&self, by_value: bool, typed: bool) -> (String, String) {
        let name = if by_value { "enter_owned" } else { "enter" };
        let (head, tail) = self.call(name, &self.handles());
        if typed {
            (format!("{{ {head}"), format!("{tail} }}"))
        } else {
            (head, tail)
        }
    }

    /// `SITES[3]`; under `named!` and `root!` also `(true, "conn {peer}")`: the mark of a root, and the name.
    /// `SITES[3](pooled)` if a pool keeps the task.
    /// Of a task that other calls see as well, `(relayed handed, late, announces)`, or `announced` before the name.
    fn birth(&self, birth: &NewRecord) -> String {
        let site = format!("{SITES}[{}]", birth.site.entry);
        if birth.is_plain() {
            return site;
        }
        let announces = birth.relay.announces;
        if birth.naming.is_plain() {
            let (handed, late) = (birth.may_be_recorded(), birth.relay.late);
            return format!("{site}(relayed {handed}, {late}, {announces})");
        }
        let announced = if announces { "announced " } else { "" };
        if birth.naming.pooled {
            return format!("{site}(pooled)");
        }
        let name = birth.naming.name.as_ref();
        let name = name.map_or_else(String::new, |name| {
            format!(", {}", self.source.one_line(name))
        });
        format!("{site}({announced}{}{name})", birth.naming.root)
    }

    /// The table of a module or a body.
    pub(super) fn table(&self, sites: &[&Site]) -> String {
        format!(
            "{}::table! {{ {} }}",
            self.private,
            table::sites(sites, FileName::FromCompiler)
        )
    }

    /// The table of frame sites of a module or a body.
    pub(super) fn frames(&self, frames: &[FrameSite]) -> String {
        format!(
            "{}::frames! {{ {} }}",
            self.private,
            table::frames(frames, FileName::FromCompiler)
        )
    }

    /// The rest of an `assert!` whose condition was changed.
    pub(super) fn assert_message(message: &str, comma: bool) -> String {
        let comma = if comma { "" } else { "," };
        format!("{comma} \"{{:}}\", {}", Literal::string(message))
    }
}
