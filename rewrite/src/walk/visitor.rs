//! The state of the walk over the syntax tree, and what it does at a spawn and around an item.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, Signature};

use crate::attribute::args::Args;
use crate::attribute::nested;
use crate::callee::relay::{self, ReceivedTasks, Relay};
use crate::callee::signatures::Signatures;
use crate::callee::spawn::{self, Callee, Spawn};
use crate::emit::backend::Backend;
use crate::emit::wrap::{Identity, SiteRef, Wrap};
use crate::imports::Imports;
use crate::known::{callees, crates};
use crate::lexical::locals::{Locals, ThreadScope};
use crate::lexical::role::LexicalContext;
use crate::site::{FrameSite, Kind, Locate, Position, Reason, Site, Uncovered};
use crate::syntax::naming;
use crate::walk::task::Task;

/// The state of the walk.
pub(crate) struct Visitor<'a> {
    pub args: Args,
    pub backend: &'a mut dyn Backend,
    pub locate: Locate<'a>,
    /// The enclosing type and functions.
    pub names: Vec<String>,
    pub self_ty: Option<String>,
    pub locals: Locals,
    /// The type parameters of the enclosing items; in a trait, the trait.
    pub parameters: Vec<String>,
    /// The sites that share a table: those of the enclosing module or, where no module is seen or part of it may
    /// be left out by `cfg`, of the function body; none outside of both. They are indices into `sites`.
    table: Option<Vec<usize>>,
    /// The frame sites that share a table in the same context.
    pub frames: Option<Vec<FrameSite>>,
    /// Where macros come from.
    pub imports: Imports,
    /// The signatures that are in sight.
    pub signatures: Signatures<'a>,
    /// Whether a task may wait here.
    pub is_async: bool,
    /// Whether what is visited now may be left out by a `cfg` while the module around it is not.
    conditional: bool,
    /// How many enclosing items say `skip`.
    pub skips: usize,
    /// Functions that are left as they are, by where their bodies begin.
    pub left: &'a [Position],
    /// How many of the enclosing functions are such.
    pub lefts: usize,
    /// Whether only OS threads count, as they do inside of a runtime, which keeps them.
    pub only_threads: bool,
    /// Methods that only hand a task on to a runtime.
    pub forwarders: &'a [String],
    /// Methods whose tasks are kept by a pool.
    pub pooled: &'a [String],
    /// Whether items that only tests have are passed over.
    pub without_tests: bool,
    /// Whether the next expression is the operand with which a larger one begins.
    pub operand: bool,
    /// Whether the next expression is awaited as it stands.
    pub awaited: bool,
    /// Whether the function is handed what is surely a task.
    pub receives_task: bool,
    /// Whether the names in the pattern that is visited stand for what the function was handed.
    pub handed: bool,
    /// The type parameters of the `impl` or the trait around.
    pub outer: Option<syn::Generics>,
    /// What the first parameter of the next closure stands for.
    pub scope_parameter: Option<ThreadScope>,
    /// How often the program was changed.
    pub edits: usize,
    /// How many futures that a thread blocks on were changed.
    pub waits: usize,
    pub sites: Vec<Site>,
    pub uncovered: Vec<Uncovered>,
    pub errors: Vec<syn::Error>,
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(args: Args, backend: &'a mut dyn Backend, locate: Locate<'a>) -> Visitor<'a> {
        let mut imports = Imports::default();
        imports
            .ours
            .extend(args.krate.as_ref().map(naming::written));
        Visitor {
            args,
            backend,
            locate,
            names: Vec::new(),
            self_ty: None,
            locals: Locals::default(),
            parameters: Vec::new(),
            table: None,
            frames: None,
            imports,
            signatures: Signatures::default(),
            is_async: false,
            conditional: true,
            skips: 0,
            left: &[],
            lefts: 0,
            only_threads: false,
            forwarders: &[],
            pooled: &[],
            without_tests: false,
            operand: false,
            awaited: false,
            receives_task: false,
            handed: false,
            outer: None,
            scope_parameter: None,
            edits: 0,
            waits: 0,
            sites: Vec::new(),
            uncovered: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The enclosing function, such as `Server::accept`.
    pub(crate) fn function(&self) -> String {
        self.names.join("::")
    }

    /// Whether the enclosing function is one of these methods.
    fn is_one_of(&self, methods: &[String]) -> bool {
        let function = self.names.last().zip(self.self_ty.as_ref());
        function.is_some_and(|(name, ty)| methods.contains(&format!("{ty}::{name}")))
    }

    pub(crate) fn is_skipped(&self) -> bool {
        self.skips > 0 || self.lefts > 0
    }

    /// Why a spawn in what is skipped is left alone.
    pub(crate) fn skipped(&self) -> Reason {
        if self.lefts > 0 {
            Reason::Left
        } else {
            Reason::Skipped
        }
    }

    /// Surrounds an expression with generated code.
    pub(crate) fn wrap(&mut self, expr: &mut Expr, around: &Wrap) {
        self.backend.wrap(expr, around);
        self.edits += 1;
    }

    /// Enters a site into the table of the enclosing body.
    pub(crate) fn site(&mut self, spawn: &Spawn, kind: Kind) -> SiteRef {
        let index = self.sites.len();
        self.sites.push(Site {
            position: (self.locate)(spawn.span),
            function: self.function(),
            callee: spawn.callee.clone(),
            role: spawn.role.clone(),
            kind,
            fallible: spawn.fallible,
            certain: spawn.row.certain,
        });
        let table = self.table.get_or_insert_default();
        table.push(index);
        let entry = table.len() - 1;
        SiteRef { index, entry }
    }

    pub(crate) fn uncovered(&mut self, spawn: &Spawn, reason: Reason) {
        self.uncovered_at(spawn.span, spawn.callee.clone(), reason);
    }

    pub(crate) fn uncovered_at(&mut self, span: Span, callee: String, reason: Reason) {
        let position = (self.locate)(span);
        self.uncovered.push(Uncovered {
            position,
            function: self.function(),
            callee,
            reason,
        });
    }

    pub(crate) fn recognise(&self, callee: &Callee, args: &spawn::Arguments) -> Option<Spawn> {
        if self.is_polled_by_hand(callee) {
            return None;
        }
        let context = self.lexical();
        let relayed = !self.only_threads && self.signatures.forwards_task(callee, &context);
        let guessed = !relayed && self.may_be_spawn(callee, args);
        let relay = [callee.name.to_string()];
        let also = match relayed || guessed {
            true => &relay[..],
            false => &self.args.also,
        };
        let mut spawn = callee.recognise(args, also, &context)?;
        spawn.guessed = guessed;
        spawn.row.certain &= !guessed;
        if let Some(takes) = self.signatures.find(callee, args.len(), &context) {
            spawn.follow(&takes, args, &context);
        }
        let task = &args[spawn.index];
        let handed = relay::mentions_received(task, &self.locals, &self.args.also);
        spawn.relay = Relay {
            announces: relay::may_forward(callee, task, &context, &self.imports, args)
                && !spawn.starts_thread(),
            is_received: handed,
            beside: !handed && self.receives_task,
            late: handed && self.is_async,
        };
        // Without an announcement, the spawn in the callee would make a record, too.
        (!relayed && !guessed || spawn.relay.announces).then_some(spawn)
    }

    /// Returns `true` if the callee is out of sight, and its name is like that of a function that hands a task on.
    fn may_be_spawn(&self, callee: &Callee, args: &spawn::Arguments) -> bool {
        let name = callee.name.to_string();
        let is_instrumented = !self.is_skipped() && !self.only_threads;
        is_instrumented
            && callees::is_like_a_spawn(&name, &self.args.also)
            && !args.is_empty()
            && !args.iter().any(|arg| matches!(arg, Expr::Macro(_)))
            && self
                .signatures
                .find(callee, args.len(), &self.lexical())
                .is_none()
    }

    /// Returns `true` if the callee spawns nothing, although it is named like a spawn.
    fn is_polled_by_hand(&self, callee: &Callee) -> bool {
        let path = callee.path.map(|path| &path.path);
        let Some((path, first)) = path.and_then(|path| Some((path, path.segments.first()?))) else {
            return false;
        };
        let first = first.ident.to_string();
        match self.imports.root(&first) {
            Some(root) => crates::gives_back(root),
            None => {
                let mut paths = self.imports.by_globs(path);
                crates::gives_back(&first) || paths.any(|path| crates::is_polled_by_hand(&path))
            }
        }
    }

    /// What is visible here.
    pub(crate) fn lexical(&self) -> LexicalContext<'_> {
        LexicalContext {
            function: self.function(),
            self_ty: self.self_ty.as_deref(),
            locals: &self.locals,
            parameters: &self.parameters,
        }
    }

    /// Rewrites a call that the table knows.
    pub(crate) fn spawn(&mut self, expr: &mut Expr, spawn: Spawn, operand: bool) {
        let is_forwarder =
            self.only_threads && !spawn.starts_thread() || self.is_one_of(self.forwarders);
        if self.is_skipped() || is_forwarder {
            let reason = if is_forwarder {
                Reason::Forwarder
            } else {
                self.skipped()
            };
            self.uncovered(&spawn, reason);
            return visit_mut::visit_expr_mut(self, expr);
        }
        let span = spawn.span;
        let mut task = self.new_task(spawn);
        let has_no_table = self.has_no_table();
        match expr {
            Expr::Call(call) => self.arguments(&mut call.args, &mut task),
            Expr::MethodCall(call) => {
                self.operand = true;
                self.visit_expr_mut(&mut call.receiver);
                self.arguments(&mut call.args, &mut task);
            }
            _ => {}
        }
        if let Some(site) = task.site.filter(|_| task.spawn.relay.announces) {
            let returned = Wrap::Returned {
                site,
                awaited: task.spawn.awaited,
                beside: task.spawn.relay.beside,
                user: span,
            };
            self.wrap(expr, &returned);
        }
        if let Some(site) = task.site.filter(|_| task.propagates_refusal) {
            let propagate = Wrap::PropagateRefusal {
                site,
                fallible: task.spawn.fallible,
                parens: operand,
                user: span,
            };
            self.wrap(expr, &propagate);
        }
        if has_no_table {
            self.add_local_table(expr);
        }
    }

    /// A task that has not been looked for yet.
    pub(crate) fn new_task(&self, spawn: Spawn) -> Task {
        let kept = self.only_threads && !spawn.starts_scoped_thread();
        Task::new(spawn, kept || self.is_one_of(self.pooled))
    }

    /// Whether no enclosing function body holds a table of sites.
    pub(crate) fn has_no_table(&self) -> bool {
        self.table.is_none()
    }

    /// Gives the sites of a spawn that stands in no function body a table in a block around it.
    pub(crate) fn add_local_table(&mut self, expr: &mut Expr) {
        if let Some(table) = self.table.take() {
            let sites = pick(&self.sites, &table);
            self.backend.wrap(expr, &Wrap::Table(&sites));
            self.edits += 1;
        }
    }

    /// Changes the closure of a scope that runs as the task of its caller.
    pub(crate) fn inherit(&mut self, expr: &mut Expr) {
        let (Expr::Call(syn::ExprCall { args, .. })
        | Expr::MethodCall(syn::ExprMethodCall { args, .. })) = expr
        else {
            return;
        };
        if let Some(closure) = args.last_mut() {
            self.closure(closure, Identity::Inherit, true);
        }
    }

    /// Visits an item under its own name and with the arguments of its own attribute.
    pub(crate) fn item(
        &mut self,
        attrs: &mut Vec<Attribute>,
        name: Option<String>,
        visit: impl FnOnce(&mut Self),
    ) {
        if self.without_tests && attrs.iter().any(nested::needs_tests) {
            return;
        }
        let inner = nested::arguments(attrs, self.args.krate.as_ref());
        let skips = inner.iter().any(|args| args.skip);
        if self.args.frames == Some(false) && inner.iter().all(|args| args.frames.is_none()) {
            self.mark_frames_done(attrs);
        }
        let outer = self.args.clone();
        inner.into_iter().for_each(|args| self.args.merge(args));
        self.skips += usize::from(skips);
        let conditional = self.conditional;
        self.conditional |= attrs.iter().any(is_conditional);
        let (names, parameters) = (self.names.len(), self.parameters.len());
        self.names.extend(name);
        let waits = self.waits;
        visit(self);
        // A poll would be counted twice.
        if self.waits != waits {
            self.mark_frames_done(attrs);
        }
        self.names.truncate(names);
        self.parameters.truncate(parameters);
        self.conditional = conditional;
        self.skips -= usize::from(skips);
        self.args = outer;
    }

    /// Has an attribute on an inner item find that all is done. By itself it would want frames, and count polls.
    fn mark_frames_done(&mut self, attrs: &mut Vec<Attribute>) {
        if let Some(own) = nested::find(attrs).cloned() {
            self.backend.mark_done(attrs, &own);
            self.edits += 1;
        }
    }

    /// Visits a function: no local of the outside is visible.
    pub(crate) fn function_item(&mut self, signature: &Signature, block: &mut Block) {
        let locals = std::mem::take(&mut self.locals);
        let left = !self.left.is_empty()
            && self
                .left
                .contains(&(self.locate)(block.brace_token.span.open()));
        self.lefts += usize::from(left);
        self.parameters.extend(type_parameters(&signature.generics));
        self.locals.push();
        let handed = ReceivedTasks::of(signature, self.outer.as_ref());
        let receives_task = std::mem::replace(&mut self.receives_task, handed.are_bounded);
        for argument in &signature.inputs {
            self.locals
                .bind_parameter(argument, self.self_ty.as_deref(), &handed.names);
        }
        self.in_async(signature.asyncness.is_some(), |visitor| visitor.body(block));
        self.lefts -= usize::from(left);
        self.receives_task = receives_task;
        self.locals = locals;
    }

    /// Visits the body of a function, which has tables of its own where it shares none.
    fn body(&mut self, block: &mut Block) {
        if self.conditional || self.table.is_none() {
            self.block_with_tables(block, Self::visit_block_mut);
        } else {
            self.visit_block_mut(block);
        }
    }

    /// Visits a block that has tables of its own.
    pub(crate) fn block_with_tables(
        &mut self,
        block: &mut Block,
        visit: impl FnOnce(&mut Self, &mut Block),
    ) {
        let tables = self.with_own_tables(|visitor| visit(visitor, block));
        if !tables.sites.is_empty() {
            self.backend
                .table_in_body(block, &pick(&self.sites, &tables.sites));
        }
        if !tables.frames.is_empty() {
            self.backend.frames_in_body(block, &tables.frames);
        }
    }

    /// Visits the items of a module, which share a table.
    pub(crate) fn module_items(&mut self, items: &mut Vec<syn::Item>) {
        let conditional = std::mem::replace(&mut self.conditional, false);
        self.imports.enter_module(items);
        let tables = self.with_own_tables(|visitor| {
            visitor.fresh(None, |visitor| {
                items
                    .iter_mut()
                    .for_each(|item| visitor.visit_item_mut(item))
            });
        });
        self.conditional = conditional;
        self.imports.leave();
        if !tables.sites.is_empty() {
            self.backend
                .table_in_module(items, &pick(&self.sites, &tables.sites));
        }
        if !tables.frames.is_empty() {
            self.backend.frames_in_module(items, &tables.frames);
        }
    }

    /// Collects the sites of what is visited apart from those of the outside.
    fn with_own_tables(&mut self, visit: impl FnOnce(&mut Self)) -> Tables {
        let outer = (
            self.table.replace(Vec::new()),
            self.frames.replace(Vec::new()),
        );
        visit(self);
        Tables {
            sites: std::mem::replace(&mut self.table, outer.0).unwrap_or_default(),
            frames: std::mem::replace(&mut self.frames, outer.1).unwrap_or_default(),
        }
    }

    /// Visits code in which a task may wait, or may not.
    pub(crate) fn in_async(&mut self, is_async: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_async, is_async);
        visit(self);
        self.is_async = outer;
    }

    /// Visits something whose names start afresh: a module, an `impl`, a trait.
    pub(crate) fn fresh(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let outer = (std::mem::take(&mut self.names), self.self_ty.take());
        self.names.extend(name.clone());
        self.self_ty = name;
        visit(self);
        (self.names, self.self_ty) = outer;
    }

    pub(crate) fn in_scope(&mut self, visit: impl FnOnce(&mut Self)) {
        self.locals.push();
        visit(self);
        self.locals.pop();
    }
}

/// The names of type parameters.
pub(crate) fn type_parameters(generics: &syn::Generics) -> Vec<String> {
    let names = generics.type_params().map(|one| one.ident.to_string());
    names.collect()
}

/// What shares a place in the program; the sites as indices into those of the run.
struct Tables {
    sites: Vec<usize>,
    frames: Vec<FrameSite>,
}

/// The sites of a table.
fn pick<'a>(sites: &'a [Site], table: &[usize]) -> Vec<&'a Site> {
    table.iter().map(|&index| &sites[index]).collect()
}

fn is_conditional(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}
