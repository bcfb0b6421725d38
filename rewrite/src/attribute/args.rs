//! The arguments of the attribute: `also(a, b(1))`, `macros(a, b)`, `frames = false`, `crate = path`, `skip`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitBool, LitInt, Path, Result, Token, parenthesized};

/// The parsed arguments of one attribute.
#[derive(Clone, Default)]
pub struct Args {
    /// The path of the runtime, unless it is `::birthmark`.
    pub krate: Option<Path>,
    /// Further callees, by the last segment of their path or the name of the method.
    pub also: Vec<String>,
    /// The positions of the tasks among the arguments of further callees, counted from 0, as far as they are given.
    pub positions: Vec<(String, usize)>,
    /// Further macros whose arguments may be rewritten, by the last segment of their path.
    pub macros: Vec<String>,
    /// `false` if awaits have no frames. By default they have.
    pub frames: Option<bool>,
    /// `true` if the item is left alone.
    pub skip: bool,
}

impl Args {
    /// Parses the tokens between the parentheses and collects one error for each mistake.
    pub fn parse(tokens: TokenStream) -> (Args, Vec<Error>) {
        let mut args = Args::default();
        let mut errors = Vec::new();
        let pieces = split_at_commas(tokens);
        let alone = pieces.len() == 1;
        let mut seen = Vec::new();
        for piece in pieces {
            let parser = |input: ParseStream| args.argument(input, &mut seen, alone);
            if let Err(error) = Parser::parse2(parser, piece) {
                errors.push(error);
            }
        }
        (args, errors)
    }

    /// Adds the arguments of an attribute on an inner item to those of the outer one.
    pub(crate) fn merge(&mut self, inner: Args) {
        self.also.extend(inner.also);
        // The inner attribute decides.
        self.positions.splice(0..0, inner.positions);
        self.macros.extend(inner.macros);
        self.frames = inner.frames.or(self.frames);
    }

    fn argument(&mut self, input: ParseStream, seen: &mut Vec<Ident>, alone: bool) -> Result<()> {
        let name = input.call(Ident::parse_any).map_err(|error| {
            Error::new(
                error.span(),
                "expected `also(…)`, `macros(…)`, `frames = false`, `crate = path` or `skip`",
            )
        })?;
        if seen.contains(&name) {
            return Err(Error::new(
                name.span(),
                format!("`{name}` is given twice; merge the two"),
            ));
        }
        seen.push(name.clone());
        match name.to_string().as_str() {
            "also" => {
                for Callee { name, position } in callees(input, &name)? {
                    self.positions
                        .extend(position.map(|position| (name.clone(), position)));
                    self.also.push(name);
                }
            }
            "macros" => self.macros = names(input, &name, "macro", "my_select")?,
            "frames" => self.frames = Some(on_or_off(input, &name)?),
            "crate" => self.krate = Some(path(input, &name)?),
            "skip" if !alone => return Err(Error::new(name.span(), SKIP_IS_ALONE)),
            "skip" => self.skip = true,
            _ => {
                return Err(Error::new(
                    name.span(),
                    format!("unknown argument `{name}`; {TAKES}"),
                ));
            }
        }
        if input.is_empty() {
            Ok(())
        } else {
            Err(input.error(format!("unexpected token after `{name}`; {TAKES}")))
        }
    }
}

const TAKES: &str = "`#[instrument]` takes `also(…)`, `macros(…)`, `frames = false`, `crate = path` and `skip`, separated by commas";
const SKIP_IS_ALONE: &str =
    "`skip` leaves the item alone, so no other argument has an effect; remove one or the other";

/// A callee in `also(…)`.
struct Callee {
    name: String,
    /// The position of the task among the arguments.
    position: Option<usize>,
}

impl Parse for Callee {
    fn parse(input: ParseStream) -> Result<Callee> {
        let name: Ident = input.parse()?;
        let mut position = None;
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            let remedy = "expected the position of the task among the arguments, counted from 0, as in `also(launch(1))`";
            let number = content.parse::<LitInt>();
            let number = number.and_then(|number| number.base10_parse());
            let number = number.map_err(|error| Error::new(error.span(), remedy))?;
            if !content.is_empty() {
                return Err(content.error(remedy));
            }
            position = Some(number);
        }
        Ok(Callee {
            name: name.unraw().to_string(),
            position,
        })
    }
}

/// Parses `(a, b(1))` after `also`.
fn callees(input: ParseStream, argument: &Ident) -> Result<Vec<Callee>> {
    list(input, argument, "function or method", "launch")
}

/// Parses `(a, b)` after `macros`.
fn names(input: ParseStream, argument: &Ident, what: &str, example: &str) -> Result<Vec<String>> {
    let names: Vec<Ident> = list(input, argument, what, example)?;
    Ok(names.iter().map(|name| name.unraw().to_string()).collect())
}

/// Parses the parentheses after an argument. A part that is more than a name has an error of its own.
fn list<T: Parse>(
    input: ParseStream,
    argument: &Ident,
    what: &str,
    example: &str,
) -> Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        let text =
            format!("`{argument}` takes the name of each {what}, as in `{argument}({example})`");
        return Err(Error::new(argument.span(), text));
    }
    let content;
    parenthesized!(content in input);
    let names = Punctuated::<T, Token![,]>::parse_terminated(&content).map_err(|error| {
        if error.to_string().starts_with("expected the position") {
            return error;
        }
        let text = format!("expected the bare name of a {what}, as in `{argument}({example})`; the last segment of a path is enough");
        Error::new(error.span(), text)
    })?;
    if names.is_empty() {
        let text = format!(
            "`{argument}()` names nothing; list each {what}, as in `{argument}({example})`, or remove it"
        );
        return Err(Error::new(argument.span(), text));
    }
    Ok(names.into_iter().collect())
}

/// Parses `= true` or `= false` after `frames`.
fn on_or_off(input: ParseStream, argument: &Ident) -> Result<bool> {
    let remedy = "`frames` takes `true` or `false`, as in `frames = false`";
    if !input.peek(Token![=]) {
        return Err(Error::new(argument.span(), remedy));
    }
    input.parse::<Token![=]>()?;
    let value: LitBool = input
        .parse()
        .map_err(|error| Error::new(error.span(), remedy))?;
    Ok(value.value)
}

/// Parses `= path` after `crate`.
fn path(input: ParseStream, argument: &Ident) -> Result<Path> {
    let remedy = "`crate` takes the path under which birthmark is found, as in `crate = crate::reexports::birthmark`";
    if !input.peek(Token![=]) {
        return Err(Error::new(argument.span(), remedy));
    }
    input.parse::<Token![=]>()?;
    input
        .call(Path::parse_mod_style)
        .map_err(|error| Error::new(error.span(), remedy))
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = Vec::new();
    let mut piece = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                pieces.push(std::mem::take(&mut piece))
            }
            _ => piece.extend([token]),
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
