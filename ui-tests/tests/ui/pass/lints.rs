// The expansion is silent under every lint group, and under those that are allowed by default.
#![forbid(unsafe_code)]
#![deny(warnings, unused, nonstandard_style, future_incompatible, rust_2018_idioms, keyword_idents, let_underscore)]
#![deny(refining_impl_trait, missing_docs, missing_debug_implementations, missing_copy_implementations, unreachable_pub)]
#![deny(elided_lifetimes_in_paths, explicit_outlives_requirements, if_let_rescope, meta_variable_misuse, non_ascii_idents)]
#![deny(redundant_imports, redundant_lifetimes, single_use_lifetimes, trivial_casts, trivial_numeric_casts)]
#![deny(unit_bindings, unnameable_types, unused_extern_crates, unused_import_braces, unused_lifetimes, unused_qualifications)]
#![deny(unused_results, variant_size_differences, deprecated_safe_2024, edition_2024_expr_fragment_specifier)]
#![deny(absolute_paths_not_starting_with_crate, ambiguous_negative_literals, closure_returning_async_block, ffi_unwind_calls)]
#![deny(impl_trait_redundant_captures, linker_messages, macro_use_extern_crate, non_local_definitions, let_underscore_drop)]
//! Every emission once.

/// A server.
#[derive(Debug, Clone, Copy)]
pub struct Server;

async fn work(n: u32) -> u32 {
    n
}

fn job() -> u32 {
    1
}

#[birthmark::instrument]
impl Server {
    /// Futures, named and roots.
    pub async fn futures(&self) -> u32 {
        let task = work(1);
        let first = tokio::spawn(task).await.unwrap_or(0);
        let second = tokio::spawn(async { 2 }).await.unwrap_or(0);
        let third = tokio::spawn(birthmark::named!("{first}" => birthmark::root!(work(3)))).await.unwrap_or(0);
        let both = tokio::join!(tokio::spawn(work(4)), tokio::spawn(async { 5 }));
        let boxed = tokio::spawn(Box::pin(work(6))).await.unwrap_or(0);
        assert!(tokio::spawn(work(7)).await.is_ok());
        first + second + third + both.0.unwrap_or(0) + both.1.unwrap_or(0) + boxed
    }

    /// Threads and jobs.
    pub fn threads(&self, text: &str) -> usize {
        let by_name = std::thread::spawn(job).join().unwrap_or(0);
        let moved = std::thread::spawn(move || -> u32 { by_name }).join().unwrap_or(0) as usize;
        let built = std::thread::Builder::new().spawn(|| 1_usize).map(|handle| handle.join().unwrap_or(0)).unwrap_or(0);
        let scoped = std::thread::scope(|s| s.spawn(|| text.len()).join().unwrap_or(0));
        let mut count = 0;
        rayon::scope(|s| s.spawn(|_| count += 1));
        moved + built + scoped + count
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(Server.futures()) as usize + Server.threads("four"), 28);
}
