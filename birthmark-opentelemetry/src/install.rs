//! Setting up what is carried.

use std::sync::Once;

use birthmark::extension::{Carry, CarryRules};

use crate::hook::ContextHook;

/// Has each spawn in instrumented code carry the current context into the child. Further calls have no effect.
///
/// # Examples
///
/// ```
/// birthmark::install();
/// birthmark_opentelemetry::install();
/// ```
pub fn install() {
    builder().install();
}

/// Returns a [`Builder`], which configures what is carried.
pub fn builder() -> Builder {
    Builder {
        rules: CarryRules::new(),
    }
}

/// The configuration of this crate. [`Carry`] describes the order of the rules.
///
/// # Examples
///
/// ```
/// use birthmark_opentelemetry::Carry;
///
/// birthmark_opentelemetry::builder()
///     .carry_role("refresh_prices", Carry::Off)
///     .install();
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `install`"]
pub struct Builder {
    rules: CarryRules,
}

impl Builder {
    /// Sets what a child gets if nothing else decides. The default is [`Carry::Child`].
    pub fn carry(mut self, carry: Carry) -> Self {
        self.rules = self.rules.others(carry);
        self
    }

    /// Adds a rule for the tasks that are spawned in a crate or a module, such as `"my_queue::worker"`.
    pub fn carry_in(mut self, module: &str, carry: Carry) -> Self {
        self.rules = self.rules.module(module, carry);
        self
    }

    /// Adds a rule for the tasks with a [role](birthmark::Site::role).
    pub fn carry_role(mut self, role: &str, carry: Carry) -> Self {
        self.rules = self.rules.role(role, carry);
        self
    }

    /// Adds a rule for the tasks of a spawn call, by its file and line, such as `"src/pool.rs:12"`. Leading folders may
    /// be left out.
    pub fn carry_at(mut self, site: &str, carry: Carry) -> Self {
        self.rules = self.rules.site(site, carry);
        self
    }

    /// Sets what roots get. The default is [`Carry::FollowsFrom`].
    pub fn roots(mut self, carry: Carry) -> Self {
        self.rules = self.rules.roots(carry);
        self
    }

    /// Applies the configuration. Only the first call in a process has an effect.
    pub fn install(self) {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| birthmark::add_hook(ContextHook { rules: self.rules }).forget());
    }
}
