//! The code that is inserted: each function gives one emission around an inner expression.

pub(crate) mod backend;
pub(crate) mod names;
pub(crate) mod table;
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

/// Prints emissions with the path under which the runtime is found.
pub(crate) struct Emit {
    pub krate: Option<Path>,
}

/// The span of generated tokens: the macro's own hygiene and edition, which keep lints silent and drop the
/// temporaries of a body before the guard, at the user's line, to which errors point.
pub(crate) fn generated(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

impl Emit {
    /// `P::__private`, where `P` is `::birthmark` or what `crate = …` says.
    fn private(&self, span: Span) -> TokenStream {
        let Some(path) = &self.krate else {
            return quote_spanned!(span=> ::birthmark::__private);
        };
        let path = path.to_token_stream().into_iter().map(|mut token| {
            // `$crate` is resolved by its own span.
            if !matches!(&token, TokenTree::Ident(ident) if ident == "$crate") {
                token.set_span(span);
            }
            token
        });
        let path: TokenStream = path.collect();
        quote_spanned!(span=> #path::__private)
    }

    /// What a decision of the engine looks like around an expression.
    pub(crate) fn around(&self, around: &Wrap, inner: TokenStream) -> TokenStream {
        match *around {
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
                birth,
                by_value,
                user,
            } => self.closure_variable(&self.birth(birth, user), by_value, user, inner),
            Wrap::Future { birth, user } => self.future(birth, user, inner),
            Wrap::FutureFn { birth, user } => self.future_fn(&self.birth(birth, user), user, inner),
            Wrap::Place { birth, user } => {
                self.adapt_place(&self.adapted(birth, user), user, inner)
            }
            Wrap::Value {
                birth,
                parens,
                user,
            } => {
                let adapted = self.adapted(birth, user);
                if birth.naming.is_plain() {
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
                awaited,
                beside,
                user,
            } => self.returned(site.entry, awaited, beside, user, inner),
            Wrap::Blocked { shape, parens, user } => self.blocked(shape, parens, user, inner),
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

    /// The table of a body and its registration.
    pub(crate) fn table(&self, sites: &[&Site]) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        let table = parsed(&table::sites(sites, FileName::Literal));
        quote_spanned!(span=> #private::table! { #table })
    }

    /// The table of frame sites of a body.
    pub(crate) fn frames(&self, frames: &[FrameSite]) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        let table = parsed(&table::frames(frames, FileName::Literal));
        quote_spanned!(span=> #private::frames! { #table })
    }

    /// Wrap a future that a thread blocks on. The `match` keeps its temporaries alive to the end of the user's
    /// statement.
    fn blocked(
        &self,
        shape: TaskShape,
        parens: bool,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        match shape {
            TaskShape::Async => quote_spanned!(span=> #private::Blocked::new(#inner)),
            TaskShape::Place => quote_spanned!(span=> #private::blocked!(#inner)),
            _ => {
                let inner = parenthesized(parens, span, inner);
                quote_spanned!(span=> match #inner { __birthmark => #private::blocked!(__birthmark) })
            }
        }
    }

    /// The body of a function that an attribute blocks on.
    pub(crate) fn blocked_body(&self, body: &Block) -> TokenStream {
        let span = Span::mixed_site();
        let private = self.private(span);
        quote_spanned!(span=> #private::Blocked::new(async move #body).await)
    }

    /// Wrap what is awaited. As in `propagate_refusal`, the parentheses are the user's by their span.
    fn frame(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let site = Self::frame_site(entry, span);
        parenthesized(
            true,
            user,
            quote_spanned!(span=> #private::frame::<_, #site>(#inner)),
        )
    }

    /// Wrap a branch of a macro.
    fn branch(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let site = Self::frame_site(entry, span);
        quote_spanned!(span=> #private::branch::<_, #site>(#inner))
    }

    /// Wrap a branch whose temporaries live as long as it: a literal extends their lives as the branch itself does.
    fn extending_branch(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let site = Self::frame_site(entry, span);
        quote_spanned!(span=> #private::Framed { future: #inner, on_drop: #private::frame_on_drop::<#site>() })
    }

    /// Wrap a macro call, which is left when its value is there.
    fn frame_guard(&self, entry: usize, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let table = Ident::new(FRAMES, span);
        let index = Literal::usize_unsuffixed(entry);
        quote_spanned!(span=> match #private::frame_guard(&#table[#index]) { __birthmark_frame => #inner })
    }

    /// A block that holds the table of a spawn that stands in no function body.
    fn with_table(&self, sites: &[&Site], inner: TokenStream) -> TokenStream {
        let table = self.table(sites);
        quote_spanned!(Span::mixed_site()=> { #table #inner })
    }

    /// A site by itself, for what is seldom emitted.
    fn site(index: usize, span: Span) -> TokenStream {
        let name = Ident::new(SITES, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> #name.at(#index))
    }

    /// A table and an entry in it, as two arguments: see `at.rs` of the runtime.
    fn at(table: &str, index: usize, span: Span) -> TokenStream {
        let name = Ident::new(table, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> &#name, #index)
    }

    /// The table of frame sites as a type, and an entry in it.
    fn frame_site(index: usize, span: Span) -> TokenStream {
        let name = Ident::new(FRAMES, span);
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(span=> #name, #index)
    }

    /// From what the adaptor makes the birth once it knows the kind of the task: the site, or under `named!`
    /// and `root!` the birth itself.
    fn adapted(&self, birth: NewRecord, user: Span) -> TokenStream {
        let span = generated(user);
        if !birth.naming.is_plain() {
            return self.birth(birth, user);
        }
        let site = Self::at(SITES, birth.site.entry, span);
        if birth.is_plain() {
            return site;
        }
        let private = self.private(span);
        let [handed, late, announces] = Self::relay(birth, span);
        quote_spanned!(span=> #private::Relayed(#site, #handed, #late, #announces))
    }

    /// Returns three flags: the task may be recorded already, its caller's call may have returned, and the task is
    /// announced.
    fn relay(birth: NewRecord, span: Span) -> [Ident; 3] {
        let Relay {
            announces, late, ..
        } = birth.relay;
        [birth.may_be_recorded(), late, announces].map(|flag| Ident::new(bool_text(flag), span))
    }

    fn identity(&self, identity: Identity, user: Span) -> TokenStream {
        match identity {
            Identity::New(birth) => self.birth(birth, user),
            Identity::Inherit => self.inherit(user),
        }
    }

    /// The expression that records a birth, in the spawner, before the call.
    fn birth(&self, birth: NewRecord, user: Span) -> TokenStream {
        let NewRecord { site, naming, .. } = birth;
        let span = generated(user);
        let private = self.private(span);
        let at = Self::at(SITES, site.entry, span);
        if birth.is_plain() {
            return quote_spanned!(span=> #private::record_spawn_at(#at));
        }
        if naming.is_plain() {
            let [handed, late, announces] = Self::relay(birth, span);
            return quote_spanned!(span=> #private::relayed_at(#at, #handed, #late, #announces));
        }
        let site = Self::site(site.entry, span);
        let root = Ident::new(bool_text(naming.root), span);
        let name = naming.name.as_ref().map(|name| quote!(, #name));
        if naming.pooled {
            return quote_spanned!(span=> #private::record_spawn_as!(#site, pooled));
        }
        let named = quote_spanned!(span=> #private::record_spawn_as!(#site, #root #name));
        if birth.relay.announces {
            quote_spanned!(span=> #private::announced(#at, #named))
        } else {
            named
        }
    }

    /// The expression that hands on the spawner's own identity.
    fn inherit(&self, user: Span) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        quote_spanned!(span=> #private::borrow_parent())
    }

    /// Wrap a closure literal: the birth happens before the closure is made. The braces are the user's by
    /// their span, so that errors about the argument point at it and not at the attribute. Errors name the first
    /// handle if the callee wants a closure that can be called twice, or that captures nothing.
    fn closure(&self, birth: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let handles = quote_spanned!(span=> let (__undone_by_instrument_skip, __birthmark_end) = #birth.closure(););
        quote_spanned!(user=> { #handles #inner })
    }

    /// Wrap a closure's body. A `move` closure owns the handles in any case and enters by reference, so that
    /// it can still be called twice, unless its callee is known to call it once; any other enters by value,
    /// which captures nothing else. The second arm is never reached: it mentions the handle that the closure
    /// is to drop last, behind all that the body mentions, because captures are dropped in that order.
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

    /// Wrap the variable of a closure, which another closure calls. Both are of one function, whose inference decides
    /// together which of `Fn`, `FnMut` and `FnOnce` they implement.
    fn closure_variable(
        &self,
        birth: &TokenStream,
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
        self.closure(birth, user, task)
    }

    /// Wrap an `async` block.
    fn future(&self, birth: NewRecord, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        if birth.is_plain() {
            let site = Self::at(SITES, birth.site.entry, span);
            return quote_spanned!(span=> #private::future_at(#site, #inner));
        }
        let birth = self.birth(birth, user);
        quote_spanned!(span=> #private::future(#birth, #inner))
    }

    /// Wrap a closure that returns the future.
    fn future_fn(&self, birth: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        quote_spanned!(span=> #private::future_fn(#birth, #inner))
    }

    /// Wrap a place, which the adaptor may mention twice: that keeps implicit reborrows.
    fn adapt_place(&self, birth: &TokenStream, user: Span, inner: TokenStream) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        quote_spanned!(span=> #private::adapt!(#birth, #inner))
    }

    /// Wrap any value under `named!` or `root!`: the name is formatted before the task takes what it
    /// mentions. A tuple keeps the temporaries alive as well as its parts alone.
    fn adapt_named_value(
        &self,
        birth: &TokenStream,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        quote_spanned! {span=>
            match (#birth, #inner) {
                (__birthmark_birth, __birthmark) => #private::adapt!(__birthmark_birth, __birthmark)
            }
        }
    }

    /// Wrap any other value. The `match` keeps its temporaries alive to the end of the user's statement.
    fn adapt_value(
        &self,
        birth: &TokenStream,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let inner = parenthesized(parens, span, inner);
        quote_spanned!(span=> match #inner { __birthmark => #private::adapt!(#birth, __birthmark) })
    }

    /// Wrap what may be the task of a callee that is out of sight. A literal has no effect of its own, so it may be
    /// announced before.
    fn guess(
        &self,
        index: usize,
        shape: TaskShape,
        relay: Relay,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let table = Self::at(SITES, index, span);
        let [handed, late] =
            [relay.is_received, relay.late].map(|flag| Ident::new(bool_text(flag), span));
        let site = quote_spanned!(span=> #private::Guessed(#table, #handed, #late));
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

    /// Wrap the whole call: settles what the callee returned with what became of the birth. Parentheses are
    /// the user's by their span, so that the larger expression which begins with them is, too.
    fn propagate_refusal(
        &self,
        index: usize,
        fallible: bool,
        user: Span,
        parens: bool,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let site = Self::at(SITES, index, span);
        let fallible = fallible.then(|| quote_spanned!(span=> fallible,));
        let call = quote_spanned! {span=>
            match #inner { __birthmark => #private::settle!(#fallible #site, __birthmark) }
        };
        parenthesized(parens, user, call)
    }

    /// Wrap the call itself, whose announcement ends with it.
    fn returned(
        &self,
        index: usize,
        awaited: bool,
        beside: bool,
        user: Span,
        inner: TokenStream,
    ) -> TokenStream {
        let span = generated(user);
        let private = self.private(span);
        let site = Self::at(SITES, index, span);
        let returned = Ident::new(if awaited { "awaited" } else { "returned" }, span);
        let callee = Ident::new(if beside { "callee_beside" } else { "callee" }, span);
        quote_spanned!(span=> #private::#returned(#private::#callee(), #site, #inner))
    }

    /// The rest of an `assert!` whose condition was changed: the message that it would have had. With `{:}` the
    /// message is known at compile time and the payload stays a `&'static str`; `panic!` treats `{}` specially.
    pub(crate) fn assert_message(message: &str, comma: bool) -> TokenStream {
        let span = Span::mixed_site();
        let comma = (!comma).then(|| quote_spanned!(span=> ,));
        quote_spanned!(span=> #comma "{:}", #message)
    }
}

/// The tokens of a text that we have printed. In a macro by the compiler itself: proc-macro2 would read it first.
fn parsed(text: &str) -> TokenStream {
    const EXPECTED: &str = "names, numbers and strings";
    if proc_macro::is_available() {
        let tokens: proc_macro::TokenStream = text.parse().expect(EXPECTED);
        return tokens.into();
    }
    text.parse().expect(EXPECTED)
}

fn bool_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// Puts parentheses around tokens, where the place asks for them.
pub(crate) fn parenthesized(parens: bool, span: Span, tokens: TokenStream) -> TokenStream {
    if parens {
        quote_spanned!(span=> (#tokens))
    } else {
        tokens
    }
}
