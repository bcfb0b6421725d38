//! The attribute macro of [birthmark](https://docs.rs/birthmark), which re-exports it. Depend on that crate instead.

#[cfg(not(feature = "off"))]
use birthmark_rewrite::Position;
use proc_macro::TokenStream;

/// Gives a record to every thread, task and job that an item spawns.
///
/// The attribute stands on a function, an `impl`, a trait or an inline module. The attribute covers everything
/// inside, at any depth: nested functions and modules, closures, `async` blocks. No spawn call changes, and the
/// result of the program stays the same.
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
/// With the feature `off`, the attribute returns its item.
///
/// # What is rewritten
///
/// A macro cannot resolve names. The attribute therefore keeps the callee as written and adapts only the *argument*
/// that is the task. The attribute recognises a spawn by the last segment of the path, or by the name of the method,
/// and by the number of arguments:
///
/// | callee | arguments | the task is | known from |
/// | --- | --- | --- | --- |
/// | `spawn` | 1 to 3 | the last | std, tokio, tokio-util, smol, async-executor, rayon, crossbeam, futures, actix-rt |
/// | `spawn_local` | 1 to 3 | the last | tokio, tokio-util, futures, actix-rt |
/// | `spawn_blocking` | 1 to 3 | the last | tokio, tokio-util |
/// | `spawn_on` | 2 to 4 | the last but one | tokio, tokio-util |
/// | `spawn_local_on` | 2 to 4 | the last but one | tokio, tokio-util |
/// | `spawn_blocking_on` | 2 to 4 | the last but one | tokio, tokio-util |
/// | `spawn_scoped` | 2 or 3 | the last | std |
/// | `spawn_unchecked` | 1 or 2 | the last | std |
/// | `spawn_fifo` | 1 or 2 | the last | rayon |
/// | `spawn_with_handle` | 1 or 2 | the last | futures |
/// | `spawn_local_with_handle` | 1 or 2 | the last | futures |
/// | `spawn_ok` | 1 or 2 | the last | futures |
/// | `spawn_fn` | 1 or 2 | the last | actix-rt |
/// | `spawn_pinned` | 1 or 2 | the result of the last | tokio-util |
/// | `spawn_pinned_by_idx` | 2 or 3 | the result of the last but one | tokio-util |
/// | `unblock`, as a function | 1 | it | blocking, smol |
/// | `.execute`, as a method | 1 | it | hyper, threadpool |
///
/// An argument that is not a task, such as a bundle of components or an SQL query, passes through unchanged. Dumps count
/// such arguments, unless they are references. A call of `.execute` or `unblock` with a value counts as a site after a
/// task was spawned there.
///
/// Some closures run as the task that waits for them. They are the arguments of `rayon::scope` and
/// `rayon::scope_fifo`, and of `scope`, `scope_fifo` and `install` on a receiver whose name contains `pool`. rayon's
/// `join`, parallel iterators and `spawn_broadcast`, and futures' `spawn_obj` are not covered.
///
/// For example, this code
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
/// expands roughly to this. `SITES` is a static that describes the two calls and is registered before `main`:
///
/// ```
/// # use birthmark::__private as hidden;
/// # async fn send_email(to: &'static str) { let _ = to; }
/// # fn main_(runtime: &tokio::runtime::Runtime) {
/// # hidden::table! { SITES 2
/// #     ("x.rs", 1, 1, "main_", "std::thread::spawn", "main_::{closure}", Thread, false, true)
/// #     ("x.rs", 2, 1, "main_", "runtime.spawn", "send_email", Unknown, false, true)
/// # }
/// std::thread::spawn({
///     let (first, last) = hidden::record_spawn_at(&SITES, 0).closure();
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
/// Each `.await` is also recorded, as a [frame](https://docs.rs/birthmark/latest/birthmark/struct.Stack.html) of the
/// task. The awaited expression goes through a wrapper of one word, or of two words in a debug build. The wrapper
/// keeps its type, temporaries and errors.
///
/// The branches of `tokio::select!`, and of the `join!` and `try_join!` of tokio and futures, have frames, too. The
/// path of the macro, or an import in the item, must show the crate. The `select!` of futures, and one without an
/// import in sight, has a guard around it instead.
///
/// The future that `block_on` receives, as its last argument, is part of the task that waits. Its polls count as polls of
/// that task. So do those of the argument of `run_until` on a receiver whose name contains `pool`, and of the body of an
/// `async fn` with an attribute named `main`.
///
/// # Arguments
///
/// - `also(launch, start(0))`: further callees, by the last segment of their path or the name of the method. The number
///   is the position of the task among the arguments, counted from 0 without the receiver. Otherwise, the task is
///   their last argument, or the one before a text. A callee may be an instrumented function that passes its
///   parameter on to a spawn. The task then has one record, with the role and the site of the call of that function.
///   The inner spawn only decides whether it is a thread or blocking work. A function in the same item
///   needs no `also` if it does nothing else with a task. Its parameter is bounded by `Future` or `FnOnce`, or is a
///   boxed one, and goes to a spawn as it is. Methods are found if the type of the receiver is written down.
///
///   A function out of sight needs no `also` if its name begins with `spawn_`. The attribute leaves its task as it is.
///   If the function is instrumented and passes the task on to a spawn, that spawn makes the record, with the role and
///   the site of the outer call.
/// - `macros(my_select)`: further macros whose arguments may be rewritten, by the last segment of their path.
/// - `frames = false`: no [frames](https://docs.rs/birthmark/latest/birthmark/struct.Stack.html) for the `.await`s in
///   the item. `frames = true` on an inner item adds them again.
/// - `crate = path`: the path of birthmark, for crates that re-export it or rename it in Cargo.toml:
///   `#[bm::instrument(crate = bm)]`.
/// - `skip`: leaves an item inside of an instrumented one alone. This argument cannot be combined with other
///   arguments, and has no effect outside of an instrumented item.
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
/// The attribute may also stand on items inside of an instrumented one, with further arguments. No spawn is
/// instrumented twice. `named!` names one spawn, and `root!` makes it a root. Both stand directly around the
/// task.
///
/// # Macros
///
/// These macros are known to pass expressions through:
///
/// | macros | known from | accepted without an import | frames |
/// | --- | --- | --- | --- |
/// | `vec!`, `format!`, `print!`, `println!`, `eprint!`, `eprintln!`, `write!`, `writeln!`, `format_args!`, `matches!`, `panic!`, `todo!`, `unimplemented!`, `unreachable!`, `thread_local!`, `assert!`, `debug_assert!`, `debug_assert_eq!`, `debug_assert_ne!` | `std`, `core`, `alloc` | always |  |
/// | `assert_eq!`, `assert_ne!` | `std`, `core`, `alloc`, `pretty_assertions` | always |  |
/// | `select!` | `tokio`, `monoio` | if imports are out of sight | one for each branch |
/// | `select!` | `futures`, `futures_util` | if imports are out of sight | one for the call |
/// | `select!` | `crossbeam`, `crossbeam::channel`, `crossbeam_channel` | never |  |
/// | `select_biased!` | `futures`, `futures_util` | if imports are out of sight | one for the call |
/// | `select_biased!` | `crossbeam`, `crossbeam::channel`, `crossbeam_channel` | never |  |
/// | `join!`, `try_join!` | `tokio`, `monoio`, `futures`, `futures_util` | if imports are out of sight | one for each branch |
/// | `pin!` | `std::pin`, `core::pin`, `tokio`, `monoio`, `futures_lite`, `smol`, `actix_rt` | never |  |
/// | `pin_mut!` | `futures`, `futures_util`, `pin_utils` | if imports are out of sight |  |
/// | `ready!` | `std::task`, `core::task`, `futures`, `futures_util`, `futures_core`, `futures_lite`, `smol` | never |  |
/// | `stream!`, `try_stream!` | `async_stream` | if imports are out of sight |  |
/// | `lazy_static!` | `lazy_static` | if imports are out of sight |  |
/// | `cfg_if!` | `cfg_if` | if imports are out of sight |  |
/// | `anyhow!` | `anyhow` | if imports are out of sight |  |
/// | `bail!` | `anyhow`, `eyre`, `color_eyre::eyre` | if imports are out of sight |  |
/// | `trace!`, `debug!`, `info!`, `warn!`, `error!` | `log`, `tracing` | never |  |
/// | `log!` | `log` | never |  |
/// | `event!` | `tracing` | never |  |
/// | `assert_ok!`, `assert_err!`, `assert_ready!`, `assert_ready_ok!`, `assert_ready_err!`, `assert_ready_eq!`, `assert_pending!`, `assert_elapsed!` | `tokio_test` | never |  |
///
/// A macro counts as the known one if nothing in the item defines or imports another macro of its name. Macros of std
/// need no import. The others need an import in the item, or a path that begins with their crate. The attribute does
/// not see the imports of the file. They are out of sight outside of an inline module, and in one that imports
/// `super::*` or `crate::…::*`. There, the attribute accepts rare names without an import. The attribute never
/// accepts names that many crates define themselves.
///
/// # Limits
///
/// - The attribute sees the text of the item only. The attribute cannot see into `mod name;`, nor into the expansion
///   of other macros.
/// - Spawns in the arguments of a macro are rewritten if the macro is known to pass expressions through: see
///   [above](#macros). `macros(…)` adds others.
/// - A glob import from an unknown crate may bring a macro of any name, except those of std. Macros of other crates
///   then need a path or an import of their own.
/// - The message of an `assert!` contains its condition. If the condition is longer than a line or contains a
///   `match`, a loop or the like, nothing in it is rewritten. An `assert!` with a message of its own has no such
///   limit.
/// - If a callee is a function in the same item or file, its signature decides which argument is the task. The task
///   is left alone unless a changed one is sure to fit. The task is left alone if it is borrowed, cloned, returned, a
///   `fn()`, or of a type that is written out. A task is also left alone if it is called more than once without
///   `move`. The points below concern callees whose signatures are elsewhere. `cargo birthmark` reads the signatures
///   in all files of the crate.
/// - A changed closure literal without `move` can be called only once. If the callee wants an `Fn` or `FnMut`, write
///   `move`, or skip the item. Skip it as well if the compiler names `undone_by_instrument_skip`, as in
///   `undone_by_instrument_skip::Instrumented` does not fit, or is not `Copy`.
/// - If only the callee determines the type of a task, as in `spawn(make())` with `fn make<T>() -> T`, the compiler
///   reports that it cannot infer a type (E0282). No attribute can add a remedy to that error: skip the item. Literals,
///   constructors, `.into()`, `.parse()`, `.collect()` and the like are known and left alone.
/// - A spawn as a value, as in `futures.map(tokio::spawn)`, is not a call. Write `.map(|task| tokio::spawn(task))`. A
///   spawn under another name, as by `use tokio::spawn as start`, needs `also(start)`.
/// - If a callee takes a plain `fn()` and nothing else, a function given by its name no longer fits. Skip the item.
/// - A closure with parameters that follows other arguments is not a task, such as the scheduler of async-task.
///   `.execute(task)` is left alone if a bound may require the exact type of the task. Such bounds are possible on a
///   type parameter, and in an `execute` that passes its argument to another.
/// - Some functions that pass their parameter on make a second record. One spawns it after it has returned, or under
///   `named!` or `root!`. Another is an `async fn` whose result is not awaited at once. Work that such a function
///   adds before or after the task, as in `spawn(async { before().await; task.await })`, belongs to no task.
/// - `async` closures are left alone, except those given to `spawn_pinned`.
/// - Each level of frames counts towards the recursion limit of the compiler. Thirty nested async functions fit into
///   the default limit, and forty-one fit without frames. Raise `#![recursion_limit]`, or use `frames = false`.
/// - On a method, the attribute does not see the type of the method. On the `impl`, it does.
#[proc_macro_attribute]
pub fn instrument(args: TokenStream, item: TokenStream) -> TokenStream {
    #[cfg(not(feature = "off"))]
    return birthmark_rewrite::instrument(args.into(), item.into(), &position)
        .into_tokens()
        .into();
    #[cfg(feature = "off")]
    {
        let _ = args;
        item
    }
}

/// Makes a test fail if tasks outlive it.
///
/// The attribute stands on a test, above the attributes of other crates. The function is
/// [instrumented](macro@instrument). At the end of its body, no task may be alive that the body has spawned, at any depth. A
/// spawn under `root!` is no task of the test. Tests may run at the same time.
///
/// ```
/// #[birthmark::test]
/// fn serves() {
///     std::thread::spawn(|| 7).join().unwrap();
/// }
///
/// #[birthmark::test(ignore("role=flush_logs"), grace_ms = 1000)]
/// fn computes() {
///     std::thread::spawn(|| 1 + 1).join().unwrap();
/// }
/// ```
///
/// A function without another attribute named `test` or `rstest` becomes a test of std. An `async` function becomes a
/// `#[tokio::test]`. Each test is a root with its name, so dumps and panic reports of its tasks show the name.
///
/// If tasks are alive at the end of the body, the check gives the executor turns and waits for 100 milliseconds at most. A
/// test without such tasks waits for nothing. Then it panics with the tasks in groups:
///
/// ```text
/// 2 tasks outlived the test: 2 × read_loop spawned at src/conn.rs:12:9, waiting at src/conn.rs:20:33 for socket.read
/// ```
///
/// The body of an `async` test ends before its runtime does. The check of any other test is at the end of the function, after
/// the drop of its variables.
///
/// With the feature `off`, the function becomes a test, and nothing is checked.
///
/// # Arguments
///
/// - `ignore("…", …)`: tasks that a [filter](https://docs.rs/birthmark/latest/birthmark/struct.Filter.html) selects are
///   ignored, as in `ignore("role=flush_logs", "label=shared=true")`.
/// - `grace_ms = 100`: the longest time that the check waits, in milliseconds.
/// - `crate = path`: the path of birthmark.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    #[cfg(not(feature = "off"))]
    use birthmark_rewrite::test as expand;
    #[cfg(feature = "off")]
    use birthmark_rewrite::test_without_check as expand;

    expand(args.into(), item.into()).into()
}

/// Returns the position that `std::panic::Location` has for the span.
#[cfg(not(feature = "off"))]
fn position(span: proc_macro2::Span) -> Position {
    let span = span.unwrap();
    Position {
        file: span.file(),
        line: span.line(),
        column: span.column(),
    }
}
