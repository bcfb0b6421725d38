//! A property: whatever shape a spawn has, the instrumented program compiles and computes the same.
//!
//! A few hundred functions are made at random out of the shapes in which spawns come, each nested in
//! others. Each stands in the program twice, plain and instrumented; their results, what they log
//! (the order of evaluation, of drops) and their panics are compared.

use birthmark_integration_tests::project::Project;
use birthmark_integration_tests::{Random, build, run};
use birthmark_rewrite::text::{Annotation, File, Options, rewrite};

const FUNCTIONS: usize = 200;

/// Functions that the generated ones call.
const SUPPORT: &str = include_str!("generated/support.rs");

#[test]
fn program_computes_the_same_for_any_shape_of_a_spawn() {
    let functions = functions(seed());
    let program = format!(
        "{}mod plain {{\n{functions}}}\n\n\
         #[birthmark::instrument(also(launch))]\nmod instrumented {{\n{functions}}}\n",
        main()
    );
    computes_the_same(&build(
        env!("CARGO_TARGET_TMPDIR"),
        "generated",
        "",
        &program,
    ));
}

#[test]
fn so_does_a_program_whose_text_is_rewritten() {
    let functions = functions(seed());
    let options = Options {
        annotation: Annotation {
            also: vec!["launch".to_owned()],
            ..Annotation::default()
        },
        runtime: "birthmark".to_owned(),
        ..Options::default()
    };
    let file = File {
        source: &functions,
        path: "src/instrumented.rs",
    };
    let rewritten = rewrite(file, &options).expect("it parses");
    assert!(rewritten.sites.len() > FUNCTIONS);
    let main = format!("{}mod plain;\nmod instrumented;\n", main());
    let project = Project {
        tmp: env!("CARGO_TARGET_TMPDIR"),
        name: "generated-text",
        edition: "2024",
        runtime: "birthmark",
        manifest: "[profile.dev]\ndebug = false",
    };
    project.write(&[
        ("main.rs", &main),
        ("plain.rs", &functions),
        ("instrumented.rs", &rewritten.text),
    ]);
    computes_the_same(&project.build());
}

fn seed() -> u64 {
    let seed = std::env::var("BIRTHMARK_SEED").ok();
    seed.map_or(1, |seed| seed.parse().expect("BIRTHMARK_SEED is a number"))
}

fn computes_the_same(program: &str) {
    let ran = run(program, "", &[]);
    assert!(ran.success, "seed {}: {ran:?}", seed());
    assert!(ran.stdout.starts_with("the same: "), "{ran:?}");
}

/// The content of both modules.
fn functions(seed: u64) -> String {
    let mut random = Random(seed);
    let functions = (0..FUNCTIONS).map(|number| function(number, &mut random));
    let uses = "use crate::*;\nuse crate::spawn as launch;\n".to_owned();
    functions.fold(uses, |all, one| all + &one)
}

/// Returns a `main` that compares them.
fn main() -> String {
    let list: String = (0..FUNCTIONS)
        .map(|number| format!("(plain::f{number}, instrumented::f{number}), "))
        .collect();
    format!("{SUPPORT}\nfn main() {{\ncompare(&[{list}]);\n}}\n")
}

fn function(number: usize, random: &mut Random) -> String {
    let mut source = Source {
        random,
        depth: 0,
        names: vec!["a".into(), "b".into()],
        next: 0,
        asynchronous: false,
        question: true,
    };
    let body = source.value();
    format!("pub fn f{number}(a: u64, b: u64) -> Option<u64> {{\nSome({body})\n}}\n")
}

/// Where in a function an expression is made.
struct Source<'a> {
    random: &'a mut Random,
    depth: u32,
    /// Variables that hold a number.
    names: Vec<String>,
    /// The next number for a name, or for an entry in the log.
    next: u32,
    /// `true` if `.await` is allowed.
    asynchronous: bool,
    /// `true` if `?` is allowed.
    question: bool,
}

impl Source<'_> {
    fn pick(&mut self, count: usize) -> usize {
        self.random.below(count)
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn name(&mut self) -> String {
        let index = self.pick(self.names.len());
        self.names[index].clone()
    }

    /// Inside of something that is called or polled later.
    fn inside(&mut self, asynchronous: bool, make: impl FnOnce(&mut Self) -> String) -> String {
        let outer = (self.asynchronous, self.question, self.names.len());
        (self.asynchronous, self.question) = (asynchronous, false);
        let made = make(self);
        self.names.truncate(outer.2);
        (self.asynchronous, self.question) = (outer.0, outer.1);
        made
    }

    /// An expression whose value is a number.
    fn value(&mut self) -> String {
        if self.depth > 5 {
            return self.name();
        }
        self.depth += 1;
        let made = match self.pick(22) {
            0 => format!("{}_u64", self.pick(50)),
            1 => self.name(),
            2 => format!("add({}, {})", self.value(), self.value()),
            3 => format!("told({}, {})", self.number(), self.value()),
            4 => format!("ends({}).pass({})", self.number(), self.value()),
            5 => self.block(Self::value),
            6 => format!(
                "if {} % 2 == 0 {{ {} }} else {{ {} }}",
                self.name(),
                self.value(),
                self.value()
            ),
            7 => format!(
                "match {} % 3 {{ 0 => {}, other => {{ add(other, {}) }} }}",
                self.name(),
                self.value(),
                self.value()
            ),
            8 => format!(
                "vec![{}, {}].into_iter().fold(0, add)",
                self.value(),
                self.value()
            ),
            9 => format!("format!(\"{{}}\", {}).len() as u64", self.value()),
            10 if self.question => format!("maybe({})?", self.value()),
            10 | 11 if self.asynchronous => format!("double({}).await", self.value()),
            11 => format!("crash_if({})", self.value()),
            12..17 => self.closure_spawn(),
            17..20 => self.future_spawn(),
            20 => self.thread(),
            _ => self.scope(),
        };
        self.depth -= 1;
        // As an operand, a block would end a statement.
        if made.starts_with("if") || made.starts_with("match") || made.starts_with('{') {
            format!("({made})")
        } else {
            made
        }
    }

    fn block(&mut self, tail: impl FnOnce(&mut Self) -> String) -> String {
        let names = self.names.len();
        let (number, value) = (self.number(), self.value());
        self.names.push(format!("v{number}"));
        let tail = tail(self);
        self.names.truncate(names);
        format!("{{ let v{number} = {value}; {tail} }}")
    }

    /// A call of something that runs a closure.
    fn closure_spawn(&mut self) -> String {
        let before = match self.pick(4) {
            0 => format!("told({}, 0); ", self.number()),
            _ => String::new(),
        };
        let task = self.task();
        let call = match self.pick(9) {
            0 => format!("crate::spawn({task})"),
            1 => format!("launch({task})"),
            2 => format!("spawn::<_, u64>({task})"),
            3 => format!("Pool.spawn({task})"),
            4 => format!("Pool.same().spawn({task})"),
            5 => format!("Pool::spawn(&Pool, {task})"),
            6 => format!("<Pool as Spawns>::spawn_blocking(&Pool, {task})"),
            7 => format!("spawn_on({task}, &Pool)"),
            _ => format!("spawn({task})"),
        };
        if before.is_empty() {
            call
        } else {
            format!("{{ {before}{call} }}")
        }
    }

    /// A closure, or something else that can be called once.
    fn task(&mut self) -> String {
        match self.pick(16) {
            0 => "seven".to_owned(),
            1 => "(seven as fn() -> u64)".to_owned(),
            2 => format!("make({})", self.value()),
            3 => format!(
                "Box::new({}) as Box<dyn FnOnce() -> u64 + '_>",
                self.closure()
            ),
            4 => format!("Box::new({})", self.closure()),
            5 => self.block(|source| {
                let name = source.name();
                format!("move || {name}")
            }),
            6 => self.block(|source| format!("move || {}", source.inside(false, Self::value))),
            7 => format!("birthmark::root!({})", self.closure()),
            8 => {
                let name = self.name();
                format!(
                    "birthmark::named!(\"task {{}} of {{a}}\", {name} => {})",
                    self.closure()
                )
            }
            9 => {
                let (name, make) = (self.name(), self.value());
                format!("birthmark::root!(birthmark::named!(\"{{{name}}}\" => make({make})))")
            }
            10 => format!("boxed_task({})", self.value()),
            11 => {
                let number = self.number();
                let inner = self.inside(false, Self::value);
                format!("{{ let owned = ends({number}); move || owned.pass({inner}) }}")
            }
            12 if self.question => format!("make(maybe({})?)", self.value()),
            12 if self.asynchronous => format!("make(double({}).await)", self.value()),
            _ => self.closure(),
        }
    }

    fn closure(&mut self) -> String {
        let body = self.inside(false, Self::value);
        match self.pick(6) {
            0 => format!("|| {{ {body} }}"),
            1 => format!("move || {{ let result = {body}; result }}"),
            2 => format!(
                "|| -> u64 {{ if a > 2 {{ return {body}; }} told({}, a) }}",
                self.number()
            ),
            3 => format!("move || {body}"),
            4 => format!("(|| {body})"),
            _ => format!("|| {body}"),
        }
    }

    /// A call of something that runs a future.
    fn future_spawn(&mut self) -> String {
        let future = self.future();
        match self.pick(5) {
            0 => format!("Executor::spawn(&Executor, {future})"),
            1 => format!("Executor.same().spawn_local({future})"),
            2 => format!("block_on(spawn_lazily({future}))")
                .replace("spawn_lazily", "Executor.spawn_ok"),
            _ => format!("Executor.spawn({future})"),
        }
    }

    fn future(&mut self) -> String {
        match self.pick(11) {
            0 => format!("double({})", self.value()),
            1 => format!("boxed({})", self.value()),
            2 => format!("Box::pin(double({}))", self.value()),
            3 => format!("std::future::ready({})", self.value()),
            4 => self.block(|source| {
                let body = source.inside(true, Self::value);
                format!("async move {{ {body} }}")
            }),
            5 => {
                let body = self.inside(true, Self::value);
                format!("Box::pin(async {{ {body} }}) as Pin<Box<dyn Future<Output = u64> + '_>>")
            }
            6 => format!("birthmark::root!({})", self.async_block()),
            7 => {
                let name = self.name();
                format!(
                    "birthmark::named!(\"{{}}\", {name} => {})",
                    self.async_block()
                )
            }
            8 => {
                let number = self.number();
                let body = self.inside(true, Self::value);
                format!("{{ let owned = ends({number}); async move {{ owned.pass({body}) }} }}")
            }
            _ => self.async_block(),
        }
    }

    fn async_block(&mut self) -> String {
        let body = self.inside(true, Self::value);
        match self.pick(3) {
            0 => format!("async {{ {body} }}"),
            1 => format!("async move {{ let result = {body}; yield_once().await; result }}"),
            _ => format!("async {{ yield_once().await; {body} }}"),
        }
    }

    /// A real thread, of which nothing is borrowed.
    fn thread(&mut self) -> String {
        let body = self.inside(false, Self::value);
        let call = match self.pick(3) {
            0 => format!("std::thread::spawn(move || {body})"),
            1 => format!("generic(move || {body})"),
            _ => format!("std::thread::Builder::new().spawn(move || {body}).unwrap()"),
        };
        format!("joined({call})")
    }

    /// Scopes, whose closures borrow and have parameters.
    fn scope(&mut self) -> String {
        let body = self.inside(false, Self::value);
        match self.pick(4) {
            0 => format!("std::thread::scope(|s| scoped(s.spawn(|| {body})))"),
            1 => {
                let builder = "std::thread::Builder::new().spawn_scoped";
                format!("std::thread::scope(|s| scoped({builder}(s, || {body}).unwrap()))")
            }
            2 => format!("scope(|s| s.spawn(|_| {body}))"),
            _ => format!("scope(|s| s.spawn(|s| add(s.spawn_fifo(move |_| a), {body})))"),
        }
    }
}
