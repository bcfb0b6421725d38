//! What the engine's decisions look like in text: calls of macros that the runtime exports.
//!
//! Text has neither the hygiene nor the silence under lints that the tokens of a macro have. So what is
//! inserted is the head and the tail of a macro call around the user's expression, which goes through it token by
//! token. The code in which it ends up is the runtime's: lints do not look into macros of other crates, its locals
//! are hygienic, and its edition is the runtime's. The head is the same in every edition.

use proc_macro2::Literal;

use crate::around::{Around, Birth, Identity};
use crate::emit::names::{FRAMES, SITES};
use crate::relay::Relay;
use crate::shape::Leaf;
use crate::site::{FrameSite, Site};
use crate::table::{self, File};

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
    pub(super) fn around(&self, around: &Around) -> (String, String) {
        match around {
            Around::Closure {
                identity: Identity::Inherit,
                ..
            } => self.call("borrow_parent", &self.handles()),
            Around::Closure {
                identity: Identity::Birth(birth),
                ..
            } => self.call(
                "closure",
                &format!("{} {}", self.handles(), self.birth(birth)),
            ),
            Around::Body {
                by_value, typed, ..
            } => self.body(*by_value, *typed),
            Around::ClosureVariable {
                birth, by_value, ..
            } => {
                let enter = if *by_value { "enter_owned" } else { "enter" };
                self.call(
                    "closure_variable",
                    &format!("{enter} {}", self.birth(birth)),
                )
            }
            Around::Future { birth, .. } => self.call("task", &self.birth(birth)),
            Around::FutureFn { birth, .. } => self.call("task_fn", &self.birth(birth)),
            Around::Place { birth, .. } => self.call("place", &self.birth(birth)),
            Around::Value { birth, .. } => self.call("value", &self.birth(birth)),
            Around::Guess {
                site, leaf, relay, ..
            } => self.guess(site.entry, *leaf, *relay),
            Around::Settle { site, fallible, .. } => {
                let fallible = if *fallible { "fallible " } else { "" };
                self.call("settled", &format!("{fallible}{SITES}[{}]", site.entry))
            }
            Around::Returned {
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
            Around::Blocked { leaf, .. } => self.blocked(*leaf),
            Around::Frame { entry, .. } => self.call("frame", &format!("{FRAMES}[{entry}]")),
            Around::Branch { entry, extends, .. } => {
                let name = if *extends {
                    "extending_branch"
                } else {
                    "branch"
                };
                self.call(name, &format!("{FRAMES}[{entry}]"))
            }
            Around::Stand { entry, .. } => (
                // In braces it is a statement as well.
                format!("{}::frame_guard! {{ {FRAMES}[{entry}], ", self.private),
                " }".to_owned(),
            ),
            Around::Table(sites) => (format!("{{ {} ", self.table(sites)), " }".to_owned()),
        }
    }

    /// Around what may be the task of a callee that is out of sight.
    fn guess(&self, entry: usize, leaf: Leaf, relay: Relay) -> (String, String) {
        let name = match leaf {
            Leaf::Async | Leaf::Closure { .. } => "guess_literal",
            Leaf::Place | Leaf::ClosureVariable => "guess_place",
            _ => "guess_value",
        };
        let (handed, late) = (relay.handed, relay.late);
        self.call(name, &format!("{SITES}[{entry}]({handed}, {late})"))
    }

    /// Around a future that a thread blocks on.
    fn blocked(&self, leaf: Leaf) -> (String, String) {
        let name = match leaf {
            Leaf::Async => "Blocked::new",
            Leaf::Place => "blocked!",
            _ => "blocked_value!",
        };
        (format!("{}::{name}(", self.private), ")".to_owned())
    }

    /// Around the body of a function that an attribute blocks on, its braces included.
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
    fn birth(&self, birth: &Birth) -> String {
        let site = format!("{SITES}[{}]", birth.site.entry);
        if birth.is_plain() {
            return site;
        }
        let announces = birth.relay.announces;
        if birth.naming.is_plain() {
            let (handed, late) = (birth.is_handed(), birth.relay.late);
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
            table::sites(sites, File::Asked)
        )
    }

    /// The table of frame sites of a module or a body.
    pub(super) fn frames(&self, frames: &[FrameSite]) -> String {
        format!(
            "{}::frames! {{ {} }}",
            self.private,
            table::frames(frames, File::Asked)
        )
    }

    /// The rest of an `assert!` whose condition was changed.
    pub(super) fn assert_message(message: &str, comma: bool) -> String {
        let comma = if comma { "" } else { "," };
        format!("{comma} \"{{:}}\", {}", Literal::string(message))
    }
}
