//! The rules that decide which child gets what its spawner carries.

use super::site_cache::SiteCache;
use crate::{Site, Spawn};
use birthmark_core::__reader::pools::{self, is_inside};

/// The use that a child makes of what its spawner carries, such as the span or the context of a request.
///
/// The first of these decides about a child:
///
/// 1. The first rule that the program has added for its role, site, module or crate.
/// 2. For roots: [`CarryRules::roots`]. A root is spawned with [`root!`](crate::root), or a pool keeps it.
/// 3. For tasks of known pools, which the table lists: [`Carry::FollowsFrom`].
/// 4. [`CarryRules::others`].
///
/// # Known pools
///
/// Tasks that are spawned in these modules outlive the request that happens to spawn them:
///
/// | module | tasks |
/// | --- | --- |
/// | `bb8` | connections and the reaper |
/// | `deadpool` | connections |
/// | `h2::client` | connections |
/// | `hyper::client` | connections |
/// | `hyper::proto::h2::client` | connections |
/// | `hyper_util::client` | connections, and the timer of the pool |
/// | `lapin` | connections |
/// | `moka` | maintenance |
/// | `mongodb` | connections and monitors |
/// | `quinn` | connections |
/// | `r2d2` | connections |
/// | `rayon_core::registry` | threads of a pool |
/// | `redis::aio` | connections |
/// | `reqwest::async_impl::h3_client` | connections |
/// | `reqwest::blocking::client` | the thread of a client |
/// | `scheduled_thread_pool` | threads of a pool |
/// | `sqlx_core::pool` | connections and maintenance |
/// | `sqlx_mysql` | connections |
/// | `sqlx_postgres` | connections |
/// | `sqlx_sqlite::connection` | the thread of a connection |
/// | `tokio::runtime` | threads of a runtime |
/// | `tokio_postgres` | connections |
/// | `tonic::transport` | connections |
/// | `tower::buffer` | the worker of a service |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Carry {
    /// The child runs in the span or context of its spawner.
    #[default]
    Child,
    /// The child runs in a root span of its own, which follows from the spawner's span. The trace of a request then
    /// does not wait for a worker that outlives the request.
    FollowsFrom,
    /// The child gets nothing.
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

/// The rules of a program, for crates that carry something into child tasks.
///
/// # Examples
///
/// ```
/// use birthmark::extension::{Carry, CarryRules};
///
/// let rules = CarryRules::new()
///     .role("refresh_prices", Carry::Off)
///     .module("my_queue::worker", Carry::FollowsFrom)
///     .site("src/mailer.rs:112", Carry::FollowsFrom);
/// let hook = birthmark::add_hook(move |spawn: &mut birthmark::Spawn<'_>| {
///     if rules.decide(spawn) == Carry::Child {
///         println!("{} belongs to the request", spawn.role());
///     }
/// });
/// # drop(hook);
/// ```
#[derive(Debug, Default)]
pub struct CarryRules {
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

impl CarryRules {
    /// Returns rules that leave all decisions to the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule for the tasks that are spawned in a crate or a module.
    #[must_use]
    pub fn module(mut self, module: &str, carry: Carry) -> Self {
        let module = module.replace('-', "_");
        self.rules.push((Matcher::Module(module), carry));
        self
    }

    /// Adds a rule for the tasks with a [role](Site::role).
    #[must_use]
    pub fn role(mut self, role: &str, carry: Carry) -> Self {
        self.rules.push((Matcher::Role(role.to_owned()), carry));
        self
    }

    /// Adds a rule for the tasks of a spawn call, by its file and line, such as `"src/pool.rs:12"`. Leading folders may
    /// be left out.
    #[must_use]
    pub fn site(mut self, site: &str, carry: Carry) -> Self {
        self.rules.push((Matcher::Site(site.to_owned()), carry));
        self
    }

    /// Sets what roots get. The default is [`Carry::FollowsFrom`].
    #[must_use]
    pub fn roots(mut self, carry: Carry) -> Self {
        self.roots = Some(carry);
        self
    }

    /// Sets what a child gets if nothing else decides. The default is [`Carry::Child`].
    #[must_use]
    pub fn others(mut self, carry: Carry) -> Self {
        self.others = carry;
        self
    }

    /// Decides about a spawn. The decision about a site is made once.
    pub fn decide(&self, spawn: &Spawn<'_>) -> Carry {
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
    use super::{is_at, pools};

    #[test]
    fn site_is_told_by_the_end_of_its_path() {
        assert!(is_at("src/pool.rs:12", "src/pool.rs:12"));
        assert!(is_at("a/src/pool.rs:12", "pool.rs:12"));
        assert!(!is_at("src/carpool.rs:12", "pool.rs:12"));
        assert!(!is_at("src/pool.rs:123", "pool.rs:12"));
    }

    #[test]
    fn known_pools_are_documented() {
        let documented = include_str!("carry.rs");
        for (module, tasks) in pools::KNOWN {
            let row = format!("/// | `{module}` | {tasks} |");
            assert!(documented.contains(&row), "missing in carry.rs: {row}");
        }
    }
}
