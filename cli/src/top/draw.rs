//! The page, drawn.

use std::time::Duration;

use birthmark_dump::{AwaitStack, Stack, State, Task};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::app::{App, View};
use super::model::Selected;

const HELP: &str = " \
1 to 5, Tab    groups, tasks, tree, sites, stuck
 up down, j k   move; PageUp, PageDown, Home, End
 Enter          tasks of a group or site; follow a task, also after its end
 Esc            close the task, or end the search
 /              search in names, labels, roles, sites, frames
 s, I           sort tasks by the next column, or in reverse
 p, Space       pause, and go on
 c              compare rates with this moment, or with the last one
 q              quit

 A rate is per second since the refresh before. Polls are those of
 live tasks. Wakes are not counted: a poll follows them. Any key closes
 this help.";

/// Draws the page.
pub(super) fn page(frame: &mut Frame<'_>, app: &mut App) {
    let details = if app.followed.is_some() { 40 } else { 0 };
    let [head, tabs, body, below, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Percentage(details),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    app.room = usize::from(body.height).saturating_sub(1);
    app.bound();
    draw_head(frame, app, head);
    draw_tabs(frame, app, tabs);
    if app.shows_help {
        frame.render_widget(Paragraph::new(HELP), body);
    } else {
        draw_body(frame, app, body);
    }
    if app.followed.is_some() {
        draw_details(frame, app, below);
    }
    draw_foot(frame, app, foot);
}

fn draw_head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(selected) = &app.selected else {
        return;
    };
    let text = selected.dump.heading();
    let program = text.split(" UTC: ").next().unwrap_or_default().to_owned() + " UTC";
    let mut counts = format!("{} tasks", selected.dump.total());
    if selected.dump.len() != selected.dump.total() {
        counts = format!("{} of {counts}", selected.dump.len());
    }
    for (state, count) in State::COUNTED.iter().zip(selected.states) {
        if count > 0 {
            counts += &format!(", {count} {state}");
        }
    }
    if let (Some(spawns), Some(ends)) = (selected.spawns, selected.ends) {
        counts += &format!(" | {} spawns/s, {} ends/s", rate(spawns), rate(ends));
    }
    counts += &format!(" {}", spark(&app.history));
    let strong = Style::new().add_modifier(Modifier::BOLD);
    let lines = vec![Line::raw(program), Line::styled(counts, strong)];
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns a line of blocks that shows the latest numbers between their least and their greatest.
fn spark(history: &[u64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &history[history.len().saturating_sub(20)..];
    let (least, greatest) = (last.iter().min(), last.iter().max());
    let (Some(least), Some(greatest)) = (least, greatest) else {
        return String::new();
    };
    let range = (greatest - least).max(1);
    let blocks = last
        .iter()
        .map(|it| BLOCKS[((it - least) * 7 / range) as usize]);
    blocks.collect()
}

fn draw_tabs(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let mut spans = Vec::new();
    for (number, (view, name)) in (1..).zip(View::ALL) {
        let style = match view == app.view {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        spans.push(Span::styled(format!(" {number} {name} "), style));
    }
    spans.push(Span::raw(format!("  by {}", app.sort.name())));
    if app.is_reversed {
        spans.push(Span::raw(", reversed"));
    }
    if app.is_paused {
        spans.push(Span::styled(
            "  PAUSED",
            Style::new().add_modifier(Modifier::BOLD),
        ));
    }
    if app.has_mark {
        spans.push(Span::raw(format!("  since {} tasks", app.marked_total)));
    }
    if !app.search.is_empty() {
        spans.push(Span::raw(format!("  search {:?}", app.search)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_body(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(selected) = &app.selected else {
        return;
    };
    let header = match app.view {
        View::Groups => format!(
            "{:>8}  {:<10} {:>9} {:>9}  ROLE, FRAME",
            "COUNT", "STATE", "IN STATE", "AGE"
        ),
        View::Table => format!(
            "{:>8} {:<10} {:>9} {:>9} {:>8}  TASK",
            "ID", "STATE", "IN STATE", "AGE", "POLLS"
        ),
        View::Tree => "TREE".into(),
        View::Stuck => "TASKS THAT CANNOT GO ON".into(),
        View::Sites => format!(
            "{:>8} {:>9} {:>9} {:>9} {:>9}  ROLE, SITE",
            "LIVE", "SPAWNED", "SPAWNS/s", "POLLS/s", "PANICKED"
        ),
    };
    let mut lines = vec![Line::styled(
        header,
        Style::new().add_modifier(Modifier::UNDERLINED),
    )];
    for line in app.top..(app.top + app.room).min(app.len()) {
        let (text, style) = line_of(app, selected, line);
        let style = match line == app.cursor {
            true => style.add_modifier(Modifier::REVERSED),
            false => style,
        };
        lines.push(Line::styled(text, style));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn line_of(app: &App, selected: &Selected, line: usize) -> (String, Style) {
    match app.view {
        View::Groups => group_line(app, selected, line),
        View::Table => {
            let task = selected.task(line);
            let style = task.as_ref().map(|task| state_style(app, task.state()));
            (
                task.map(|task| task_line(&task)).unwrap_or_default(),
                style.unwrap_or_default(),
            )
        }
        View::Tree => (selected.tree[line].clone(), Style::new()),
        View::Sites => (site_line(selected, line), Style::new()),
        View::Stuck => (selected.stuck[line].clone(), Style::new()),
    }
}

fn group_line(app: &App, selected: &Selected, line: usize) -> (String, Style) {
    let group = &selected.groups[line];
    let state = bare(group.state());
    let frame = place(group.stack(), group.awaits());
    let text = format!(
        "{:>8}  {state:<10} {:>9} {:>9}  {}{frame}",
        group.count(),
        age(group.max_time_in_state()),
        age(group.max_age()),
        group.role().escape_debug(),
    );
    (text, state_style(app, group.state()))
}

fn task_line(task: &Task) -> String {
    let name = task
        .name()
        .map_or_else(String::new, |name| format!("{name} "));
    let frame = place(task.stack(), task.awaits());
    format!(
        "{:>8} {:<10} {:>9} {:>9} {:>8}  {name}{}{frame}",
        task.id(),
        bare(task.state()),
        age(task.time_in_state()),
        age(task.age()),
        task.polls(),
        task.role().escape_debug(),
    )
}

/// Returns the innermost `await` of instrumented code, or else of all code, and the future that is waited for.
fn place(stack: &Stack, awaits: Option<&AwaitStack>) -> String {
    let instrumented = stack.frames().last();
    let mut text = instrumented.map_or_else(String::new, |frame| format!(", in {}", frame.site()));
    let frames = awaits.map_or(&[][..], AwaitStack::frames);
    if instrumented.is_none() {
        let with_location = frames.iter().rev().find(|frame| frame.location().is_some());
        if let Some((frame, location)) = with_location.and_then(|it| Some((it, it.location()?))) {
            text = format!(", in {} at {location}", frame.name().escape_debug());
        }
    }
    let leaf = frames.last().filter(|it| it.location().is_none());
    if let Some(thing) = leaf.and(awaits).and_then(AwaitStack::waits_for) {
        text += &format!(", waiting for {}", thing.escape_debug());
    }
    text
}

fn site_line(selected: &Selected, line: usize) -> String {
    let row = &selected.sites[line];
    let shown = |number: Option<f64>| number.map_or_else(|| "-".into(), rate);
    format!(
        "{:>8} {:>9} {:>9} {:>9} {:>9}  {} {}",
        row.stats.live,
        row.stats.spawned(),
        shown(row.spawns),
        shown(row.polls),
        row.stats.panicked,
        row.stats.site.role().escape_debug(),
        row.stats.site,
    )
}

fn bare(state: State) -> String {
    match state {
        State::Running { .. } => "running".into(),
        State::Blocked { .. } => "blocked".into(),
        state => state.to_string(),
    }
}

fn state_style(app: &App, state: State) -> Style {
    if !app.color {
        return Style::new();
    }
    Style::new().fg(match state {
        State::Running { .. } => Color::Green,
        State::Waiting | State::Suspended | State::Idle => Color::Reset,
        _ => Color::Magenta,
    })
}

fn age(time: Option<Duration>) -> String {
    let Some(time) = time else {
        return "?".into();
    };
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 60..3600 => format!("{} m {:02}", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02}", seconds / 3600, seconds / 60 % 60),
    }
}

fn rate(number: f64) -> String {
    match number {
        0.0..10.0 => format!("{number:.1}"),
        10.0..1e6 => format!("{number:.0}"),
        _ => format!("{:.1}M", number / 1e6),
    }
}

fn draw_details(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(task) = &app.details else {
        return;
    };
    let text = match app.is_gone {
        true => format!("has ended, or is not selected any more; this was its last state\n{task}"),
        false => task.to_string(),
    };
    let text = match &app.wakes[..] {
        [] => text,
        wakes => format!("{}\n    wakes    {}", text.trim_end(), wakes_text(wakes)),
    };
    let rule = "─".repeat(area.width.into());
    let text = format!("{rule}\n{text}");
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), area);
}

/// Returns `task 4 relay (poll 12), itself (poll 13)`, the latest first.
fn wakes_text(wakes: &[(u32, String)]) -> String {
    let shown = |(polls, by): &(u32, String)| format!("{by} (poll {polls})");
    let shown: Vec<String> = wakes.iter().rev().map(shown).collect();
    shown.join(", ")
}

fn draw_foot(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let text = match (&app.typed, &app.lost) {
        (Some(text), _) => format!("/{text}_   Enter: search, Esc: leave it"),
        (None, Some(error)) => format!("LOST: {error}. The last page stays. q quits"),
        (None, None) => {
            "? help  / search  s sort  Enter open  p pause  c compare  Tab view  q quit".into()
        }
    };
    let style = match app.lost.is_some() {
        true => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        false => Style::new().add_modifier(Modifier::DIM),
    };
    frame.render_widget(Line::styled(text, style), area);
}
