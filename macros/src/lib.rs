//! The attribute macro of [birthmark](https://docs.rs/birthmark), which re-exports it. Depend on that crate.

use birthmark_rewrite::Position;
use proc_macro::TokenStream;

/// Gives every thread, task and job that is spawned in an item its birthmark.
///
/// Put it on a function, an `impl`, a trait or an inline module; it covers everything inside, at any depth:
/// nested functions and modules, closures, `async` blocks. No spawn has to be edited, and what the program
/// computes does not change.
///
/// ```
/// use birthmark::instrument;
///
/// #[instrument]
/// async fn accept(peer: String) -> Result<usize, tokio::task::JoinError> {
///     tokio::spawn(async move { peer.len() }).await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(accept("10.0.0.1".to_owned()).await.unwrap(), 8);
/// # });
/// ```
///
/// # What is rewritten
///
/// A macro cannot resolve names, so the callee is kept exactly as written, and only the *argument* that is the
/// task is adapted. A call is taken for a spawn by the last segment of its path, or by the name of the method,
/// and by the number of its arguments:
///
/// | callee | arguments | the task is | known from |
/// | --- | --- | --- | --- |
/// | `spawn` | 1 to 3 | the last | std, tokio, tokio-util, smol, async-executor, rayon, crossbeam, futures, actix-rt |
/// | `spawn_local` | 1 to 3 | the last | tokio, futures, actix-rt |
/// | `spawn_blocking` | 1 to 3 | the last | tokio, tokio-util |
/// | `spawn_on`, `spawn_local_on`, `spawn_blocking_on` | 2 to 4 | the last but one | tokio's `JoinSet`, tokio-util |
/// | `spawn_scoped` | 2 or 3 | the last | `std::thread::Builder` |
/// | `spawn_unchecked` | 1 or 2 | the last | `std::thread::Builder` |
/// | `spawn_fifo` | 1 or 2 | the last | rayon |
/// | `spawn_with_handle`, `spawn_local_with_handle`, `spawn_ok` | 1 or 2 | the last | futures |
/// | `spawn_fn` | 1 or 2 | the last | actix-rt |
/// | `spawn_pinned` | 1 or 2 | what the last returns | tokio-util's `LocalPoolHandle` |
/// | `spawn_pinned_by_idx` | 2 or 3 | what the last but one returns | tokio-util's `LocalPoolHandle` |
/// | `unblock`, as a function | 1 | it | blocking, smol |
/// | `.execute`, as a method | 1 | it | hyper's `Executor`, threadpool |
///
/// An argument that turns out to be no task, such as a bundle of components or an SQL query, is passed through
/// untouched. Closures given to `rayon::scope`, `rayon::scope_fifo`, and to `scope`, `scope_fifo` and `install` of
/// a receiver whose name contains `pool`, run as the task that waits for them. rayon's `join`, parallel iterators
/// and `spawn_broadcast`, and futures' `spawn_obj` are not covered.
///
/// Roughly, this
///
/// ```
/// # async fn send_email(to: &'static str) { let _ = to; }
/// # #[birthmark::instrument]
/// # fn main_(runtime: &tokio::runtime::Runtime) {
/// std::thread::spawn(move || 1 + 1);
/// runtime.spawn(send_email("a@example.org"));
/// # }
/// # main_(&tokio::runtime::Runtime::new().unwrap());
/// ```
///
/// expands to this, where `SITES` is a static that describes the two calls and is registered before `main`:
///
/// ```
/// # use birthmark::__private as hidden;
/// # async fn send_email(to: &'static str) { let _ = to; }
/// # fn main_(runtime: &tokio::runtime::Runtime) {
/// # hidden::table! { SITES 2
/// #     ("x.rs", 1, 1, "main_", "std::thread::spawn", "main_::{closure}", Thread, false)
/// #     ("x.rs", 2, 1, "main_", "runtime.spawn", "send_email", Unknown, false)
/// # }
/// std::thread::spawn({
///     let (first, last) = hidden::birth_at(&SITES, 0).closure();
///     move || match first.enter_owned() {
///         _guard => 1 + 1,
///         // Never reached. What a closure mentions last, it drops last.
/// #       #[allow(unreachable_patterns)]
///         _ => last.last_owned(),
///     }
/// });
/// match runtime.spawn(match send_email("a@example.org") {
///     task => hidden::adapt!(&SITES, 1, task),
/// }) {
///     handle => hidden::settle!(&SITES, 1, handle),
/// };
/// # }
/// # main_(&tokio::runtime::Runtime::new().unwrap());
/// ```
///
/// Besides, each `.await` records where the task stands, for [dumps](https://docs.rs/birthmark/latest/birthmark/struct.Stack.html):
/// what is awaited goes through a wrapper of a word, or two in a debug build, which keeps its type, temporaries and errors. So do the
/// branches of `tokio::select!`, and of the `join!` and `try_join!` of tokio and futures, where the path of the
/// macro says so, or an import in the item. The `select!` of futures, and one whose import is not in sight, has a guard
/// around it instead.
///
/// # Arguments
///
/// - `also(launch, start)`: further callees, by the last segment of their path or the name of the method. Their
///   last argument is the task, or the one before a text. A callee may be a function that hands its parameter on to a
///   spawn, and be instrumented as well: the task has one record, with the role and the site of the call that is listed
///   here. The inner spawn only tells whether it is a thread or blocking work.
/// - `macros(my_select)`: further macros whose arguments may be rewritten, by the last segment of their path.
/// - `frames = false`: no [frames](https://docs.rs/birthmark/latest/birthmark/struct.Stack.html) for the `.await`s in
///   the item. `frames = true` on an inner item has them there.
/// - `crate = path`: where birthmark is found, for those who re-export it, or who call it otherwise in Cargo.toml:
///   `#[bm::instrument(crate = bm)]`.
/// - `skip`: on an item inside of an instrumented one, leaves it alone. It stands by itself, and where nothing
///   around it is instrumented it has no effect.
///
/// ```
/// #[birthmark::instrument(also(launch))]
/// mod server {
///     pub fn start() -> i32 {
///         launch(|| 40) + untouched()
///     }
///
///     fn launch<R>(job: impl FnOnce() -> R) -> R {
///         job()
///     }
///
///     #[birthmark::instrument(skip)]
///     fn untouched() -> i32 {
///         std::thread::spawn(|| 2).join().unwrap()
///     }
/// }
///
/// assert_eq!(server::start(), 42);
/// ```
///
/// The attribute may also stand on items inside of an instrumented one, with further arguments; no spawn is
/// instrumented twice. One spawn is named with `named!` and made a root with `detached!`, directly around its task.
///
/// # Limits
///
/// - An attribute sees what stands in the item. It cannot see into `mod name;`, nor into what other macros expand to.
/// - In the arguments of a macro call, spawns are rewritten if the macro is known to pass expressions through:
///   `vec!`, the `format!`, `panic!` and `assert!` families, `matches!`, `select!`, `join!`, `try_join!`, `pin!`,
///   `stream!`, `thread_local!`, `lazy_static!`, `cfg_if!`, `anyhow!`, `bail!`, and the macros of log and tracing. For
///   others, say `macros(…)`.
/// - A macro is the known one if nothing in the item defines or imports another macro of its name. Macros of std need no
///   import. The others need an import in the item, or a path that begins with their crate. The attribute does not see
///   the imports of the file. Outside of an inline module, and in one that imports `super::*` or `crate::…::*`,
///   it takes `select!`, `join!`, `stream!` and other seldom names for the known macros without an import. It never
///   does so for names that many crates define themselves: `pin!`, `ready!`, and those of log and tracing.
/// - A glob import from a crate that is not known may bring a macro of any name but those of std. Macros of other
///   crates are then known by a path or an import of their own.
/// - The message of an `assert!` shows its condition. If the condition is longer than a line or holds a `match`, a loop
///   or the like, nothing in it is rewritten. Give the `assert!` a message of its own.
/// - If a callee is a function of the program and stands in the same item, or file, its signature decides which argument
///   is the task. The task is left alone unless a changed one is sure to fit: not if it is borrowed, cloned, returned, a
///   `fn()`, of a type that is written out, or called more than once without `move`. The points below concern callees
///   whose signatures are elsewhere.
/// - A closure literal without `move` can be called once only afterwards. If the callee wants an `Fn` or `FnMut`,
///   write `move`, or skip the item. Skip it as well if the compiler names `Instrumented` as a type that does not fit.
/// - A spawn that is handed on as a value, as in `futures.map(tokio::spawn)`, is no call, nor is one under another
///   name, as by `use tokio::spawn as start`. Write `.map(|task| tokio::spawn(task))`, and `also(start)`.
/// - If a callee takes a plain `fn()` and nothing else, a function given by its name no longer fits: skip the item.
/// - A closure with parameters behind other arguments, such as what schedules a task of async-task, is no task.
///   `.execute(task)` is left alone where a bound may demand the very type of the task: on a type parameter, and in
///   an `execute` that hands on to another.
/// - A function that keeps its parameter and spawns it after it has returned, or under `named!` or `detached!`, makes a
///   second record. The same holds for an `async fn` whose result is not awaited at once. What such a function does in
///   the task before and after it, as in `spawn(async { before().await; task.await })`, is in no task.
/// - `async` closures are left alone, except those given to `spawn_pinned`.
/// - Each level of frames is a level more for the compiler's limit on recursion: thirty nested async functions fit
///   into what it is by itself, where forty-one do without. Beyond, raise `#![recursion_limit]`, or say
///   `frames = false`.
/// - On a method, the attribute does not see the type whose method it is; on the `impl`, it does.
#[proc_macro_attribute]
pub fn instrument(args: TokenStream, item: TokenStream) -> TokenStream {
    birthmark_rewrite::instrument(args.into(), item.into(), &position)
        .into_tokens()
        .into()
}

/// Where `std::panic::Location` would see the span.
fn position(span: proc_macro2::Span) -> Position {
    let span = span.unwrap();
    Position {
        file: span.file(),
        line: span.line(),
        column: span.column(),
    }
}
