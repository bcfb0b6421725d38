//! Generated code, as tokens: each function returns one kind of code around an inner expression.
//!
//! Three spans matter, because each token of generated code has one:
//!
//! - [`generated`] tokens have the hygiene and the edition of the macro. Lints ignore them. Errors about them point at
//!   the user's line.
//! - Parentheses and braces around an expression of the user's have the user's span. Otherwise an error about the larger
//!   expression would point at the attribute.
//! - The user's own tokens keep their spans.
//!
//! Temporaries decide on the form. A `match` keeps the temporaries of its operand alive until the end of the user's
//! statement, as the original call did. A `let` would not.
//!
//! A site is passed as a table and an index (`&TABLE, 3`), never as `&TABLE[3]`: see `abi/at.rs` of the runtime.

pub(crate) mod backend;
pub(crate) mod done;
pub(crate) mod names;
pub(crate) mod table;
pub(crate) mod tree;
pub(crate) mod wrap;

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Block, Path};

use crate::callee::relay::Relay;
use crate::emit::wrap::{Identity, NewRecord, Wrap};
use crate::site::{FrameSite, Site};
use crate::syntax::shape::TaskShape;
use names::{FRAMES, SITES};
use table::FileName;

/// Prints generated code.
pub(crate) struct Emit {
    /// The path of the runtime, unless it is `::birthmark`.
    pub krate: Option<Path>,
}

/// Returns the span of generated tokens. They have the macro's hygiene and edition, and the user's line.
///
/// Lints ignore such tokens. By the macro's edition, the temporaries of a body are dropped before the guard.
pub(crate) fn generated(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

impl Emit {
    /// Returns `P::__private`. `P` is `::birthmark`, or the path in `crate = …`.
    fn private(&self, span: Span) -> TokenStream {
        let Some(path) = &self.krate else {
            return quote_spanned!(span=> ::birthmark::__private);
        };
        let path = path.to_token_stream().into_iter().map(|mut token| {
            // The compiler resolves `$crate` by its span.
            if !matches!(&token, TokenTree::Ident(ident) if ident == "$crate") {
                token.set_span(span);
            }
            token
        });
        let path: TokenStream = path.collect();
        quote_spanned!(span=> #path::__private)
    }

    /// Returns the span of code that is generated for an expression of the user's, and the runtime's module there.
    fn generated_for(&self, user: Span) -> (Span, TokenStream) {
        let span = generated(user);
        (span, self.private(span))
    }

    /// Returns an expression with generated code around it.
    pub(crate) fn wrapped(&self, wrap: &Wrap, inner: TokenStream) -> TokenStream {
        match *wrap {
            Wrap::Closure { identity, user } => {
                self.closure(&self.identity(identity, user), user, inner)
            }
            Wrap::Body {
                by_value,
                parens,
                user,
                ..
            } => self.body(by_value, parens, user, inner),
            Wrap::ClosureVariable {
                record,
                by_value,
                user,
            } => self.closure_variable(&self.record(record, user), by_value, user, inner),
            Wrap::Future { record, user } => self.future(record, user, inner),
            Wrap::FutureFn { record, user } => {
                self.future_fn(&self.record(record, user), user, inner)
            }
            Wrap::Place { record, user } => {
                self.adapt_place(&self.adapted(record, user), user, inner)
            }
            Wrap::Value {
                record,
                parens,
                user,
            } => {
                let adapted = self.adapted(record, user);
                if record.naming.is_plain() {
                    self.adapt_value(&adapted, user, parens, inner)
                } else {
                    self.adapt_named_value(&adapted, user, inner)
                }
            }
            Wrap::Guess {
                site,
                shape,
                relay,
                parens,
                user,
            } => self.guess(site.entry, shape, relay, user, parens, inner),
            Wrap::PropagateRefusal {
                site,
                fallible,
                parens,
                user,
            } => self.propagate_refusal(site.entry, fallible, user, parens, inner),
            Wrap::Returned {
                site,
                is_awaited,
                is_beside,
                user,
            } => self.returned(site.entry, is_awaited, is_beside, user, inner),
            Wrap::Blocked {
                shape,
                parens,
                user,
            } => self.blocked(shape, parens, user, inner),
            Wrap::ThreadRole { site, user } => self.thread_role(site.entry, user, inner),
            Wrap::Frame { entry, user } => self.frame(entry, user, inner),
            Wrap::Branch {
                entry,
                extends: false,
                user,
            } => self.branch(entry, user, inner),
            Wrap::Branch { entry, user, .. } => self.extending_branch(entry, user, inner),
            Wrap::FrameGuard { entry, user } => self.frame_guard(entry, user, inner),
            Wrap::Table(sites) => self.with_table(sites, inner),
        }
    }

    /// Returns the table of spawn sites, with its registration.
    pub(crate) fn table(&self, sites: &[&Site]) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        let table = parsed(&table::sites(sites, FileName::Literal));
        quote_spanned!(span=> #private::table! { #table })
    }

    /// Returns the table of frame sites.
    pub(crate) fn frames(&self, frames: &[FrameSite]) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        let table = parsed(&table::frames(frames, FileName::Literal));
        quote_spanned!(span=> #private::frames! { #table })
    }

    /// Wraps a future that a thread blocks on.
    fn blocked(
        &self,
        shape: TaskShape,
        parens: bool,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        match shape {
            TaskShape::Async => quote_spanned!(span=> #private::Blocked::new(#inner)),
            TaskShape::Place => quote_spanned!(span=> #private::blocked!(#inner)),
            _ => {
                let inner = parenthesized(parens, span, inner);
                quote_spanned!(span=> match #inner { __birthmark => #private::blocked!(__birthmark) })
            }
        }
    }

    /// Wraps the body of a closure that makes a thread of a pool known by another role.
    fn thread_role(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let at = Self::at(SITES, entry, span);
        quote_spanned!(span=> match #private::thread_role(#at) { __birthmark_role => #inner })
    }

    /// Returns the body of a function that an attribute blocks on.
    pub(crate) fn blocked_body(&self, body: &Block) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        quote_spanned!(span=> #private::Blocked::new(async move #body).await)
    }

    /// Wraps the operand of an `.await`.
    fn frame(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let site = Self::frame_site(entry, span);
        parenthesized(
            true,
            user,
            quote_spanned!(span=> #private::frame::<_, #site>(#inner)),
        )
    }

    /// Wraps a future that a macro awaits.
    fn branch(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let site = Self::frame_site(entry, span);
        quote_spanned!(span=> #private::branch::<_, #site>(#inner))
    }

    /// Wraps a future whose temporaries live as long as it does. A struct literal extends their lives, a call would not.
    fn extending_branch(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let site = Self::frame_site(entry, span);
        quote_spanned!(span=> #private::Framed { future: #inner, on_drop: #private::frame_on_drop::<#site>() })
    }

    /// Wraps a macro call in the guard of a frame. The frame ends when the macro has its value.
    fn frame_guard(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let table = Ident::new(FRAMES, span);
        let index = Literal::usize_unsuffixed(entry);
        quote_spanned!(span=> match #private::frame_guard(&#table[#index]) { __birthmark_frame => #inner })
    }

    /// Wraps a spawn outside of function bodies in a block with its table.
    fn with_table(&self, sites: &[&Site], inner: TokenStream) -> TokenStream {
        let table = self.table(sites);
        quote_spanned!(Span::mixed_site()=> { #table #inner })
    }

    /// Returns a site as one expression. This form is for rare code.
    fn site(index: usize, span: Span) -> TokenStream {
        let name = Ident::new(SITES, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> #name.at(#index))
    }

    /// Returns a table and an index in it, as two arguments.
    fn at(table: &str, index: usize, span: Span) -> TokenStream {
        let name = Ident::new(table, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> &#name, #index)
    }

    /// Returns the table of frame sites as a type, and an index in it.
    fn frame_site(index: usize, span: Span) -> TokenStream {
        let name = Ident::new(FRAMES, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> #name, #index)
    }

    /// Returns the expression from which the adaptor makes the record once it knows the kind of the task.
    ///
    /// The expression is the site, or the record itself under `named!` and `root!`.
    fn adapted(&self, record: NewRecord, user: Span) -> TokenStream {
        let span = generated(user);
        if !record.naming.is_plain() {
            return self.record(record, user);
        }
        let site = Self::at(SITES, record.site.entry, span);
        if record.is_plain() {
            return site;
        }
        let private = self.private(span);
        let [handed, late, announces] = Self::relay(record, span);
        if record.relay.tracks_caller {
            return quote_spanned!(span=> #private::relayed_from(#site, #handed, #late, #announces));
        }
        quote_spanned!(span=> #private::Relayed(#site, #handed, #late, #announces))
    }

    /// Returns three flags: the task may be recorded already, its caller's call may have returned, and the task is
    /// announced.
    fn relay(record: NewRecord, span: Span) -> [Ident; 3] {
        let Relay {
            announces, late, ..
        } = record.relay;
        [record.may_be_recorded(), late, announces].map(|flag| Ident::new(bool_name(flag), span))
    }

    fn identity(&self, identity: Identity, user: Span) -> TokenStream {
        match identity {
            Identity::New(record) => self.record(record, user),
            Identity::Inherit => self.inherit(user),
        }
    }

    /// Returns the expression that makes the record, in the spawner, before the call.
    fn record(&self, record: NewRecord, user: Span) -> TokenStream {
        let NewRecord { site, naming, .. } = record;
        let (span, private) = self.generated_for(user);
        let at = Self::at(SITES, site.entry, span);
        if record.is_plain() {
            return quote_spanned!(span=> #private::record_spawn_at(#at));
        }
        if naming.is_plain() {
            let [handed, late, announces] = Self::relay(record, span);
            return quote_spanned!(span=> #private::relayed_at(#at, #handed, #late, #announces));
        }
        let site = Self::site(site.entry, span);
        let root = Ident::new(bool_name(naming.root), span);
        let name = naming.name.as_ref().map(|name| quote!(, #name));
        let named = match &naming.offered {
            _ if naming.pooled => {
                quote_spanned!(span=> #private::record_spawn_as!(#site, pooled))
            }
            Some(text) => {
                quote_spanned!(span=> #private::record_spawn_as!(#site, offered #text))
            }
            None => quote_spanned!(span=> #private::record_spawn_as!(#site, #root #name)),
        };
        if record.relay.announces {
            quote_spanned!(span=> #private::announced(#at, #named))
        } else {
            named
        }
    }

    /// Returns the expression for the spawner's own identity.
    fn inherit(&self, user: Span) -> TokenStream {
        let (span, private) = self.generated_for(user);
        quote_spanned!(span=> #private::borrow_parent())
    }

    /// Wraps a closure literal. The record is made before the closure.
    ///
    /// Errors name the first handle if the callee wants a closure that can be called twice, or that captures nothing.
    fn closure(&self, record: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let handles = quote_spanned!(span=> let (__undone_by_instrument_skip, __birthmark_end) = #record.closure(););
        quote_spanned!(user=> { #handles #inner })
    }

    /// Wraps the body of a closure.
    ///
    /// A `move` closure owns the handles in any case. It enters by reference, so that it can still be called twice,
    /// unless its callee is known to call it once. Any other closure enters by value, because that captures nothing but
    /// the handle.
    ///
    /// The second arm is never reached. A closure drops its captures in the order in which the body mentions them, so
    /// the arm mentions the handle that has to be dropped last.
    fn body(&self, by_value: bool, parens: bool, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let inner = parenthesized(parens, span, inner);
        let (enter, last) = if by_value {
            ("enter_owned", "last_owned")
        } else {
            ("enter", "last")
        };
        let (enter, last) = (Ident::new(enter, span), Ident::new(last, span));
        quote_spanned! {span=>
            { match __undone_by_instrument_skip.#enter() { _birthmark => #inner, _ => __birthmark_end.#last() } }
        }
    }

    /// Wraps the variable of a closure in another closure, which calls it.
    ///
    /// Both closures are in one function. So its inference decides for both which of `Fn`, `FnMut` and `FnOnce` they
    /// implement.
    fn closure_variable(
        &self,
        record: &TokenStream,
        by_value: bool,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let call = quote_spanned!(span=> __birthmark_task());
        let body = self.body(by_value, false, user, call);
        let task = quote_spanned! {span=>
            #[allow(unused_mut)] // Of an `FnMut` closure it must be.
            let mut __birthmark_task = #inner;
            move || #body
        };
        self.closure(record, user, task)
    }

    /// Wraps an `async` block.
    fn future(&self, record: NewRecord, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        if record.is_plain() {
            let site = Self::at(SITES, record.site.entry, span);
            return quote_spanned!(span=> #private::future_at(#site, #inner));
        }
        let record = self.record(record, user);
        quote_spanned!(span=> #private::future(#record, #inner))
    }

    /// Wraps a closure that returns the future.
    fn future_fn(&self, record: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        quote_spanned!(span=> #private::future_fn(#record, #inner))
    }

    /// Wraps a place expression. The adaptor mentions it twice, which keeps implicit reborrows.
    fn adapt_place(&self, record: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let (span, private) = self.generated_for(user);
        quote_spanned!(span=> #private::adapt!(#record, #inner))
    }

    /// Wraps any other value under `named!` or `root!`. The name is formatted before the task takes the variables that
    /// the name mentions. A tuple keeps the temporaries of its parts alive.
    fn adapt_named_value(
        &self,
        record: &TokenStream,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        quote_spanned! {span=>
            match (#record, #inner) {
                (__birthmark_birth, __birthmark) => #private::adapt!(__birthmark_birth, __birthmark)
            }
        }
    }

    /// Wraps any other value.
    fn adapt_value(
        &self,
        record: &TokenStream,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let inner = parenthesized(parens, span, inner);
        quote_spanned!(span=> match #inner { __birthmark => #private::adapt!(#record, __birthmark) })
    }

    /// Wraps a possible task of a callee out of sight. The evaluation of a literal has no effect, so a literal is announced
    /// before it.
    fn guess(
        &self,
        index: usize,
        shape: TaskShape,
        relay: Relay,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let table = Self::at(SITES, index, span);
        let [received, late] =
            [relay.is_received, relay.late].map(|flag| Ident::new(bool_name(flag), span));
        let site = quote_spanned!(span=> #private::Guessed(#table, #received, #late));
        match shape {
            TaskShape::Async | TaskShape::Closure { .. } => {
                quote_spanned!(span=> { #site.announce(); #inner })
            }
            TaskShape::Place | TaskShape::ClosureVariable => {
                quote_spanned!(span=> #private::guess!(#site, #inner))
            }
            _ => {
                let inner = parenthesized(parens, span, inner);
                quote_spanned!(span=> match #inner { __birthmark => #private::guess!(#site, __birthmark) })
            }
        }
    }

    /// Wraps a call. If a hook refused the task, the result of the call becomes the refusal.
    fn propagate_refusal(
        &self,
        index: usize,
        fallible: bool,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let site = Self::at(SITES, index, span);
        let fallible = fallible.then(|| quote_spanned!(span=> fallible,));
        let call = quote_spanned! {span=>
            match #inner { __birthmark => #private::settle!(#fallible #site, __birthmark) }
        };
        parenthesized(parens, user, call)
    }

    /// Wraps a call that announced its task. The announcement ends with the call.
    fn returned(
        &self,
        index: usize,
        is_awaited: bool,
        is_beside: bool,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let (span, private) = self.generated_for(user);
        let site = Self::at(SITES, index, span);
        let returned = Ident::new(if is_awaited { "awaited" } else { "returned" }, span);
        let callee = Ident::new(if is_beside { "callee_beside" } else { "callee" }, span);
        quote_spanned!(span=> #private::#returned(#private::#callee(), #site, #inner))
    }

    /// Returns the message of an `assert!` whose condition was changed, as further arguments.
    ///
    /// With `{:}`, the message is known at compile time and the payload stays a `&'static str`. `panic!` treats `{}`
    /// specially.
    pub(crate) fn assert_message(message: &str, has_comma: bool) -> TokenStream {
        let span = Span::mixed_site();
        let comma = (!has_comma).then(|| quote_spanned!(span=> ,));
        quote_spanned!(span=> #comma "{:}", #message)
    }
}

/// Returns the tokens of a text that the engine has printed. In a macro, the compiler reads the text, because
/// proc-macro2 is slower.
fn parsed(text: &str) -> TokenStream {
    const EXPECTED: &str = "names, numbers and strings";
    if proc_macro::is_available() {
        let tokens: proc_macro::TokenStream = text.parse().expect(EXPECTED);
        return tokens.into();
    }
    text.parse().expect(EXPECTED)
}

fn bool_name(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// Puts parentheses around tokens if they are needed.
pub(crate) fn parenthesized(parens: bool, span: Span, tokens: TokenStream) -> TokenStream {
    if parens {
        quote_spanned!(span=> (#tokens))
    } else {
        tokens
    }
}
