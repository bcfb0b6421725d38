//! The signatures in a file of a crate, for the crate's other files.

use super::source::Source;
use super::thread::on_parser_thread;
use crate::callee::signatures::CrateSignatures;
use crate::known::{callees, waits};
use crate::syntax::parse;

impl CrateSignatures {
    /// Adds the functions of a file. `module` is the module that the file is, or empty if it is the root. `also` lists
    /// the callees beside those of the table.
    pub fn add(&mut self, module: &str, source: &str, also: &[String]) {
        if !defines_callee(source, also) {
            return;
        }
        // A file that does not consist of tokens has no functions.
        let _ = on_parser_thread(|| {
            let tokens = Source::new(source).tokens()?;
            self.add_items(module, &parse::file(tokens).file.items, also);
            Ok(())
        });
    }
}

/// Returns `true` if a function of the text may be named like a callee.
fn defines_callee(source: &str, also: &[String]) -> bool {
    source.match_indices("fn ").any(|(start, word)| {
        let name = source[start + word.len()..].trim_start();
        let end = name.find(|it: char| !it.is_alphanumeric() && it != '_');
        let name = &name[..end.unwrap_or(name.len())];
        callees::is_known(name, also) || waits::is_known(name)
    })
}
