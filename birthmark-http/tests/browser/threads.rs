//! OS threads, with what the kernel and the records say of them.

use birthmark_http::Options;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Threads;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn threads_are_shown_with_what_runs_on_them() {
    let _alone = ALONE.lock().await;
    let _threads = Threads::new();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until("summary", " tasks: ").await;
    page.press("5").await;
    page.until_row("unrecorded").await;
    let row = |name: &str| {
        format!(
            "return [...document.querySelectorAll('.row:not([hidden])')] \
             .find((row) => row.querySelector('[data-column=thread]').textContent === '{name}')?.innerText"
        )
    };
    for (name, parts) in [
        (
            "recorded",
            ["waiting", "futex", "recorded", "stuck · block"],
        ),
        ("unrecorded", ["waiting", "futex", "unrecorded", "no task"]),
    ] {
        let text = page.run(&row(name)).await;
        let text = text.as_str().unwrap_or_default();
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
    page.screenshot("threads").await;
    // By keys to its panel, and on to the task and back to the thread.
    page.type_into("search", "name:recorded task:stuck").await;
    page.until("summary", "1 of ").await;
    page.press_key("Enter").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "it is a task itself").await;
    page.click("#details ol .link").await;
    page.until("details", "On thread").await;
    page.until("details", "given to it").await;
    page.screenshot("threads-task").await;
    page.click("#details dd .link").await;
    page.until("details", "it is a task itself").await;
    page.press_key("Escape").await;
    page.press_key("Escape").await;
    page.until("stacks-note", "Options::native_stacks").await;
    assert_eq!(page.count("#stacks[hidden]").await, 1);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn native_stacks_are_taken_when_somebody_presses_the_button() {
    let _alone = ALONE.lock().await;
    let _threads = Threads::new();
    let allowed = Options::new().native_stacks();
    let server = birthmark_http::serve_with("127.0.0.1:0", allowed).unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.press("5").await;
    page.until("summary", " OS threads: ").await;
    page.until("stacks-note", "by a signal").await;
    page.screenshot("threads-before-stacks").await;
    page.click("#stacks").await;
    page.until("stacks-note", "Threads have gone on since.")
        .await;
    page.type_into("search", "name:unrecorded").await;
    page.until("summary", "1 of ").await;
    page.press_key("Enter").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "Native stack at ").await;
    page.until("details", "start_unrecorded").await;
    page.until("details", "program.rs:").await;
    page.screenshot("threads-stacks").await;
    page.close().await;
}
