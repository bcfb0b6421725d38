//! The terminal page: `birthmark top`.
//!
//! [`model`] is what a refresh has read, [`app`] is what keys change, and [`draw`] shows both. Only visible lines are made
//! into text, so that a million tasks cost no more than the reading.

mod app;
mod draw;
mod model;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use birthmark_dump::Filter;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use crate::exit::Failure;
use crate::target::Shown;
use app::{App, View};
use model::Model;

/// Range of the time between two refreshes, in seconds.
const DELAYS: std::ops::RangeInclusive<f64> = 0.1..=3600.0;

/// Maximum number of suspended tasks of which each refresh reads all await stacks. Of more tasks, it reads the stack of the
/// followed one.
const MAX_STACKS: usize = 1000;

/// Shows the page until the user leaves it.
pub(crate) fn run(
    target: &Shown,
    filter: Option<Filter>,
    delay: f64,
    color: bool,
) -> Result<(), Failure> {
    if !DELAYS.contains(&delay) {
        let (first, last) = (DELAYS.start(), DELAYS.end());
        return Err(Failure::Usage(format!(
            "invalid value {delay} for `--delay`\nhelp: use {first} to {last}"
        )));
    }
    if !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "cannot open a page, because the output is no terminal\nhelp: use `birthmark groups` or `birthmark ps`".into(),
        ));
    }
    let mut app = App::new(filter, color);
    app.show(read(target, false)?);
    let mut terminal = ratatui::init();
    let result = keep_on(
        &mut terminal,
        target,
        &mut app,
        Duration::from_secs_f64(delay),
    );
    ratatui::restore();
    result
}

/// Reads the target, and on request what its tasks wait for.
fn read(target: &Shown, waits: bool) -> Result<Model, Failure> {
    let mut dump = target.dump_within(MAX_STACKS)?;
    if waits {
        dump = target.target.with_waits(dump);
    }
    Ok(Model::new(dump, target.target.sites()?, waits))
}

fn keep_on(
    terminal: &mut ratatui::DefaultTerminal,
    target: &Shown,
    app: &mut App,
    delay: Duration,
) -> Result<(), Failure> {
    let mut refreshed = Instant::now();
    loop {
        app.read_stack(|dump, id| target.put_awaits_of(dump, id));
        terminal.draw(|frame| draw::page(frame, app))?;
        let rest = delay.saturating_sub(refreshed.elapsed());
        if event::poll(rest)? {
            match event::read()? {
                Event::Key(key) if key.kind == KeyEventKind::Press => app.press(key),
                _ => {}
            }
            if app.is_done {
                return Ok(());
            }
            if !std::mem::take(&mut app.wants_refresh) {
                continue;
            }
        } else if app.is_paused {
            refreshed = Instant::now();
            continue;
        }
        refreshed = Instant::now();
        match read(target, app.view == View::Stuck) {
            Ok(model) => app.show(model),
            Err(error) => app.lose(&error),
        }
    }
}
