//! The forms of a dump, for the same tasks. Each test selects its own tasks.

use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;

use birthmark::render::Format;
use birthmark::{Dump, Filter};
use birthmark_integration_tests::{Held, block_on, normalise, own_id, spawn, start};

/// The tasks whose role begins with the name of the test.
fn dump_of(test: &str) -> Dump {
    birthmark::dump().filter(&Filter::new().role(&format!("{test}*")))
}

/// The lines that are about tasks: those between the heading and the coverage.
fn body(text: &str) -> String {
    let (_, rest) = text.split_once("\n\n").unwrap();
    let (body, _) = rest.rsplit_once("\ncoverage: ").unwrap();
    normalise(body.trim_matches('\n'))
}

#[birthmark::instrument]
mod of_groups {
    use super::*;

    const fn awaits_at() -> u32 {
        line!() + 4
    }

    async fn grouped_waits() {
        pending().await
    }

    async fn grouped_other() {
        pending().await
    }

    #[test]
    fn alike_tasks_are_counted_together_the_most_first() {
        let spawn_waits = |name: u32| {
            birthmark::with_name(format_args!("\"{name}\""), || -> Held {
                Box::pin(spawn(grouped_waits()))
            })
        };
        let line = line!() - 3;
        let mut held: Vec<Held> = vec![start(Box::pin(spawn(grouped_other())))];
        held.extend((0..2).map(spawn_waits));
        held.extend((2..7).map(spawn_waits).map(start));
        let dump = dump_of("grouped_");
        let groups = dump.groups();
        let (first, last) = (groups.list()[0].min_id(), groups.list()[0].max_id());
        let awaits = awaits_at();
        let function = "alike_tasks_are_counted_together_the_most_first";
        let expected = format!(
            "5 × grouped_waits                                           suspended # s  tasks {first} to {last}
    named    \"\\\"2\\\"\", \"\\\"3\\\"\", \"\\\"4\\\"\" … \"\\\"6\\\"\"
    awaits   pending in grouped_waits renderings.rs:{awaits}:19
    spawned  tests/tests/renderings.rs:{line}:26 by spawn in {function}, # s ago,
             # poll
    by       # \"\\\"2\\\"\" of_groups::alike_tasks_are_count, and others

2 × grouped_waits                                           created # s  tasks "
        );
        let shown = body(&dump.groups().to_string());
        assert!(shown.starts_with(&expected), "{shown}\n\n{expected}");
        let counts: Vec<_> = groups.list().iter().map(|group| group.count()).collect();
        assert_eq!(counts, [5, 2, 1]);
        let tasks: usize = counts.iter().sum();
        assert_eq!(tasks, dump.len());
        let of = |group: usize| groups.list()[group].names().len();
        assert_eq!([of(0), of(1), of(2)], [3, 2, 0]);
        assert_eq!(groups.list()[2].min_id(), groups.list()[2].max_id());
        drop(held);
    }

    async fn placed_waits(here: bool) {
        if here {
            pending::<()>().await;
        }
        pending::<()>().await;
    }

    #[test]
    fn tasks_that_stand_elsewhere_are_another_group() {
        let one = |here| start(Box::pin(spawn(placed_waits(here))));
        let held: Vec<Held> = [true, false, true].into_iter().map(one).collect();
        let dump = dump_of("placed_waits");
        let groups = dump.groups();
        let of = |group: usize| {
            let group = &groups.list()[group];
            (group.count(), group.stack().frames()[0].site().line())
        };
        let ((more, first), (less, second)) = (of(0), of(1));
        assert_eq!((more, less, second - first), (2, 1, 2));
        let none = birthmark::dump().filter(&Filter::new().name("nobody"));
        let diff = dump.diff(&none).to_string();
        for line in [first, second] {
            let place = format!("  awaits pending renderings.rs:{line}:");
            assert!(diff.contains(&place), "{place}: {diff}");
        }
        drop(held);
    }
}

#[birthmark::instrument]
mod of_polls {
    use super::*;

    async fn polled_much() {
        pending().await
    }

    async fn polled_once() {
        pending().await
    }

    #[test]
    fn tasks_that_are_polled_all_the_time_are_listed_in_forms_for_people() {
        let once = start(Box::pin(spawn(polled_once())));
        let mut much = start(Box::pin(spawn(
            birthmark::named!("feed-7" => polled_much()),
        )));
        let listed = |text: &str| {
            let (_, section) = text.split_once("\npolled most, on average since the spawn\n")?;
            section.lines().next().map(str::to_owned)
        };
        let dump = birthmark_integration_tests::wait_for("it is listed", || {
            for _ in 0..1000 {
                much = start(std::mem::replace(&mut much, Box::pin(pending())));
            }
            let dump = dump_of("polled_");
            listed(&dump.to_string()).is_some().then_some(dump)
        });
        let id = dump
            .tasks()
            .find(|task| task.role() == "polled_much")
            .unwrap()
            .id();
        for text in [
            dump.to_string(),
            dump.tree().to_string(),
            dump.groups().to_string(),
        ] {
            let line = listed(&text).unwrap();
            let start = format!("  task {id} \"feed-7\" polled_much  ");
            let rest = line.strip_prefix(&start).unwrap();
            let (rate, rest) = rest.split_once(" times a second, ").unwrap();
            let (polls, place) = rest.split_once(" polls  awaits pending ").unwrap();
            let number = |text: &str| text.parse::<u64>().unwrap();
            assert!(
                number(rate) >= 500 && number(polls) >= number(rate),
                "{line}"
            );
            assert!(place.starts_with("renderings.rs:"), "{line}");
            assert_eq!(text.matches(" times a second").count(), 1, "{text}");
            assert!(text.contains("\n\ncoverage: "), "{text}");
        }
        drop((once, much));
    }
}

#[birthmark::instrument]
mod of_trees {
    use super::*;

    fn tree_family(children: usize) -> Vec<Held> {
        let parent = spawn(move || {
            let child = |_| {
                let child = spawn(|| start(Box::pin(spawn(async { pending().await }))));
                child()
            };
            (0..children).map(child).collect()
        });
        parent()
    }

    #[test]
    fn equal_children_are_one_line_with_all_of_their_descendants() {
        let (few, many) = (tree_family(4), tree_family(5));
        let dump = dump_of("tree_family");
        let tree = dump.tree().to_string();
        let count = |text: &str, what: &str| text.matches(what).count();
        assert_eq!(count(&tree, "5 × start  ended  tasks "), 1, "{tree}");
        assert_eq!(count(&tree, "{async}  suspended 0"), 4, "{tree}");
        let below = "  └─ 5 × tree_family::{async}  suspended  such as task ";
        assert_eq!(count(&tree, below), 1, "{tree}");
        let below = tree
            .lines()
            .find(|line| line.contains(" 5 × tree_family::{async} "));
        let (_, example) = below.unwrap().split_once("  such as task ").unwrap();
        let id = example.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let id = id.parse::<u64>().unwrap();
        assert!(dump.tasks().any(|task| task.id().as_u64() == id), "{tree}");
        let expanded = dump.tree().expanded(true).to_string();
        assert!(!expanded.contains('×'));
        assert_eq!(count(&expanded, "{async}  suspended"), 4 + 5, "{expanded}");
        drop((few, many));
    }

    /// Parents with children with children of their own, all alive.
    fn tree_nested(widths: &'static [usize]) -> Vec<Held> {
        let Some((&width, below)) = widths.split_first() else {
            return Vec::new();
        };
        let all = (0..width).flat_map(|_| {
            let (tell, told) = std::sync::mpsc::channel();
            let parent: Held = Box::pin(spawn(async move {
                tell.send(tree_nested(below)).unwrap();
                pending().await
            }));
            let parent = start(parent);
            std::iter::once(parent).chain(told.recv().unwrap())
        });
        all.collect()
    }

    #[test]
    fn alike_lines_below_alike_lines_count_all_tasks() {
        let held = tree_nested(&[5, 2, 6, 1]);
        let dump = dump_of("tree_nested");
        let tree = dump.tree().to_string();
        let body = body(&tree);
        let times = |line: &str| -> usize {
            let (before, _) = line.split_once(" × ").unwrap_or(("1", ""));
            let start = before.rfind(|c: char| !c.is_ascii_digit());
            before[start.map_or(0, |start| start + 1)..]
                .parse()
                .unwrap_or(1)
        };
        let of_tasks = tree
            .lines()
            .filter(|line| line.contains("tree_nested::{async}  suspended"));
        let counts: Vec<usize> = of_tasks.map(times).collect();
        // The two of each of five, and what is below them, are too few to be one line.
        assert_eq!(counts, [5, 5, 30, 30, 5, 30, 30], "{tree}\n{body}");
        assert_eq!(counts.iter().sum::<usize>(), dump.len());
        assert_eq!(tree.matches("  such as task ").count(), 6, "{tree}");
        drop(held);
        let single = tree_nested(&[1, 1]);
        let tree = dump_of("tree_nested").tree().to_string();
        assert!(!tree.contains('×'), "{tree}");
        drop(single);
    }

    #[test]
    fn alike_tasks_in_different_states_are_told_apart() {
        let make = || -> Held { Box::pin(spawn(async { pending().await })) };
        let mut held: Vec<Held> = (0..12).map(|_| make()).collect();
        held.extend((0..7).map(|_| start(make())));
        let tree = dump_of("alike_tasks_in_different_states")
            .tree()
            .to_string();
        assert!(
            tree.contains("12 × alike_tasks_in_different_states_are_told_apart::{async}  created "),
            "{tree}"
        );
        assert!(
            tree.contains(
                "7 × alike_tasks_in_different_states_are_told_apart::{async}  suspended "
            ),
            "{tree}"
        );
        drop(held);
    }
}

#[birthmark::instrument]
mod of_stacks {
    use super::*;

    /// Lock of tests that look at tasks of the same roles.
    static TURN: Mutex<()> = Mutex::new(());

    /// Returns the tree's text behind the site of a task that is alone in it.
    #[track_caller]
    fn where_in_tree(task: Held, role: &str) -> String {
        let tree = dump_of(role).tree().to_string();
        drop(task);
        let (_, place) = tree.split_once("  awaits ").unwrap();
        let (place, _) = place.split_once("  spawned ").unwrap();
        place.to_owned()
    }

    #[test]
    fn tree_shows_where_a_task_waits() {
        let _turn = TURN.lock();
        let inner = line_of_inner();
        let place = |task, role| where_in_tree(start(task), role);
        assert_eq!(
            place(Box::pin(spawn(line_of_two())), "line_of_two"),
            format!("pending in inner renderings.rs:{inner}:25")
        );
        let branches = place(Box::pin(spawn(line_of_branches())), "line_of_branches");
        assert!(
            branches.starts_with("pending in inner ") && branches.ends_with(" and 1 more"),
            "{branches}"
        );
        let held = place(Box::pin(spawn(line_beside_held())), "line_beside_held");
        let (awaited, kept) = held.split_once("  keeps ").unwrap();
        assert!(awaited.starts_with("pending in inner "), "{held}");
        assert!(kept.starts_with("pending in inner "), "{held}");
        let many = place(Box::pin(line_of_many_spawned(20)), "line_of_many_spawned");
        assert!(
            many.starts_with("9 frames deeper than line_of_many in line_of_many "),
            "{many}"
        );
    }

    async fn waits_here_or_there(here: bool) {
        if here {
            inner().await;
        }
        pending::<()>().await;
    }

    #[test]
    fn alike_children_that_wait_elsewhere_are_another_line_of_the_tree() {
        let held: Vec<Held> = (0..12)
            .map(|number| start(Box::pin(spawn(waits_here_or_there(number % 2 == 0)))))
            .collect();
        let tree = dump_of("waits_here_or_there").tree().to_string();
        let lines: Vec<_> = tree.lines().collect();
        for place in ["awaits pending in inner ", "awaits pending renderings.rs:"] {
            let at = lines.iter().position(|line| line.contains(place)).unwrap();
            let line = lines[at - 1].to_owned() + lines[at];
            let alike = "6 × waits_here_or_there  suspended ";
            assert!(line.contains(alike), "{place}: {tree}");
        }
        drop(held);
    }

    #[test]
    fn folded_stacks_count_tasks_from_the_root() {
        let root = spawn(birthmark::root!(|| {
            (0..3)
                .map(|number| {
                    let middle = spawn(move || {
                        birthmark::set_name(number);
                        start(Box::pin(spawn(async { pending().await })))
                    });
                    middle()
                })
                .collect::<Vec<Held>>()
        }));
        let held = root();
        let folded = dump_of("folded_stacks").folded().to_string();
        let role = "folded_stacks_count_tasks_from_the_root";
        let expected = format!(
            "{role}::{{closure}};{role}::{{closure}};{role}::{{async}};{role};pending;[suspended] 3\n"
        );
        assert_eq!(folded, expected);
        drop(held);
    }

    const fn line_of_inner() -> u32 {
        line!() + 4
    }

    async fn inner() {
        pending::<()>().await;
    }

    async fn line_of_two() {
        inner().await;
    }

    async fn line_of_branches() {
        tokio::join!(line_of_two(), inner());
    }

    async fn line_beside_held() {
        let mut held = pin!(line_of_two());
        tokio::select! {
            biased;
            () = &mut held => {}
            () = async {} => {}
        }
        inner().await;
    }

    fn line_of_many(levels: u32) -> Held {
        Box::pin(async move {
            match levels {
                0 => inner().await,
                _ => line_of_many(levels - 1).await,
            }
        })
    }

    fn line_of_many_spawned(levels: u32) -> impl Future<Output = ()> + Send {
        async fn line_of_many_spawned(levels: u32) {
            line_of_many(levels).await;
        }
        spawn(line_of_many_spawned(levels))
    }

    #[track_caller]
    fn expect(task: Held, role: &str, expected: &str) {
        let dump = dump_of(role);
        assert_eq!(dump.len(), 1);
        let folded = dump.folded().to_string();
        let (_, stack) = folded.split_once(&format!(";{role};")).unwrap();
        assert_eq!(stack, format!("{expected};[suspended] 1\n"));
        drop(task);
    }

    #[test]
    fn logical_stacks_follow_the_task() {
        let _turn = TURN.lock();
        expect(
            start(Box::pin(spawn(line_of_two()))),
            "line_of_two",
            "line_of_two;inner;pending",
        );
        expect(
            start(Box::pin(spawn(line_of_branches()))),
            "line_of_branches",
            "line_of_branches;line_of_two;inner;pending;[beside];line_of_branches;inner;pending",
        );
        expect(
            start(Box::pin(spawn(line_beside_held()))),
            "line_beside_held",
            "[kept, not polled];line_of_two;inner;pending;[beside];line_beside_held;inner;pending",
        );
        expect(
            start(Box::pin(spawn(line_of_many(20)))),
            "line_of_many",
            &format!("{}[8 more]", "line_of_many;".repeat(14)),
        );
    }

    async fn folds_itself() {
        let folded = dump_of("folds_itself").folded().to_string();
        assert!(!folded.contains("moved on"), "it is in no await: {folded}");
        async {
            let folded = dump_of("folds_itself").folded().to_string();
            assert!(
                folded.ends_with(";folds_itself::{async};[may have moved on];[running] 1\n"),
                "{folded}"
            );
        }
        .await;
    }

    #[test]
    fn stack_of_a_running_task_may_be_stale() {
        block_on(spawn(folds_itself()));
    }
}

/// Blocks on a future in code that is not instrumented.
fn wait_uncounted(future: impl Future<Output = ()>) {
    block_on(future);
}

#[birthmark::instrument]
mod of_diffs {
    use super::*;

    async fn diffed_frames(go: tokio::sync::oneshot::Receiver<()>) {
        inner_of_kept(go).await;
    }

    async fn inner_of_kept(go: tokio::sync::oneshot::Receiver<()>) {
        let _ = go.await;
    }

    /// How a diff counts the task of this id: new, gone, unchanged, running throughout.
    fn fates(diff: &birthmark::render::Diff<'_>, id: birthmark::TaskId) -> [usize; 4] {
        let is = |task: &birthmark::Task| task.id() == id;
        [
            diff.new_tasks().filter(is).count(),
            diff.gone_tasks().filter(is).count(),
            diff.unchanged_tasks().filter(is).count(),
            diff.running_tasks().filter(is).count(),
        ]
    }

    /// Polls `f` on a thread that waits in a `block_on` which nothing counts, until it is told to end.
    #[test]
    fn thread_that_polls_in_a_block_on_is_never_unchanged() {
        let (to_thread, mut in_thread) = tokio::sync::mpsc::unbounded_channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            super::wait_uncounted(async {
                tell.send(own_id()).unwrap();
                while in_thread.recv().await.is_some() {
                    tell.send(own_id()).unwrap();
                }
            });
        });
        let id = told.recv().unwrap();
        let before = birthmark::dump();
        to_thread.send(()).unwrap();
        assert_eq!(told.recv().unwrap(), id);
        let after = birthmark::dump();
        let diff = after.diff(&before);
        assert_eq!(fates(&diff, id), [0, 0, 0, 1]);
        let text = diff.to_string();
        let (_, unchanged) = text.split_once("\nunchanged: ").unwrap_or_default();
        let (unchanged, running) = match unchanged.split_once("\nrunning throughout: ") {
            Some(both) => both,
            None => ("", text.split_once("\nrunning throughout: ").unwrap().1),
        };
        let role = "wait_uncounted  running";
        assert!(
            running.contains(role) && !unchanged.contains(role),
            "{text}"
        );
        let of_thread = after
            .tasks()
            .find(|task| task.id() == id)
            .unwrap()
            .to_string();
        assert!(!of_thread.contains(" poll"), "{of_thread}");
        let json: serde_json::Value = serde_json::from_str(&after.json().to_string()).unwrap();
        let tasks = json["tasks"].as_array().unwrap();
        let thread_in_json = tasks.iter().find(|task| task["id"] == id.as_u64()).unwrap();
        assert!(thread_in_json["polls"].is_null(), "{thread_in_json}");
        drop(to_thread);
        thread.join().unwrap();
    }

    #[test]
    fn task_in_one_long_poll_is_running_throughout() {
        let mut polled: Held = Box::pin(spawn(async {
            let before = birthmark::dump();
            let after = birthmark::dump();
            let diff = after.diff(&before);
            assert_eq!(fates(&diff, own_id()), [0, 0, 0, 1]);
        }));
        let waker = std::task::Waker::noop();
        let done = polled
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker));
        assert!(done.is_ready());
    }

    #[test]
    fn task_that_no_longer_stands_where_it_stood_is_not_unchanged() {
        let (_go, wait) = tokio::sync::oneshot::channel();
        let kept = std::sync::Arc::new(Mutex::new(Some(Box::pin(diffed_frames(wait)))));
        let inside = kept.clone();
        // The future is kept elsewhere, so that its end is no poll of the task.
        let task = start(Box::pin(spawn(async move {
            std::future::poll_fn(|cx| {
                let mut kept = inside.lock().unwrap();
                kept.as_mut().unwrap().as_mut().poll(cx)
            })
            .await;
        })));
        let before = dump_of("task_that_no_longer_stands");
        let id = before.tasks().next().unwrap().id();
        assert!(
            before.to_string().contains(" in inner_of_kept "),
            "{before}"
        );
        let same = dump_of("task_that_no_longer_stands");
        assert_eq!(fates(&same.diff(&before), id), [0, 0, 1, 0]);
        kept.lock().unwrap().take();
        let after = dump_of("task_that_no_longer_stands");
        assert!(!after.to_string().contains(" in inner_of_kept "), "{after}");
        assert_eq!(fates(&after.diff(&before), id), [0, 0, 0, 0]);
        drop(task);
    }

    async fn diffed_leak() {
        pending().await
    }

    async fn diffed_stuck() {
        pending().await
    }

    #[test]
    fn diff_shows_what_has_come_gone_and_stayed() {
        let leak = |_| start(Box::pin(spawn(diffed_leak())));
        let stuck = start(Box::pin(spawn(diffed_stuck())));
        let mut polled = start(Box::pin(spawn(diffed_stuck())));
        let mut leaked: Vec<Held> = (0..2).map(leak).collect();
        let before = dump_of("diffed_");
        drop(leaked.remove(0));
        leaked.extend((0..6).map(leak));
        polled = start(polled);
        let after = dump_of("diffed_");
        let diff = after.diff(&before);
        let growth = diff.growth();
        assert_eq!(growth.len(), 1, "sites that have not grown are left out");
        assert_eq!(
            (growth[0].before(), growth[0].after(), growth[0].delta()),
            (2, 7, 5)
        );
        assert_eq!(diff.new_tasks().count(), 6);
        assert_eq!(diff.gone_tasks().count(), 1);
        let unchanged: Vec<_> = diff
            .unchanged_tasks()
            .map(|task| task.role().to_owned())
            .collect();
        assert_eq!(unchanged, ["diffed_stuck", "diffed_leak"], "one was polled");
        let text = diff.to_string();
        assert!(text.contains(" UTC: 4 tasks before, 9 now, "), "{text}");
        assert!(
            text.contains(" later: 6 new, 1 gone, 2 unchanged, 0 running throughout\n"),
            "{text}"
        );
        for (title, line) in [
            ("\ngrowth by site\n", "      +5  2 → 7  diffed_leak "),
            ("\nnew\n", "  6 × diffed_leak  suspended "),
            ("\ngone\n", "  1 × diffed_leak  suspended "),
            (
                "\nunchanged: neither polled nor in another state since\n",
                "  1 × diffed_stuck  suspended ",
            ),
        ] {
            let (_, below) = text.split_once(title).unwrap();
            assert!(below.starts_with(line), "{text}");
        }
        let same = after.diff(&after);
        assert_eq!(
            (same.new_tasks().count(), same.gone_tasks().count()),
            (0, 0)
        );
        assert_eq!(same.unchanged_tasks().count(), after.len());
        drop((stuck, polled, leaked));
    }
}

/// Code that is not instrumented.
mod outside {
    pub fn thread(name: &str, f: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(f).unwrap().join().unwrap();
    }
}

#[birthmark::instrument]
mod of_all {
    use super::*;

    /// All forms that are text, with and without colours. (Profiles are read by the tool that prints them: see
    /// `pprof.rs`. What a browser makes of JSON is tested with the page.)
    fn all_forms(dump: &Dump) -> Vec<(&'static str, String)> {
        let nothing = birthmark::dump().filter(&Filter::new().name("nobody at all"));
        let tasks: String = dump.tasks().map(|task| task.to_string()).collect();
        let mut forms = vec![
            ("task", tasks),
            ("text, plain", dump.to_string()),
            ("expanded", dump.tree().expanded(true).to_string()),
            ("new", dump.diff(&nothing).to_string()),
            ("gone", nothing.diff(dump).to_string()),
            (
                "text in colours",
                strip(&dump.text().color(true).to_string()),
            ),
            (
                "tree in colours",
                strip(&dump.tree().color(true).to_string()),
            ),
            (
                "groups in colours",
                strip(&dump.groups().color(true).to_string()),
            ),
            (
                "diff in colours",
                strip(&dump.diff(&nothing).color(true).to_string()),
            ),
        ];
        for &format in Format::ALL.iter().filter(|it| **it != Format::Pprof) {
            let mut out = Vec::new();
            dump.write(format, &mut out).unwrap();
            forms.push((format.as_str(), String::from_utf8(out).unwrap()));
        }
        forms
    }

    /// Asserts that no form of a dump contains a character that controls a terminal, turns the writing direction,
    /// begins a line or ends a string. `shown` forms contain the harmless part.
    #[track_caller]
    fn is_harmless(dump: &Dump, shown: usize) {
        assert!(!dump.is_empty());
        let forms = all_forms(dump);
        for (form, text) in &forms {
            let controls = |c: char| c != '\n' && (c.is_control() || c.escape_debug().len() > 4);
            assert!(!text.contains(controls), "{form}: {text:?}");
            assert!(
                !text.lines().any(|line| line.starts_with("forged")),
                "{form}: {text}"
            );
        }
        let tell = forms.iter().filter(|(_, text)| text.contains("forged"));
        let tell: Vec<_> = tell.map(|(form, _)| *form).collect();
        assert_eq!(tell.len(), shown, "{tell:?}");
        let of = |name| &forms.iter().find(|(form, _)| *form == name).unwrap().1;
        assert!(!of("json").contains('<'), "it could end a script in a page");
        for line in of("folded").lines() {
            let (stack, count) = line.rsplit_once(' ').unwrap();
            assert!(
                count.parse::<u64>().is_ok() && stack.ends_with(']'),
                "{line}"
            );
        }
    }

    #[test]
    fn heads_say_the_program_its_process_and_the_time() {
        let before = std::time::SystemTime::now();
        let dump = dump_of("heads_say");
        let later = dump_of("heads_say");
        let is_time = |text: &str| {
            let digits = text.replace(|c: char| c.is_ascii_digit(), "0");
            digits == "0000-00-00T00:00:00.000Z"
        };
        let program = std::env::current_exe().unwrap();
        let program = program.file_name().unwrap().to_str().unwrap();
        let start = format!("birthmark: {program} (pid {}) at ", std::process::id());
        let is_utc = |text: &str| {
            let digits = text.replace(|c: char| c.is_ascii_digit(), "0");
            digits.starts_with("0000-00-00 00:00:00 UTC: ")
        };
        for (form, text) in [
            ("text", dump.text().to_string()),
            ("tree", dump.tree().to_string()),
            ("groups", dump.groups().to_string()),
            ("diff", later.diff(&dump).to_string()),
        ] {
            let first = text.lines().next().unwrap();
            assert!(first.contains(" task"), "{form}: {first}");
            let time = first.strip_prefix(&start);
            assert!(time.is_some_and(is_utc), "{form}: {first}");
        }
        let json: serde_json::Value = serde_json::from_str(&dump.json().to_string()).unwrap();
        assert_eq!(json["program"], program);
        assert_eq!(json["pid"], std::process::id());
        assert!(
            json["time"].as_str().is_some_and(is_time),
            "{}",
            json["time"]
        );
        let millis = json["time_unix_ms"].as_u64().unwrap();
        let before = before.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(u128::from(millis) >= before.as_millis());
        let of_second = json["time"].as_str().unwrap().split_once('.').unwrap().1;
        assert_eq!(of_second, format!("{:03}Z", millis % 1000));
    }

    /// Names of an attacker.
    const HOSTILE: [&str; 9] = [
        "x\nforged 1 × task [running]",
        "\u{1b}[2J\u{1b}]0;forged\u{7}",
        "\u{9b}31mforged\u{85}forged",
        "forged\u{202e}\u{2066}\u{200f}",
        "forged\u{2028}forged\u{2029}",
        "forged\r\0\u{8}\u{7f}",
        "forged;\"\\'`${1}\"",
        "</script><script>forged()</script>",
        "forged\u{e0001}\u{feff}\u{fff9}",
    ];

    async fn hostile_waits() {
        pending().await
    }

    #[test]
    fn names_are_harmless_in_each_form() {
        for name in HOSTILE {
            let parent: Held =
                birthmark::with_name(name, || -> Held { start(Box::pin(spawn(hostile_waits()))) });
            let own = start(Box::pin(spawn(
                birthmark::named!("{name}" => hostile_waits()),
            )));
            // Folded stacks and the three differences have no names.
            is_harmless(&dump_of("hostile_waits"), 10);
            drop((parent, own));
        }
    }

    #[test]
    fn filters_are_harmless_in_each_form() {
        let task = start(Box::pin(spawn(async { pending().await })));
        for filter in HOSTILE {
            let dump = dump_of("filters_are_harmless").filter(&Filter::new().name(filter).name(""));
            // Tasks by themselves, folded stacks and what is gone do not speak of the filter.
            is_harmless(&dump, 11);
        }
        drop(task);
    }

    #[test]
    fn names_of_threads_are_harmless_in_each_form() {
        for name in ["\u{1b}[2Jforged", "x\nforged;<b>\"", "x forged\u{202e}\r;"] {
            let spawns = || start(Box::pin(spawn(hostile_threads())));
            let ask = move || {
                let task = spawns();
                let under = Filter::new().under(own_id());
                is_harmless(&birthmark::dump().filter(&under), 14);
                drop(task);
            };
            outside::thread(name, ask);
        }
    }

    async fn hostile_threads() {
        pending().await
    }

    #[test]
    fn colours_are_the_only_difference() {
        let task: Held = birthmark::with_name("named", || -> Held {
            start(Box::pin(spawn(async { pending().await })))
        });
        let dump = dump_of("colours_are");
        let none = birthmark::dump().filter(&Filter::new().name("nobody at all"));
        for (plain, colored) in [
            (dump.text().to_string(), dump.text().color(true).to_string()),
            (dump.tree().to_string(), dump.tree().color(true).to_string()),
            (
                dump.groups().to_string(),
                dump.groups().color(true).to_string(),
            ),
            (
                dump.diff(&none).to_string(),
                dump.diff(&none).color(true).to_string(),
            ),
        ] {
            assert!(colored.contains("\u{1b}["));
            assert_eq!(strip(&colored), plain);
        }
        drop(task);
    }

    /// Without colours.
    fn strip(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
    }

    #[test]
    fn formats_are_found_by_their_names() {
        for &format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert!(!format.content_type().is_empty() && !format.extension().is_empty());
        }
        let error = "xml\u{1b}".parse::<Format>().unwrap_err().to_string();
        let expected = "invalid value \"xml\\u{1b}\" for `format`\n\
                        help: use text, tree, groups, stuck, resources, folded, json or pprof";
        assert_eq!(error, expected);
    }
}
