//! Tests that become roots, at whose end leaks are looked for.

use syn::{ItemFn, ReturnType, Signature, Type};

use super::Walk;
use crate::attribute::test::is_test;

impl Walk<'_> {
    /// Makes the body of a test a scope, if that is asked for.
    pub(super) fn scope_of_test(&mut self, signature: &Signature, body: &mut syn::Block) {
        if !self.context.settings.rules.tests_are_roots || self.context.is_exempt() {
            return;
        }
        let name = signature.ident.to_string();
        if signature.asyncness.is_none() {
            return self.editor.test_scope(body, &name);
        }
        let output = match &signature.output {
            ReturnType::Default => "()".to_owned(),
            ReturnType::Type(_, ty) => self.editor.source_of(&quote::ToTokens::to_token_stream(ty)),
        };
        self.editor.test_body(body, &name, &output);
    }
}

/// Returns `true` for a test whose body can be a scope.
pub(super) fn is_scope(item: &ItemFn) -> bool {
    let signature = &item.sig;
    let is_simple = match &signature.output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => matches!(**ty, Type::Path(_) | Type::Tuple(_)),
    };
    item.attrs.iter().any(is_test)
        && is_simple
        && signature.inputs.is_empty()
        && signature.generics.params.is_empty()
        && !item.block.stmts.is_empty()
}
