//! The arguments of `select!` in tokio and futures: arms of the form `pattern = future, if condition => handler`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Pat, Result, Token};

/// The arguments of a `select!`.
pub(crate) struct Select {
    biased: Option<(Ident, Token![;])>,
    pub arms: Vec<Arm>,
}

/// One arm.
pub(crate) struct Arm {
    pub start: ArmStart,
    arrow: Token![=>],
    pub handler: Expr,
    comma: Option<Token![,]>,
}

/// The part of an arm before its arrow.
pub(crate) enum ArmStart {
    Branch(Box<Branch>),
    /// `else`, `complete`, `default`.
    Otherwise(TokenStream),
}

/// `pattern = future, if condition`.
pub(crate) struct Branch {
    pub pattern: Pat,
    equals: Token![=],
    pub future: Expr,
    pub condition: Option<(Token![,], Token![if], Expr)>,
}

impl Parse for Select {
    fn parse(input: ParseStream) -> Result<Self> {
        let biased = match input.peek(Ident) && input.peek2(Token![;]) {
            true => Some((input.parse()?, input.parse()?)),
            false => None,
        };
        let mut arms = Vec::new();
        while !input.is_empty() {
            arms.push(input.parse()?);
        }
        Ok(Select { biased, arms })
    }
}

impl Parse for Arm {
    fn parse(input: ParseStream) -> Result<Self> {
        let start = input.parse()?;
        let arrow = input.parse()?;
        let handler = Expr::parse_with_earlier_boundary_rule(input)?;
        Ok(Arm {
            start,
            arrow,
            handler,
            comma: input.parse()?,
        })
    }
}

impl Parse for ArmStart {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.peek(Token![else]) {
            return Ok(ArmStart::Otherwise(
                input.parse::<Token![else]>()?.to_token_stream(),
            ));
        }
        if input.peek(Ident) && input.peek2(Token![=>]) {
            return Ok(ArmStart::Otherwise(
                input.parse::<Ident>()?.to_token_stream(),
            ));
        }
        Ok(ArmStart::Branch(Box::new(Branch {
            pattern: Pat::parse_multi_with_leading_vert(input)?,
            equals: input.parse()?,
            future: input.parse()?,
            condition: condition(input)?,
        })))
    }
}

fn condition(input: ParseStream) -> Result<Option<(Token![,], Token![if], Expr)>> {
    if !input.peek(Token![,]) {
        return Ok(None);
    }
    Ok(Some((input.parse()?, input.parse()?, input.parse()?)))
}

impl ToTokens for Select {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if let Some((biased, semicolon)) = &self.biased {
            biased.to_tokens(tokens);
            semicolon.to_tokens(tokens);
        }
        self.arms.iter().for_each(|arm| arm.to_tokens(tokens));
    }
}

impl ToTokens for Arm {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.start.to_tokens(tokens);
        self.arrow.to_tokens(tokens);
        self.handler.to_tokens(tokens);
        self.comma.to_tokens(tokens);
    }
}

impl ToTokens for ArmStart {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            ArmStart::Otherwise(word) => word.to_tokens(tokens),
            ArmStart::Branch(branch) => branch.to_tokens(tokens),
        }
    }
}

impl ToTokens for Branch {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pattern.to_tokens(tokens);
        self.equals.to_tokens(tokens);
        self.future.to_tokens(tokens);
        if let Some((comma, when, condition)) = &self.condition {
            comma.to_tokens(tokens);
            when.to_tokens(tokens);
            condition.to_tokens(tokens);
        }
    }
}
