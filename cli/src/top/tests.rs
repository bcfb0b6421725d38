//! The page, drawn into a buffer, with the tasks of this process.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::app::App;
use super::draw;
use super::model::Model;

/// One test at a time, because each has its own tasks in the process.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

#[birthmark::instrument]
mod program {
    use super::*;

    async fn top_payment() {
        pending().await
    }

    async fn top_courier() {
        pending().await
    }

    fn start(mut task: Held) -> Held {
        let is_pending = task
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending();
        assert!(is_pending);
        task
    }

    pub(super) fn payments(count: u32) -> Vec<Held> {
        (0..count)
            .map(|_| start(Box::pin(spawn(top_payment()))))
            .collect()
    }

    pub(super) fn courier() -> Held {
        birthmark::with_name("order 7", || start(Box::pin(spawn(top_courier()))))
    }
}

fn refresh() -> Model {
    Model::new(birthmark::dump(), birthmark::sites(), true)
}

fn press(app: &mut App, keys: &[KeyCode]) {
    for key in keys {
        app.press(KeyEvent::from(*key));
    }
}

/// Returns the page in a terminal of this size, without times, ids and the heading of the process.
fn drawn(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
    terminal
        .draw(|frame| draw::page(frame, app))
        .expect("a buffer");
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for y in 1..height {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        let words = line.split(' ').map(|word| match word.parse::<f64>() {
            Ok(_) if word.contains('.') => "#.#",
            _ => word,
        });
        lines.push(words.collect::<Vec<_>>().join(" ").trim_end().to_owned());
    }
    lines.join("\n")
}

#[test]
fn pages_show_groups_tasks_tree_and_rates() {
    let _turn = turn();
    let mut held = program::payments(3);
    held.push(program::courier());
    let filter = "role=top_*".parse().expect("a filter");
    let mut app = App::new(Some(filter), false);
    let start = Instant::now();
    app.show_at(refresh(), start);
    let groups = drawn(&mut app, 80, 24);
    let lines: Vec<&str> = groups.lines().collect();
    assert_eq!(lines.len(), 23);
    assert!(
        lines[0].starts_with("4 of ") && lines[0].contains(" tasks, 4 suspended"),
        "{groups}"
    );
    assert_eq!(
        lines[1],
        " 1 groups  2 tasks  3 tree  4 sites  5 stuck   by id"
    );
    assert_eq!(
        lines[2],
        "   COUNT  STATE       IN STATE       AGE  ROLE, FRAME"
    );
    assert_eq!(
        lines[3],
        "       3  suspended      #.# s     #.# s  top_payment, in top_payment at cli/src"
    );
    assert!(
        lines[4].starts_with("       1  suspended      #.# s     #.# s  top_courier, in "),
        "{groups}"
    );
    assert_eq!(
        lines[22],
        "? help  / search  s sort  Enter open  p pause  c compare  Tab view  q quit"
    );

    // Ten more in two seconds are five in one.
    held.extend(program::payments(10));
    app.show_at(refresh(), start + Duration::from_secs(2));
    press(&mut app, &[KeyCode::Char('4')]);
    let sites = drawn(&mut app, 100, 12);
    let payment = sites.lines().find(|line| line.contains("top_payment"));
    let payment = payment.expect("a site");
    assert!(payment.starts_with("      13 "), "{sites}");
    assert!(
        payment.contains("  top_payment cli/src/top/tests.rs:"),
        "{sites}"
    );
    let rows = &app.selected.as_ref().expect("a refresh").sites;
    let row = rows
        .iter()
        .find(|row| row.stats.site.role() == "top_payment");
    assert_eq!(row.and_then(|row| row.spawns), Some(5.0));

    // A line of the table is opened, and the task is followed after it has ended.
    press(
        &mut app,
        &[KeyCode::Char('2'), KeyCode::End, KeyCode::Enter],
    );
    let table = drawn(&mut app, 80, 30);
    assert!(
        table.contains("\n    spawned  cli/src/top/tests.rs:"),
        "{table}"
    );
    assert!(!table.contains("has ended"), "{table}");
    let id = app.followed.expect("a task is followed");
    held.retain(|_| false);
    app.show_at(refresh(), start + Duration::from_secs(4));
    assert_eq!(app.followed, Some(id));
    let table = drawn(&mut app, 80, 30);
    assert!(
        table.contains("has ended, or is not selected any more"),
        "{table}"
    );
    press(&mut app, &[KeyCode::Esc]);
    assert_eq!(app.followed, None);
}

#[test]
fn keys_sort_search_pause_and_quit() {
    let _turn = turn();
    let held = (program::payments(2), program::courier());
    let mut app = App::new(None, true);
    app.show(refresh());
    press(&mut app, &[KeyCode::Char('/')]);
    for character in "top_cour".chars() {
        press(&mut app, &[KeyCode::Char(character)]);
    }
    assert!(drawn(&mut app, 80, 24).ends_with("/top_cour_   Enter: search, Esc: leave it"));
    press(&mut app, &[KeyCode::Enter]);
    assert!(app.wants_refresh);
    app.show(refresh());
    press(&mut app, &[KeyCode::Tab]);
    let found = drawn(&mut app, 80, 24);
    assert!(found.contains("\"order 7\" top_courier"), "{found}");
    assert!(!found.contains("top_payment"), "{found}");
    press(
        &mut app,
        &[
            KeyCode::Esc,
            KeyCode::Char('s'),
            KeyCode::Char('I'),
            KeyCode::Char('p'),
            KeyCode::Char('c'),
        ],
    );
    let heading = drawn(&mut app, 120, 24);
    assert!(
        heading.contains("by age, reversed  PAUSED  since "),
        "{heading}"
    );
    press(&mut app, &[KeyCode::Char('?')]);
    assert!(drawn(&mut app, 80, 24).contains("PageUp"));
    press(
        &mut app,
        &[
            KeyCode::Char('x'),
            KeyCode::Down,
            KeyCode::Up,
            KeyCode::PageDown,
            KeyCode::Home,
        ],
    );
    for view in ['1', '2', '3', '4', '5'] {
        press(&mut app, &[KeyCode::Char(view), KeyCode::End]);
        // No size makes it panic.
        for (width, height) in [(1, 1), (3, 5), (20, 4), (200, 60)] {
            drawn(&mut app, width, height);
        }
    }
    press(&mut app, &[KeyCode::Char('5')]);
    assert!(app.wants_refresh);
    let stuck = drawn(&mut app, 80, 24);
    assert!(
        stuck.contains("TASKS THAT CANNOT GO ON\nno task is known to be stuck\n"),
        "{stuck}"
    );
    // A line of the tree that names a task leads to it.
    press(&mut app, &[KeyCode::Esc]);
    app.show(refresh());
    press(&mut app, &[KeyCode::Char('3')]);
    let lines = app.selected.as_ref().expect("a refresh").tree.clone();
    // A root is the first line.
    let is_first = lines
        .first()
        .is_some_and(|line| line.starts_with(|it: char| it.is_ascii_digit()));
    assert!(is_first, "{lines:?}");
    let courier = lines.iter().position(|line| line.contains("top_courier"));
    for _ in 0..courier.expect("it is in the tree") {
        press(&mut app, &[KeyCode::Down]);
    }
    press(&mut app, &[KeyCode::Enter]);
    let task = app.details.as_ref().map(|task| task.role().to_owned());
    assert_eq!(task.as_deref(), Some("top_courier"), "{lines:?}");
    assert!(!app.is_done);
    press(&mut app, &[KeyCode::Char('q')]);
    assert!(app.is_done);
    drop(held);
}
