//! The message of an `assert!` without one of its own: the condition, as the compiler prints it.
//!
//! The compiler prints the syntax tree, not the tokens, so white space and trailing commas of the source are lost, and
//! a long condition gets line breaks. A condition is printed here only if the result is sure to be the same: it fits
//! on a line, and consists of what is known below. Any other `assert!` keeps its condition unchanged.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Block, Expr, GenericArgument, Lit, Local, Member, Pat, Path, PathArguments, RangeLimits,
    ReturnType, Stmt, Type,
};

/// The compiler breaks lines beyond 78 columns.
const LONGEST: usize = 76;

/// Returns the message of an `assert!` with this condition. `written` prints the arguments of a macro call.
pub(crate) fn of(condition: &Expr, written: &dyn Fn(&TokenStream) -> String) -> Option<String> {
    let mut text = Printer {
        text: String::new(),
        written,
    };
    if mentions_attribute(condition.to_token_stream()) {
        return None;
    }
    text.expr(condition)?;
    let fits = text.text.chars().count() <= LONGEST && !text.text.contains(['\n', '\r']);
    fits.then(|| format!("assertion failed: {}", text.text))
}

fn mentions_attribute(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Group(group) => mentions_attribute(group.stream()),
        _ => false,
    })
}

struct Printer<'a> {
    text: String,
    written: &'a dyn Fn(&TokenStream) -> String,
}

/// `Some` if the output is sure to be what the compiler prints.
type Printed = Option<()>;

impl Printer<'_> {
    fn word(&mut self, word: &str) -> Printed {
        self.text.push_str(word);
        Some(())
    }

    fn token(&mut self, token: &impl ToTokens) -> Printed {
        self.word(&token.to_token_stream().to_string())
    }

    /// Prints a list, with commas between.
    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut print: impl FnMut(&mut Self, T) -> Printed,
    ) -> Printed {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.word(", ")?;
            }
            print(self, item)?;
        }
        Some(())
    }

    fn expr(&mut self, expr: &Expr) -> Printed {
        match expr {
            Expr::Lit(literal) => self.literal(&literal.lit),
            Expr::Path(path) => match &path.qself {
                None => self.path(&path.path, true),
                Some(qself) => self.qualified(qself, &path.path),
            },
            Expr::Group(group) => self.expr(&group.expr),
            Expr::Paren(paren) => {
                self.word("(")?;
                self.expr(&paren.expr)?;
                self.word(")")
            }
            Expr::Unary(unary) => {
                self.token(&unary.op)?;
                self.expr(&unary.expr)
            }
            Expr::Reference(reference) => {
                self.word(if reference.mutability.is_some() {
                    "&mut "
                } else {
                    "&"
                })?;
                self.expr(&reference.expr)
            }
            Expr::Binary(binary) => {
                self.expr(&binary.left)?;
                self.word(" ")?;
                self.token(&binary.op)?;
                self.word(" ")?;
                self.expr(&binary.right)
            }
            Expr::Cast(cast) => {
                self.expr(&cast.expr)?;
                self.word(" as ")?;
                self.ty(&cast.ty)
            }
            Expr::Range(range) => self.range(range),
            Expr::Call(call) => {
                self.expr(&call.func)?;
                self.arguments(&call.args)
            }
            Expr::MethodCall(call) => {
                self.expr(&call.receiver)?;
                self.word(".")?;
                self.token(&call.method)?;
                if let Some(turbofish) = &call.turbofish {
                    self.word("::")?;
                    self.generic(turbofish)?;
                }
                self.arguments(&call.args)
            }
            Expr::Field(field) => {
                self.expr(&field.base)?;
                self.word(".")?;
                self.member(&field.member)
            }
            Expr::Index(index) => {
                self.expr(&index.expr)?;
                self.word("[")?;
                self.expr(&index.index)?;
                self.word("]")
            }
            Expr::Await(awaited) => {
                self.expr(&awaited.base)?;
                self.word(".await")
            }
            Expr::Try(tried) => {
                self.expr(&tried.expr)?;
                self.word("?")
            }
            Expr::Array(array) => {
                self.word("[")?;
                self.list(&array.elems, Self::expr)?;
                self.word("]")
            }
            Expr::Repeat(repeat) => {
                self.word("[")?;
                self.expr(&repeat.expr)?;
                self.word("; ")?;
                self.expr(&repeat.len)?;
                self.word("]")
            }
            Expr::Tuple(tuple) => {
                self.word("(")?;
                self.list(&tuple.elems, Self::expr)?;
                self.word(if tuple.elems.len() == 1 { ",)" } else { ")" })
            }
            Expr::Struct(literal) => self.literal_struct(literal),
            Expr::Closure(closure) => self.closure(closure),
            Expr::Async(block) => {
                self.word(if block.capture.is_some() {
                    "async move "
                } else {
                    "async "
                })?;
                self.block(&block.block)
            }
            Expr::Unsafe(block) => {
                self.word("unsafe ")?;
                self.block(&block.block)
            }
            Expr::Block(block) if block.label.is_none() => self.block(&block.block),
            Expr::If(branch) => self.branch(branch),
            Expr::Macro(call) => self.macro_call(&call.mac),
            _ => None,
        }
    }

    fn literal(&mut self, literal: &Lit) -> Printed {
        self.token(literal)
    }

    fn arguments<'a>(&mut self, arguments: impl IntoIterator<Item = &'a Expr>) -> Printed {
        self.word("(")?;
        self.list(arguments, Self::expr)?;
        self.word(")")
    }

    fn member(&mut self, member: &Member) -> Printed {
        match member {
            Member::Named(name) => self.token(name),
            Member::Unnamed(index) => self.word(&index.index.to_string()),
        }
    }

    fn range(&mut self, range: &syn::ExprRange) -> Printed {
        if let Some(start) = &range.start {
            self.expr(start)?;
        }
        self.word(match range.limits {
            RangeLimits::HalfOpen(_) => "..",
            RangeLimits::Closed(_) => "..=",
        })?;
        match &range.end {
            Some(end) => self.expr(end),
            None => Some(()),
        }
    }

    fn literal_struct(&mut self, literal: &syn::ExprStruct) -> Printed {
        let is_plain = literal.qself.is_none() && literal.dot2_token.is_none();
        if !is_plain || literal.fields.is_empty() {
            return None;
        }
        self.path(&literal.path, true)?;
        self.word(" { ")?;
        self.list(&literal.fields, |printer, field| {
            if field.colon_token.is_some() {
                printer.member(&field.member)?;
                printer.word(": ")?;
            }
            printer.expr(&field.expr)
        })?;
        self.word(" }")
    }

    fn closure(&mut self, closure: &syn::ExprClosure) -> Printed {
        if closure.lifetimes.is_some()
            || closure.constness.is_some()
            || closure.movability.is_some()
        {
            return None;
        }
        if closure.asyncness.is_some() {
            self.word("async ")?;
        }
        if closure.capture.is_some() {
            self.word("move ")?;
        }
        self.word("|")?;
        self.list(&closure.inputs, Self::pat)?;
        self.word("| ")?;
        if let ReturnType::Type(_, ty) = &closure.output {
            self.word("-> ")?;
            self.ty(ty)?;
            self.word(" ")?;
        }
        self.expr(&closure.body)
    }

    fn branch(&mut self, branch: &syn::ExprIf) -> Printed {
        self.word("if ")?;
        self.expr(&branch.cond)?;
        self.word(" ")?;
        self.block(&branch.then_branch)?;
        match &branch.else_branch {
            Some((_, other)) => {
                self.word(" else ")?;
                self.expr(other)
            }
            None => Some(()),
        }
    }

    fn block(&mut self, block: &Block) -> Printed {
        if block.stmts.is_empty() {
            return self.word("{}");
        }
        self.word("{")?;
        for stmt in &block.stmts {
            self.word(" ")?;
            match stmt {
                Stmt::Local(local) => self.local(local)?,
                Stmt::Expr(expr, semicolon) => {
                    self.expr(expr)?;
                    self.word(if semicolon.is_some() { ";" } else { "" })?;
                }
                _ => return None,
            }
        }
        self.word(" }")
    }

    fn local(&mut self, local: &Local) -> Printed {
        let init = local.init.as_ref()?;
        if init.diverge.is_some() {
            return None;
        }
        self.word("let ")?;
        self.pat(&local.pat)?;
        self.word(" = ")?;
        self.expr(&init.expr)?;
        self.word(";")
    }

    /// The tokens of a macro call are printed as they are.
    fn macro_call(&mut self, mac: &syn::Macro) -> Printed {
        let (open, close) = match mac.delimiter {
            syn::MacroDelimiter::Paren(_) => ("!(", ")"),
            syn::MacroDelimiter::Bracket(_) => ("![", "]"),
            syn::MacroDelimiter::Brace(_) => return None,
        };
        self.path(&mac.path, true)?;
        self.word(open)?;
        let tokens = (self.written)(&mac.tokens);
        let unsure = [
            "//", "/*", "  ", "\t", "{", "( ", " )", "[ ", " ]", " ,", " ;", " .",
        ];
        if unsure.iter().any(|unsure| tokens.contains(unsure)) || tokens != tokens.trim() {
            return None;
        }
        self.word(&tokens)?;
        self.word(close)
    }

    /// A path; before generic arguments in an expression there are colons.
    fn path(&mut self, path: &Path, in_expr: bool) -> Printed {
        if path.leading_colon.is_some() {
            self.word("::")?;
        }
        self.segments(path.segments.iter(), in_expr)
    }

    fn segments<'a>(
        &mut self,
        segments: impl Iterator<Item = &'a syn::PathSegment>,
        in_expr: bool,
    ) -> Printed {
        for (index, segment) in segments.enumerate() {
            if index > 0 {
                self.word("::")?;
            }
            self.token(&segment.ident)?;
            match &segment.arguments {
                PathArguments::None => {}
                PathArguments::AngleBracketed(arguments) => {
                    self.word(if in_expr { "::" } else { "" })?;
                    self.generic(arguments)?;
                }
                PathArguments::Parenthesized(_) => return None,
            }
        }
        Some(())
    }

    /// `<T as Trait>::name`.
    fn qualified(&mut self, qself: &syn::QSelf, path: &Path) -> Printed {
        if path.leading_colon.is_some() {
            return None;
        }
        self.word("<")?;
        self.ty(&qself.ty)?;
        if qself.position > 0 {
            self.word(" as ")?;
            self.segments(path.segments.iter().take(qself.position), false)?;
        }
        self.word(">::")?;
        self.segments(path.segments.iter().skip(qself.position), true)
    }

    fn generic(&mut self, arguments: &syn::AngleBracketedGenericArguments) -> Printed {
        self.word("<")?;
        self.list(&arguments.args, |printer, argument| match argument {
            GenericArgument::Type(ty) => printer.ty(ty),
            GenericArgument::Lifetime(lifetime) => printer.word(&lifetime.to_string()),
            GenericArgument::Const(Expr::Lit(literal)) => printer.literal(&literal.lit),
            _ => None,
        })?;
        self.word(">")
    }

    fn ty(&mut self, ty: &Type) -> Printed {
        match ty {
            Type::Path(path) => match &path.qself {
                None => self.path(&path.path, false),
                Some(_) => None,
            },
            Type::Group(group) => self.ty(&group.elem),
            Type::Infer(_) => self.word("_"),
            Type::Never(_) => self.word("!"),
            Type::Slice(slice) => {
                self.word("[")?;
                self.ty(&slice.elem)?;
                self.word("]")
            }
            Type::Array(array) => {
                self.word("[")?;
                self.ty(&array.elem)?;
                self.word("; ")?;
                self.expr(&array.len)?;
                self.word("]")
            }
            Type::Tuple(tuple) => {
                self.word("(")?;
                self.list(&tuple.elems, Self::ty)?;
                self.word(if tuple.elems.len() == 1 { ",)" } else { ")" })
            }
            Type::Reference(reference) => {
                self.word("&")?;
                if let Some(lifetime) = &reference.lifetime {
                    self.word(&format!("{lifetime} "))?;
                }
                self.word(if reference.mutability.is_some() {
                    "mut "
                } else {
                    ""
                })?;
                self.ty(&reference.elem)
            }
            Type::Ptr(pointer) => {
                self.word(if pointer.mutability.is_some() {
                    "*mut "
                } else {
                    "*const "
                })?;
                self.ty(&pointer.elem)
            }
            _ => None,
        }
    }

    fn pat(&mut self, pat: &Pat) -> Printed {
        match pat {
            Pat::Wild(_) => self.word("_"),
            Pat::Rest(_) => self.word(".."),
            Pat::Ident(name) if name.subpat.is_none() => {
                self.word(if name.by_ref.is_some() { "ref " } else { "" })?;
                self.word(if name.mutability.is_some() {
                    "mut "
                } else {
                    ""
                })?;
                self.token(&name.ident)
            }
            Pat::Lit(literal) => self.literal(&literal.lit),
            Pat::Path(path) if path.qself.is_none() => self.path(&path.path, true),
            Pat::Tuple(tuple) => {
                self.word("(")?;
                self.list(&tuple.elems, Self::pat)?;
                self.word(if tuple.elems.len() == 1 { ",)" } else { ")" })
            }
            Pat::TupleStruct(tuple) if tuple.qself.is_none() => {
                self.path(&tuple.path, true)?;
                self.word("(")?;
                self.list(&tuple.elems, Self::pat)?;
                self.word(")")
            }
            Pat::Reference(reference) => {
                self.word(if reference.mutability.is_some() {
                    "&mut "
                } else {
                    "&"
                })?;
                self.pat(&reference.pat)
            }
            Pat::Type(typed) => {
                self.pat(&typed.pat)?;
                self.word(": ")?;
                self.ty(&typed.ty)
            }
            _ => None,
        }
    }
}
