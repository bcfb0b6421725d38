//! Each program of the gallery is stuck, and its dump shows why.

use birthmark_examples::run;
use birthmark_test_support as _;

/// Asserts that some line of the output has all of these parts, in order.
#[track_caller]
fn shows(output: &str, parts: &[&str]) {
    let has_all = |line: &str| {
        let mut rest = line;
        parts.iter().all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    };
    assert!(output.lines().any(has_all), "{parts:?} is not in\n{output}");
}

#[test]
fn a_leak_is_the_first_group_and_grows() {
    let output = run("leaked_waiters");
    let groups = output.split("\n\n").nth(1).unwrap();
    assert!(groups.starts_with("500 × watch_configuration "), "{output}");
    shows(
        groups,
        &["    named    \"req-0\", \"req-1\", \"req-2\" … \"req-499\""],
    );
    shows(
        groups,
        &["    awaits   reload.recv in watch_configuration "],
    );
    shows(&output, &["490 new, 0 gone, "]);
    shows(
        &output,
        &[
            "+490  10 → 500  watch_configuration ",
            "gallery/leaked_waiters.rs:",
        ],
    );
    let (_, unchanged) = output.split_once("\nunchanged: ").unwrap();
    shows(unchanged, &["  10 × watch_configuration  waiting "]);
    shows(unchanged, &["awaits reload.recv leaked_waiters.rs:"]);
}

#[test]
fn a_spawn_loop_is_in_the_lineage() {
    let output = run("spawn_loop");
    shows(&output, &[" × connect_again "]);
    shows(&output, &["by tokio::spawn in connect"]);
    shows(&output, &["by tokio::spawn in on_error"]);
    let (_, youngest) = output.split_once("\nthe youngest:\n").unwrap();
    shows(
        youngest,
        &[
            "    by       ",
            " connect_again (its name) < ",
            " \"db-1\" connect_again < ",
            " \"db-1\" connect_again <",
        ],
    );
}

#[test]
fn a_blocked_executor_thread_is_running_and_unchanged() {
    let output = run("blocked_executor");
    let (_, unchanged) = output.split_once("\nunchanged: ").unwrap();
    shows(
        unchanged,
        &["1 × store_upload  running ", "blocked_executor.rs:"],
    );
    shows(unchanged, &["20 × answer_health_check  created "]);
    shows(&output, &["1 of 22 tasks: 1 "]);
    shows(&output, &["task ", "\"upload-7\" store_upload ", " on "]);
    let (_, stack) = output
        .split_once("    on thread ")
        .expect("the stack of the thread that it blocks");
    shows(
        stack,
        &[
            "      blocked_executor::store_upload::{{closure}} at ",
            "gallery/blocked_executor.rs:",
        ],
    );
    shows(stack, &["  running task 2 \"upload-7\" store_upload"]);
    shows(stack, &["    stack: at task 2"]);
}

/// Returns the lines with the frames of a task, from the line with its name on.
fn stack<'a>(output: &'a str, who: &str) -> Vec<&'a str> {
    let (_, behind) = output.split_once(who).expect("the task is in the dump");
    let paragraph = behind.split("\n\n").next().unwrap_or_default();
    let frames = paragraph
        .lines()
        .filter(|line| line.starts_with("    awaits ") || line.starts_with("    within "));
    frames.collect()
}

#[test]
fn who_holds_a_lock_stands_elsewhere_than_who_wants_it() {
    let output = run("lock_across_await");
    for request in ["\"req-0\" handle", "\"req-1\" handle", "\"req-2\" handle"] {
        let frames = stack(&output, request);
        assert_eq!(frames.len(), 2, "{output}");
        shows(
            frames[0],
            &["    awaits   self.entries.lock in Cache::get "],
        );
        shows(frames[1], &["    within   handle "]);
    }
    let frames = stack(&output, " refresh_daily ");
    shows(frames[0], &["    awaits   answer in Cache::refresh "]);
}

#[test]
fn two_tasks_wait_for_each_other() {
    let output = run("each_other");
    let (buyer, seller) = (stack(&output, " buy "), stack(&output, " sell "));
    shows(buyer[0], &["    awaits   ", " in receive_goods "]);
    shows(seller[0], &["    awaits   ", " in receive_money "]);
}

#[test]
fn a_forgotten_sender_is_with_who_waits_for_the_receiver() {
    let output = run("forgotten_sender");
    let report = [
        "─ 2 make_report  waiting ",
        "  awaits ",
        " forgotten_sender.rs:",
    ];
    shows(&output, &report);
    let sum = [
        "   └─ ",
        " sum_up  waiting ",
        "  awaits counts.recv forgotten_sender.rs:",
    ];
    shows(&output, &sum);
    for line in [
        "0 of 3 count_words left",
        "1 of 1 sum_up left",
        "1 of 1 make_report left",
    ] {
        assert!(output.lines().any(|shown| shown == line), "{output}");
    }
}
