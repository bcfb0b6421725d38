//! Rules decide which task is in the span, follows from it, or has none.

mod support;

use std::sync::{Arc, Mutex};

use birthmark_test_support as _;
use birthmark_tracing::Carry;
use tracing::span::Id;
use tracing::{Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Writes down which span follows from which.
#[derive(Clone, Default)]
struct Links(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Links {
    fn on_follows_from(&self, span: &Id, follows: &Id, context: Context<'_, S>) {
        let name = |id| context.span(id).unwrap().name();
        let link = format!("{} follows from {}", name(span), name(follows));
        self.0.lock().unwrap().push(link);
    }
}

fn install() {
    birthmark_tracing::builder()
        .carry_role("worker", Carry::FollowsFrom)
        .carry_in("rules::elsewhere", Carry::Off)
        .carry_at("tests/rules.rs:63", Carry::Off)
        .install();
}

/// Runs `f` in a span, and returns lines and links.
fn run(f: impl FnOnce()) -> (Vec<String>, Vec<String>) {
    install();
    let (subscriber, lines) = support::subscriber();
    let links = Links::default();
    let subscriber = subscriber.with(links.clone());
    tracing::subscriber::with_default(subscriber, || info_span!("request", id = 7).in_scope(f));
    let links = std::mem::take(&mut *links.0.lock().unwrap());
    (lines.sorted(), links)
}

#[birthmark::instrument]
mod elsewhere {
    pub fn spawn() {
        std::thread::spawn(|| tracing::info!("elsewhere"))
            .join()
            .unwrap();
    }
}

#[birthmark::instrument]
mod here {
    use super::*;
    use std::thread;

    #[test]
    fn site_by_file_and_line_has_none() {
        let (lines, _) = run(|| {
            assert_eq!(line!() + 1, 63, "the rule names this line");
            thread::spawn(|| info!("off")).join().unwrap();
            thread::spawn(|| info!("on")).join().unwrap();
        });
        assert_eq!(lines, ["off", "request{id=7}: on"]);
    }

    #[test]
    fn task_by_its_role_follows_and_its_children_are_in_its_span() {
        fn worker() {
            info!("working");
            thread::spawn(|| info!("child")).join().unwrap();
        }
        let (lines, links) = run(|| thread::spawn(worker).join().unwrap());
        let in_worker =
            |what| move |line: &String| line.starts_with("worker{task.id=") && line.ends_with(what);
        assert!(lines.iter().any(in_worker("}: working")), "{lines:?}");
        assert!(lines.iter().any(in_worker("}: child")), "{lines:?}");
        assert_eq!(links, ["worker follows from request"]);
    }

    #[test]
    fn task_of_a_module_has_none() {
        let (lines, links) = run(elsewhere::spawn);
        assert_eq!((lines, links), (vec!["elsewhere".to_owned()], vec![]));
    }

    #[test]
    fn root_follows() {
        fn refresh() {
            info!("refreshing");
        }
        let (lines, links) = run(|| {
            thread::spawn(birthmark::root!(refresh)).join().unwrap();
        });
        assert!(lines[0].starts_with("refresh{task.id="), "{lines:?}");
        assert_eq!(links, ["refresh follows from request"]);
    }

    /// The span of the request closes with the request, although the worker goes on.
    #[test]
    fn worker_does_not_keep_the_span_of_the_request_open() {
        #[derive(Clone, Default)]
        struct Closed(Arc<Mutex<Vec<&'static str>>>);
        impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Closed {
            fn on_close(&self, id: Id, context: Context<'_, S>) {
                self.0
                    .lock()
                    .unwrap()
                    .push(context.span(&id).unwrap().name());
            }
        }
        install();
        let closed = Closed::default();
        let subscriber = tracing_subscriber::registry().with(closed.clone());
        let (to, from) = std::sync::mpsc::channel::<()>();
        let worker = move || assert!(from.recv().is_err());
        tracing::subscriber::with_default(subscriber, || {
            let thread = info_span!("request").in_scope(|| thread::spawn(birthmark::root!(worker)));
            assert_eq!(*closed.0.lock().unwrap(), ["request"]);
            drop(to);
            thread.join().unwrap();
        });
        assert_eq!(closed.0.lock().unwrap().len(), 2);
    }
}
