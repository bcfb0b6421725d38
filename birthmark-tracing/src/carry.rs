//! The part of the spawner's span that a child gets, and the rules that decide it.

use birthmark::{Site, Spawn};

use crate::pools::{self, is_inside};
use crate::site_cache::SiteCache;

/// The use that a child makes of the span that its spawner is in.
///
/// # Examples
///
/// ```
/// use birthmark_tracing::Carry;
///
/// birthmark_tracing::builder()
///     .carry_role("refresh_prices", Carry::Off)
///     .carry_in("my_queue::worker", Carry::FollowsFrom)
///     .install();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Carry {
    /// The child runs in the span.
    #[default]
    Child,
    /// The child runs in a root span of its own, which follows from the spawner's span. The trace of a request then
    /// does not wait for a worker that outlives the request.
    FollowsFrom,
    /// The child runs in no span.
    Off,
}

impl Carry {
    const ALL: [Carry; 3] = [Carry::Child, Carry::FollowsFrom, Carry::Off];

    fn code(self) -> usize {
        self as usize
    }

    fn from_code(code: usize) -> Self {
        Self::ALL[code]
    }
}

/// The decisions of the program, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(Matcher, Carry)>,
    roots: Option<Carry>,
    others: Carry,
    decided: SiteCache,
}

/// The spawn sites that a rule concerns.
#[derive(Debug)]
enum Matcher {
    /// A crate or module, and those inside of it.
    Module(String),
    Role(String),
    /// `file:line`, where leading folders may be left out.
    Site(String),
}

impl Rules {
    pub(crate) fn add_module(&mut self, module: &str, carry: Carry) {
        let module = module.replace('-', "_");
        self.rules.push((Matcher::Module(module), carry));
    }

    pub(crate) fn add_role(&mut self, role: &str, carry: Carry) {
        self.rules.push((Matcher::Role(role.to_owned()), carry));
    }

    pub(crate) fn add_site(&mut self, site: &str, carry: Carry) {
        self.rules.push((Matcher::Site(site.to_owned()), carry));
    }

    pub(crate) fn set_roots(&mut self, carry: Carry) {
        self.roots = Some(carry);
    }

    pub(crate) fn set_others(&mut self, carry: Carry) {
        self.others = carry;
    }

    /// Decides about a spawn. A rule of the program precedes the decision about roots, which precedes the known pools.
    pub(crate) fn decide(&self, spawn: &Spawn<'_>) -> Carry {
        let site = spawn.site();
        let is_root = spawn.is_root();
        let decide = || self.decide_at(site, is_root).code();
        Carry::from_code(self.decided.get(site, is_root, decide))
    }

    fn decide_at(&self, site: &Site, is_root: bool) -> Carry {
        let rule = self.rules.iter().find(|(matcher, _)| matcher.has(site));
        match rule {
            Some((_, carry)) => *carry,
            None if is_root => self.roots.unwrap_or(Carry::FollowsFrom),
            None if pools::is_known(site.module_path()) => Carry::FollowsFrom,
            None => self.others,
        }
    }
}

impl Matcher {
    fn has(&self, site: &Site) -> bool {
        match self {
            Matcher::Module(module) => is_inside(site.module_path(), module),
            Matcher::Role(role) => site.role() == role,
            Matcher::Site(text) => is_at(&format!("{}:{}", site.file(), site.line()), text),
        }
    }
}

/// Returns `true` if `text` is the end of a path with its line, from the beginning of a file or folder name on.
fn is_at(site: &str, text: &str) -> bool {
    let folders = site.strip_suffix(text);
    folders.is_some_and(|folders| folders.is_empty() || folders.ends_with(['/', '\\']))
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn site_is_told_by_the_end_of_its_path() {
        assert!(is_at("src/pool.rs:12", "src/pool.rs:12"));
        assert!(is_at("a/src/pool.rs:12", "pool.rs:12"));
        assert!(!is_at("src/carpool.rs:12", "pool.rs:12"));
        assert!(!is_at("src/pool.rs:123", "pool.rs:12"));
    }
}
