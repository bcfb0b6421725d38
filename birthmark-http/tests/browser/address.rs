//! The address contains the state of the page.

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Program;

/// The visible state: the view, the search, the sort, the panel, and the unfolded rows.
const SHOWN: &str = "
    const texts = (selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
    return [
        document.querySelector('[role=tab][aria-selected=true]').dataset.view,
        document.getElementById('search').value,
        texts('[aria-sort]').join(),
        document.querySelector('[aria-sort]')?.getAttribute('aria-sort') ?? '',
        document.getElementById('details').hidden ? '' : texts('#details h2').join(),
        texts('.row[aria-expanded=true]').length,
    ].join('|')";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn view_survives_a_reload_and_back_undoes_changes() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(3, 6);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&(server.url() + "?limit=5000"), Device::Desktop).await;
    let mut steps = vec!["tree||Id|ascending||5".to_owned()];
    page.until_row("6 ×handle").await;
    page.until_shown(&steps[0]).await;

    // Folds belong to the step at which they were made.
    page.press("jjj").await;
    page.press_key("ArrowLeft").await;
    steps[0] = "tree||Id|ascending||4".to_owned();
    page.until_shown(&steps[0]).await;

    page.press("2").await;
    steps.push("table||Age|descending||0".to_owned());
    page.until_shown(&steps[1]).await;
    page.click("[data-sort=who]").await;
    steps.push("table||Task|ascending||0".to_owned());
    page.until_shown(&steps[2]).await;
    // All that is typed at a stretch is one step.
    page.press("/").await;
    page.type_into("search", "role:conn").await;
    page.until("summary", "3 of ").await;
    page.type_into("search", "ection \"conn 2\"").await;
    page.until("summary", "1 of ").await;
    page.press_key("Enter").await;
    steps.push("table|role:connection \"conn 2\"|Task|ascending||0".to_owned());
    page.until_shown(&steps[3]).await;
    page.press("j").await;
    page.press_key("Enter").await;
    steps.push("table|role:connection \"conn 2\"|Task|ascending|conn 2 · connection|0".to_owned());
    page.until_shown(&steps[4]).await;
    let query = page.run("return location.search").await;
    assert_eq!(query, "?limit=5000", "what it had before is still there");

    for shown in steps.iter().rev() {
        page.until_shown(shown).await;
        page.client.refresh().await.unwrap();
        page.until("summary", " tasks: ").await;
        page.until_shown(shown).await;
        page.client.back().await.unwrap();
    }
    for shown in &steps {
        page.client.forward().await.unwrap();
        page.until_shown(shown).await;
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_parts_of_the_address_are_ignored() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let url = server.url()
        + "#view=constructor&sort-table=-nothing&toggled=%00&task=99999999&search=%3Cimg%20src=x%3E";
    let page = Page::open(&url, Device::Desktop).await;
    page.until("nothing", "No task matches “<img src=x>”.")
        .await;
    page.until("summary", "0 of 4 tasks — ").await;
    page.until("details", "It has ended, or was not read.")
        .await;
    page.press_key("Escape").await;
    page.press_key("Escape").await;
    page.until_row("handle").await;
    assert_eq!(page.run("return location.hash").await, "#toggled=%00");
    assert_eq!(page.count("img").await, 0);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn title_names_the_program_and_its_process() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until("summary", "4 tasks: ").await;
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let process = format!("{program} {} on {}", std::process::id(), host.trim());
    assert_eq!(
        page.client.title().await.unwrap(),
        format!("{process}: 4 tasks — birthmark")
    );
    assert_eq!(page.text("program").await, process);
    page.close().await;
}

impl Page {
    async fn until_shown(&self, wanted: &str) {
        self.wait(SHOWN, wanted).await;
    }
}
