//! The attribute `#[test]` of birthmark: a test whose tasks end with it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Expr, Ident, ItemFn, LitInt, LitStr, Path, Result, ReturnType, Token};
use syn::{Type, parenthesized, parse_quote};

/// The parsed arguments of the attribute.
#[derive(Default)]
struct Args {
    /// The path of the runtime, unless it is `::birthmark`.
    krate: Option<Path>,
    /// Milliseconds that the check waits.
    grace: Option<LitInt>,
    /// Filters that select tasks which are ignored.
    ignored: Vec<LitStr>,
}

/// Rewrites a test. An item that is no function is returned with an error.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed: Result<ItemFn> = syn::parse2(item.clone());
    let result = Args::parse(args).and_then(|args| Ok(rewritten(&args, parsed?)));
    result.unwrap_or_else(|error| {
        let error = error.to_compile_error();
        quote!(#error #item)
    })
}

/// Makes a function a test and changes nothing else of it. An item that is no function is returned with an error.
pub(crate) fn expand_without_check(args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed: Result<ItemFn> = syn::parse2(item.clone());
    let result = Args::parse(args).and(parsed);
    match result {
        Ok(mut function) => {
            make_test(&mut function);
            function.into_token_stream()
        }
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#error #item)
        }
    }
}

impl Args {
    fn parse(tokens: TokenStream) -> Result<Self> {
        let mut args = Args::default();
        let parser = |input: ParseStream| {
            while !input.is_empty() {
                args.argument(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        Parser::parse2(parser, tokens)?;
        Ok(args)
    }

    fn argument(&mut self, input: ParseStream) -> Result<()> {
        const TAKES: &str = "expected `grace_ms = 100`, `ignore(\"role=…\")` or `crate = path`";
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = Some(input.parse()?);
            return Ok(());
        }
        let name: Ident = input
            .parse()
            .map_err(|error| Error::new(error.span(), TAKES))?;
        if name == "grace_ms" {
            input.parse::<Token![=]>()?;
            self.grace = Some(input.parse()?);
        } else if name == "ignore" {
            let content;
            parenthesized!(content in input);
            let filters = content.parse_terminated(|input| input.parse::<LitStr>(), Token![,])?;
            self.ignored.extend(filters);
        } else {
            return Err(Error::new(
                name.span(),
                format!("unknown argument `{name}`; {TAKES}"),
            ));
        }
        Ok(())
    }
}

fn rewritten(args: &Args, mut item: ItemFn) -> TokenStream {
    let krate = args
        .krate
        .clone()
        .unwrap_or_else(|| parse_quote!(::birthmark));
    let check = check(args, &krate);
    let is_async = item.sig.asyncness.is_some();
    make_test(&mut item);
    let name = item.sig.ident.to_string();
    let core = quote!(#krate::__private::core);
    let module = quote!(#core::module_path!());
    let body = &item.block;
    let body = if is_async {
        let output = output(&item.sig.output);
        quote!({
            #krate::__private::test_body::<#output>(#check, #module, #name, async move #body).await
        })
    } else {
        let statements = &body.stmts;
        quote!({
            let __birthmark_scope = #krate::__private::test_scope(#check, #module, #name);
            #(#statements)*
        })
    };
    let ItemFn {
        attrs, vis, sig, ..
    } = &item;
    quote! {
        #[#krate::instrument(crate = #krate)]
        #(#attrs)*
        #vis #sig #body
    }
}

/// Adds the attribute of a test, unless the function has one.
fn make_test(function: &mut ItemFn) {
    if !function.attrs.iter().any(is_test) {
        function.attrs.push(match function.sig.asyncness {
            Some(_) => parse_quote!(#[::tokio::test]),
            None => parse_quote!(#[::core::prelude::v1::test]),
        });
    }
}

/// Returns the check that the arguments describe.
fn check(args: &Args, krate: &Path) -> Expr {
    let core = quote!(#krate::__private::core);
    let mut check = quote!(#krate::LeakCheck::new());
    if let Some(grace) = &args.grace {
        check = quote!(#check.grace(#core::time::Duration::from_millis(#grace)));
    }
    for filter in &args.ignored {
        check = quote!(#check.ignore(#core::result::Result::expect(
            #core::str::FromStr::from_str(#filter),
            "cannot use a filter of `ignore`",
        )));
    }
    parse_quote!(#check)
}

/// Returns the output of a test, as far as it can be written as a type argument.
fn output(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => quote!(_),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

/// Returns `true` for an attribute that makes a function a test: `#[test]`, `#[tokio::test]`, `#[rstest]`.
pub(crate) fn is_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "test" || last.ident == "rstest")
}
