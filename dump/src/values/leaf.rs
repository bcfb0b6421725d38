//! The thing that the innermost future of a task waits for, in words that people know: `a socket` for
//! `tokio::runtime::io::scheduled_io::Readiness`.

use super::await_stack::AwaitFrame;

/// Paths of libraries' futures, without type arguments, and what they wait for. The longest path that fits decides.
const TABLE: &[(&str, &str)] = &[
    ("async_channel", "a channel"),
    ("async_io::Timer", "a timer"),
    ("async_io::reactor", "a socket"),
    ("async_lock::barrier", "a barrier"),
    ("async_lock::mutex", "a mutex"),
    ("async_lock::once_cell", "a cell"),
    ("async_lock::rwlock", "an rwlock"),
    ("async_lock::semaphore", "a semaphore"),
    ("async_process", "a child process"),
    ("async_signal", "a signal"),
    ("async_task::task::Task", "a task"),
    ("event_listener", "a notification"),
    ("flume::async", "a channel"),
    ("futures_channel::mpsc", "a channel"),
    ("futures_channel::oneshot", "a oneshot channel"),
    ("futures_timer", "a timer"),
    ("futures_util::lock::mutex", "a mutex"),
    ("hyper::client::conn", "an HTTP connection"),
    ("hyper::client::dispatch", "an HTTP response"),
    ("hyper::server::conn", "an HTTP connection"),
    ("hyper_util::server::conn", "an HTTP connection"),
    ("tokio::io::async_fd", "a file descriptor"),
    ("tokio::io::poll_evented", "a socket"),
    ("tokio::net", "a socket"),
    ("tokio::net::unix::pipe", "a pipe"),
    ("tokio::process", "a child process"),
    ("tokio::runtime::io", "a socket"),
    ("tokio::runtime::task::join", "a task"),
    ("tokio::signal", "a signal"),
    ("tokio::sync::barrier", "a barrier"),
    ("tokio::sync::batch_semaphore", "a semaphore"),
    ("tokio::sync::broadcast", "a broadcast channel"),
    ("tokio::sync::mpsc", "a channel"),
    ("tokio::sync::mutex", "a mutex"),
    ("tokio::sync::notify", "a notification"),
    ("tokio::sync::once_cell", "a cell"),
    ("tokio::sync::oneshot", "a oneshot channel"),
    ("tokio::sync::rwlock", "an rwlock"),
    ("tokio::sync::semaphore", "a semaphore"),
    ("tokio::sync::watch", "a watch channel"),
    ("tokio::task::join_set", "a task"),
    ("tokio::time::interval", "a timer"),
    ("tokio::time::sleep", "a timer"),
    ("tokio_util::sync::cancellation_token", "a cancellation"),
    ("tokio_util::time::delay_queue", "a timer"),
];

/// Returns what the innermost of these frames waits for, if the table has it. The frames around it that are in the table, too,
/// know it better: a notification may be that of a channel.
pub(super) fn thing(frames: &[AwaitFrame]) -> Option<&'static str> {
    let (leaf, mut around) = frames.split_last()?;
    let mut thing = by_path(leaf.name())?;
    let mut depth = leaf.depth();
    while let Some((frame, outer)) = around.split_last() {
        around = outer;
        if frame.depth() < depth {
            depth = frame.depth();
            match by_path(frame.name()) {
                Some(better) => thing = better,
                None => break,
            }
        }
    }
    Some(thing)
}

fn by_path(name: &str) -> Option<&'static str> {
    let is_inside = |path: &str| {
        let rest = name.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let rows = TABLE.iter().rev();
    rows.copied()
        .find(|(path, _)| is_inside(path))
        .map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(names: &[&str]) -> Vec<AwaitFrame> {
        let frame = |(depth, name): (usize, &&str)| AwaitFrame {
            depth,
            name: (*name).into(),
            site: None,
            idle: false,
            debug_info: None,
        };
        names.iter().enumerate().map(frame).collect()
    }

    #[test]
    fn table_is_sorted_so_the_longest_path_is_the_last_that_fits() {
        assert!(TABLE.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn future_of_a_library_waits_for_a_thing() {
        for (names, expected) in [
            (
                &["app::serve", "tokio::runtime::io::scheduled_io::Readiness"][..],
                Some("a socket"),
            ),
            (
                &["tokio::time::interval::Interval::tick::{closure}"],
                Some("a timer"),
            ),
            (
                &[
                    "app::read",
                    "tokio::net::unix::pipe::Receiver::readable",
                    "tokio::runtime::io::scheduled_io::Readiness",
                ],
                Some("a pipe"),
            ),
            (
                &[
                    "tokio::sync::watch::Receiver::changed",
                    "tokio::sync::watch::changed_impl",
                    "tokio::sync::notify::Notified",
                ],
                Some("a watch channel"),
            ),
            (&["tokio::sync::mutex::Mutex::lock", "app::Wait"], None),
            (&["tokio::network::Wait"], None),
            (&["app::wait"], None),
            (&[], None),
        ] {
            assert_eq!(thing(&stack(names)), expected, "{names:?}");
        }
    }
}
