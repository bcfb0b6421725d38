//! Decides whether a call is a spawn.

use std::borrow::Cow;

use syn::Expr;

use super::Context;
use crate::callee::call::{Arguments, Callee};
use crate::callee::relay::{self, Relay};
use crate::callee::spawn::Spawn;
use crate::callee::text;
use crate::known::{callees, crates};
use crate::lexical::UNKNOWN;

impl Context<'_> {
    /// Returns the spawn that a call is.
    ///
    /// The callee is one of these:
    ///
    /// - a row of the table, or a name in `also(…)`;
    /// - a function in sight that forwards its parameter;
    /// - a function out of sight whose name begins like that of a spawn. Such a spawn is a guess.
    pub(in crate::walk) fn recognise(&self, callee: &Callee, args: &Arguments) -> Option<Spawn> {
        if self.is_polled_by_hand(callee) {
            return None;
        }
        let context = self.lexical();
        let is_forwarder = !self.settings.rules.only_threads
            && self.settings.signatures.forwards_task(callee, &context);
        let is_guess = !is_forwarder && self.may_be_spawn(callee, args);
        let also: Cow<[String]> = match is_forwarder || is_guess {
            true => vec![callee.name.to_string()].into(),
            false => self.also().into(),
        };
        let mut spawn = callee.recognise(args, &also, &context)?;
        spawn.is_guess = is_guess;
        spawn.row.certain &= !is_guess;
        let signatures = &self.settings.signatures;
        if let Some(takes) = signatures.find(callee, args.len(), &context) {
            spawn.follow(&takes, args, &context);
        }
        if let Some(index) = self
            .listed_position(callee)
            .filter(|&index| index < args.len())
        {
            spawn.take(index, args, &context);
        }
        spawn.relay = self.relay(callee, args, &spawn);
        let is_offered = spawn.relay.announces && !spawn.relay.is_received && !is_guess;
        spawn.text = is_offered
            .then(|| text::beside(args, spawn.index))
            .flatten();
        // Without an announcement, the spawn in the function would make a record, too.
        (!is_forwarder && !is_guess || spawn.relay.announces).then_some(spawn)
    }

    /// Returns the position of the task among the arguments, if an attribute has it.
    fn listed_position(&self, callee: &Callee) -> Option<usize> {
        let positions = &self.item.args.positions;
        let listed = positions.iter().find(|(name, _)| callee.name == name);
        listed.map(|(_, position)| *position)
    }

    /// Returns `true` if the callee is out of sight, and its name is like that of a function that forwards a task.
    fn may_be_spawn(&self, callee: &Callee, args: &Arguments) -> bool {
        let is_recorded = !self.is_exempt() && !self.settings.rules.only_threads;
        let is_in_sight = || {
            let signatures = &self.settings.signatures;
            let takes = signatures.find(callee, args.len(), &self.lexical());
            takes.is_some()
        };
        is_recorded
            && callees::is_like_a_spawn(&callee.name.to_string(), self.also())
            && !args.is_empty()
            && !args.iter().any(|arg| matches!(arg, Expr::Macro(_)))
            && !is_in_sight()
    }

    /// Returns `true` if the callee spawns nothing, although it is named like a spawn.
    fn is_polled_by_hand(&self, callee: &Callee) -> bool {
        let Some((path, first)) = callee.path.zip(callee.first_segment()) else {
            return false;
        };
        match self.imports.root(&first) {
            Some(root) => crates::gives_back(root),
            None => {
                let mut paths = self.imports.by_globs(&path.path);
                crates::gives_back(&first) || paths.any(|path| crates::is_polled_by_hand(&path))
            }
        }
    }

    fn relay(&self, callee: &Callee, args: &Arguments, spawn: &Spawn) -> Relay {
        let task = &args[spawn.index];
        let is_received = self.mentions_received(task);
        let may_forward = relay::may_forward(callee, task, &self.lexical(), &self.imports, args);
        Relay {
            announces: may_forward && !spawn.starts_thread(),
            is_received,
            is_beside: !is_received && self.body.receives_task,
            late: is_received && self.body.is_async,
            tracks_caller: is_received && self.body.tracks_caller,
            is_unknown: spawn.role.ends_with(UNKNOWN),
        }
    }
}
