//! The state of the page that keys change.

use std::time::Instant;

use birthmark_dump::{Dump, Filter, Task};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::exit::Failure;

use super::model::{Before, Model, Selected, Sort};

/// Number of refreshes that the sparkline shows.
const HISTORY: usize = 40;
/// Number of wakes of the followed task that are shown.
const MAX_WAKES: usize = 4;

/// A way to show the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Groups,
    Table,
    Tree,
    Sites,
    Stuck,
}

impl View {
    pub(super) const ALL: [(View, &'static str); 5] = [
        (View::Groups, "groups"),
        (View::Table, "tasks"),
        (View::Tree, "tree"),
        (View::Sites, "sites"),
        (View::Stuck, "stuck"),
    ];
}

/// The page.
pub(super) struct App {
    pub(super) view: View,
    pub(super) selected: Option<Selected>,
    /// The line under the cursor, and the first visible one.
    pub(super) cursor: usize,
    pub(super) top: usize,
    /// Number of lines that the last drawing had room for.
    pub(super) room: usize,
    pub(super) sort: Sort,
    pub(super) is_reversed: bool,
    pub(super) is_paused: bool,
    pub(super) is_done: bool,
    pub(super) shows_help: bool,
    /// Read the target at once, because the search has changed.
    pub(super) wants_refresh: bool,
    /// The text that is typed.
    pub(super) typed: Option<String>,
    pub(super) search: String,
    /// The task whose details are shown. It is followed through all refreshes.
    pub(super) followed: Option<u64>,
    pub(super) details: Option<Task>,
    /// The last wakes of the followed task, each with the number of polls at that time. A wake between two refreshes is not
    /// seen if another one follows.
    pub(super) wakes: Vec<(u32, String)>,
    /// The followed task was not in the last refresh.
    pub(super) is_gone: bool,
    /// Numbers of live tasks, the latest last.
    pub(super) history: Vec<u64>,
    /// Why the target cannot be read any more.
    pub(super) lost: Option<String>,
    pub(super) color: bool,
    filter: Option<Filter>,
    before: Option<Before>,
    /// Compare with this refresh in place of the one before.
    pub(super) has_mark: bool,
    pub(super) marked_total: usize,
}

impl App {
    pub(super) fn new(filter: Option<Filter>, color: bool) -> Self {
        App {
            view: View::Groups,
            selected: None,
            cursor: 0,
            top: 0,
            room: 10,
            sort: Sort::Id,
            is_reversed: false,
            is_paused: false,
            is_done: false,
            shows_help: false,
            wants_refresh: false,
            typed: None,
            search: String::new(),
            followed: None,
            details: None,
            wakes: Vec::new(),
            is_gone: false,
            history: Vec::new(),
            lost: None,
            color,
            filter,
            before: None,
            has_mark: false,
            marked_total: 0,
        }
    }

    /// Shows a refresh.
    pub(super) fn show(&mut self, model: Model) {
        self.show_at(model, Instant::now());
    }

    pub(super) fn show_at(&mut self, model: Model, now: Instant) {
        let search = Some(self.search.as_str()).filter(|text| !text.is_empty());
        let search = search.map(|text| Filter::new().text(text));
        let filters: Vec<Filter> = self.filter.clone().into_iter().chain(search).collect();
        let next = model.before(now);
        let mut selected = model.select(&filters, self.before.as_ref(), now);
        if !self.has_mark || self.before.is_none() {
            self.before = Some(next);
        }
        self.history.push(selected.dump.total() as u64);
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
        selected.sort(self.sort, self.is_reversed);
        self.selected = Some(selected);
        self.lost = None;
        self.follow();
        self.bound();
    }

    /// Notes that the target cannot be read any more. The last refresh stays.
    pub(super) fn lose(&mut self, error: &Failure) {
        let error = error.to_string();
        let line = error.lines().next().unwrap_or_default();
        self.lost = Some(line.to_owned());
    }

    /// Reads the followed task in the present refresh.
    fn follow(&mut self) {
        let Some((id, selected)) = self.followed.zip(self.selected.as_ref()) else {
            return;
        };
        let line = selected.line_of(id);
        if let Some(line) = line.filter(|_| self.view == View::Table) {
            self.cursor = line;
        }
        self.is_gone = line.is_none();
        if let Some(line) = line {
            self.details = selected.task(line);
            self.note_wake();
        }
    }

    fn note_wake(&mut self) {
        let Some(task) = &self.details else {
            return;
        };
        let Some(by) = task.woken_by() else {
            return;
        };
        let wake = (task.polls(), by.to_string());
        if self.wakes.last() != Some(&wake) {
            self.wakes.push(wake);
        }
        let surplus = self.wakes.len().saturating_sub(MAX_WAKES);
        self.wakes.drain(..surplus);
    }

    /// Follows a task from now on.
    fn follow_task(&mut self, id: u64) {
        self.followed = Some(id);
        self.details = None;
        self.wakes.clear();
        self.follow();
    }

    /// Reads the await stack of the followed task, if the refresh has not read it.
    pub(super) fn read_stack(&mut self, read: impl FnOnce(&mut Dump, u64)) {
        let has_stack = |task: &Task| task.awaits().is_some() || !task.is_suspended();
        if self.is_gone || self.details.as_ref().is_none_or(has_stack) {
            return;
        }
        if let Some((id, selected)) = self.followed.zip(self.selected.as_mut()) {
            read(&mut selected.dump, id);
            self.follow();
        }
    }

    /// Returns the number of lines of the view.
    pub(super) fn len(&self) -> usize {
        let Some(selected) = &self.selected else {
            return 0;
        };
        match self.view {
            View::Groups => selected.groups.len(),
            View::Table => selected.order.len(),
            View::Tree => selected.tree.len(),
            View::Sites => selected.sites.len(),
            View::Stuck => selected.stuck.len(),
        }
    }

    /// Keeps the cursor in the list and on the screen.
    pub(super) fn bound(&mut self) {
        self.cursor = self.cursor.min(self.len().saturating_sub(1));
        let last = self.cursor.saturating_sub(self.room.saturating_sub(1));
        self.top = self.top.clamp(last, self.cursor);
    }

    /// Handles a key.
    pub(super) fn press(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && key.code == KeyCode::Char('c') {
            self.is_done = true;
        } else if self.typed.is_some() {
            self.type_key(key.code);
        } else if self.shows_help {
            self.shows_help = false;
        } else {
            self.command(key.code);
        }
        self.bound();
    }

    fn type_key(&mut self, key: KeyCode) {
        let Some(mut text) = self.typed.take() else {
            return;
        };
        match key {
            KeyCode::Esc => return,
            KeyCode::Enter => {
                self.search_for(text);
                return;
            }
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(character) => text.push(character),
            _ => {}
        }
        self.typed = Some(text);
    }

    fn command(&mut self, key: KeyCode) {
        let page = self.room.max(1);
        match key {
            KeyCode::Char('q') | KeyCode::F(10) => self.is_done = true,
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.shows_help = true,
            KeyCode::Esc => self.back(),
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') | KeyCode::F(3) => self.typed = Some(self.search.clone()),
            KeyCode::Char('c') => self.mark(),
            KeyCode::Char('s' | '>') | KeyCode::F(6) => self.sort_by_next(),
            KeyCode::Char('I') => self.reverse(),
            KeyCode::Char(digit @ '1'..='5') => self.go_to(digit as usize - '1' as usize),
            KeyCode::Tab => self.go_to((self.place() + 1) % View::ALL.len()),
            KeyCode::BackTab => self.go_to((self.place() + View::ALL.len() - 1) % View::ALL.len()),
            KeyCode::F(5) | KeyCode::Char('t') => self.go_to(2),
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor += 1,
            KeyCode::PageUp => self.cursor = self.cursor.saturating_sub(page),
            KeyCode::PageDown => self.cursor += page,
            KeyCode::Home | KeyCode::Char('g') => self.cursor = 0,
            KeyCode::End | KeyCode::Char('G') => self.cursor = usize::MAX,
            KeyCode::Enter | KeyCode::Char('F') => self.open(),
            _ => {}
        }
    }

    fn place(&self) -> usize {
        let place = View::ALL.iter().position(|(view, _)| *view == self.view);
        place.unwrap_or(0)
    }

    fn go_to(&mut self, place: usize) {
        (self.view, self.cursor, self.top) = (View::ALL[place].0, 0, 0);
        // Only this view reads what tasks wait for.
        self.wants_refresh |= self.view == View::Stuck;
    }

    /// Closes what was opened last: the details, or the search.
    fn back(&mut self) {
        if self.followed.take().is_some() {
            self.details = None;
            self.wakes.clear();
        } else {
            self.search_for(String::new());
        }
    }

    /// Selects by a text, of which the target is read again.
    fn search_for(&mut self, text: String) {
        self.search = text;
        self.wants_refresh = true;
    }

    /// Compares with the present refresh from now on, or again with the one before.
    fn mark(&mut self) {
        self.has_mark = !self.has_mark;
        self.marked_total = self.selected.as_ref().map_or(0, |it| it.dump.total());
    }

    fn sort_by_next(&mut self) {
        let place = Sort::ALL.iter().position(|sort| *sort == self.sort);
        self.sort = Sort::ALL[(place.unwrap_or(0) + 1) % Sort::ALL.len()];
        self.sort_again();
    }

    fn reverse(&mut self) {
        self.is_reversed = !self.is_reversed;
        self.sort_again();
    }

    fn sort_again(&mut self) {
        if let Some(selected) = &mut self.selected {
            selected.sort(self.sort, self.is_reversed);
        }
        self.view = View::Table;
        self.follow();
    }

    /// Opens the line under the cursor: the details of a task, or the tasks of a group or site.
    fn open(&mut self) {
        let Some(selected) = &self.selected else {
            return;
        };
        match self.view {
            View::Table => {
                if let Some(task) = selected.task(self.cursor) {
                    self.follow_task(task.id().as_u64());
                }
            }
            View::Groups => {
                if let Some(group) = selected.groups.get(self.cursor) {
                    let role = group.role().to_owned();
                    self.search_for(role);
                    self.go_to(1);
                }
            }
            View::Sites => {
                if let Some(row) = selected.sites.get(self.cursor) {
                    let site = row.stats.site.to_string();
                    self.search_for(site);
                    self.go_to(1);
                }
            }
            View::Tree => {
                if let Some(id) = selected
                    .tree
                    .get(self.cursor)
                    .and_then(|it| task_of_branch(it))
                {
                    self.follow_task(id);
                }
            }
            View::Stuck => {
                if let Some(id) = selected.stuck.get(self.cursor).and_then(|it| task_in(it)) {
                    self.follow_task(id);
                }
            }
        }
    }
}

/// Returns the id of the task in a line of the tree: of `├─ 7 "order 3" checkout`, and not of `├─ 5 × checkout`.
fn task_of_branch(line: &str) -> Option<u64> {
    let branch = |it: char| it == ' ' || ('\u{2500}'..='\u{257f}').contains(&it);
    let (id, rest) = line.trim_start_matches(branch).split_once(' ')?;
    id.parse().ok().filter(|_| !rest.starts_with('×'))
}

/// Returns the id of the first task that a line names.
fn task_in(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once("task ")?;
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{task_in, task_of_branch};

    #[test]
    fn lines_lead_to_tasks() {
        assert_eq!(
            task_of_branch("│  ├─ 7 \"order 3\" checkout  waiting"),
            Some(7)
        );
        assert_eq!(task_of_branch("1 main  running"), Some(1));
        assert_eq!(task_of_branch("└─ 5 × checkout  waiting"), None);
        assert_eq!(task_of_branch(""), None);
        assert_eq!(task_in("  task 12 \"a\" waits for task 13"), Some(12));
        assert_eq!(task_in("task x"), None);
    }
}
