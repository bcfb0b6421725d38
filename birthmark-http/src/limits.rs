//! Limits on the work of a server at a time.

use crate::budget::Budget;
use crate::stream::SlowClientPolicy;

/// How much is done at a time, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Dumps, each of which holds a snapshot of all tasks.
    pub(crate) dumps: usize,
    /// Comparisons, each of which holds two.
    pub(crate) diffs: usize,
    /// Requests that wait for their permit. Who comes later is told to come again.
    pub(crate) waiting: usize,
    /// How slow clients may be.
    pub(crate) slow_clients: SlowClientPolicy,
    /// How much work each may be.
    pub(crate) budget: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            dumps: 4,
            diffs: 2,
            waiting: 128,
            slow_clients: SlowClientPolicy::DEFAULT,
            budget: Budget::DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::pin::Pin;
    use std::time::Duration;

    use reqwest::StatusCode;
    use reqwest::blocking::{Client, Response};

    use super::{Budget, Limits, SlowClientPolicy};
    use crate::options::Options;
    use crate::permits::Permits;
    use crate::router;
    use crate::server::{self, Server};
    use crate::stream::{Sink, stream};

    type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// For ever.
    const UNLIMITED: SlowClientPolicy = SlowClientPolicy {
        stall_timeout: Duration::MAX,
        grace: Duration::MAX,
        min_rate: 0,
    };

    fn spawn<T>(task: T) -> T {
        task
    }

    /// So many tasks that no buffer on the way has room for a dump of them.
    #[birthmark::instrument]
    fn many() -> Vec<Held> {
        let one = |_| Box::pin(spawn(async { pending().await })) as Held;
        (0..200_000).map(one).collect()
    }

    fn serve(dumps: usize, waiting: usize, slow_clients: SlowClientPolicy) -> Server {
        serve_with(Limits {
            dumps,
            waiting,
            slow_clients,
            ..Limits::default()
        })
    }

    fn serve_with(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        server::start(listener, router::standalone(Options::new(), limits)).unwrap()
    }

    /// A client that reads the head of its answer, and nothing more.
    fn hold_a_turn(server: &Server) -> TcpStream {
        let mut stream = TcpStream::connect(server.local_addr()).unwrap();
        let request = "GET /debug/birthmark/json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        stream
    }

    fn get(server: &Server, path: &str) -> Response {
        let client = Client::builder().no_proxy().build().unwrap();
        client.get(server.url() + path).send().unwrap()
    }

    fn is_cut_off(mut slow: TcpStream) -> bool {
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).is_err() || !rest.ends_with(b"0\r\n\r\n")
    }

    #[test]
    fn request_without_a_permit_is_told_when_to_retry() {
        let held = many();
        let server = serve(2, 0, UNLIMITED);
        let slow = [hold_a_turn(&server), hold_a_turn(&server)];
        for path in ["json", "text?role=nobody", "pprof"] {
            let refused = get(&server, path);
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(refused.headers()["retry-after"], "30");
            let why = refused.text().unwrap();
            assert_eq!(
                why,
                "cannot write the dump now: too many others wait for one\nhelp: try again in 30 seconds\n"
            );
        }
        // Paths that need no permit are answered.
        for path in ["", "metrics", "diff?seconds=1&role=nobody"] {
            assert_eq!(get(&server, path).status(), StatusCode::OK, "{path}");
        }
        drop(slow);
        while get(&server, "text?role=nobody").status() != StatusCode::OK {}
        drop(held);
    }

    #[test]
    fn request_beyond_its_budget_is_refused() {
        let budget = Budget {
            base: Duration::ZERO,
            per_task: Duration::ZERO,
        };
        let server = serve_with(Limits {
            budget,
            ..Limits::default()
        });
        for path in ["text?name=*a*b*c", "json", "groups", "diff?seconds=1"] {
            let refused = get(&server, path);
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            let why = refused.text().unwrap();
            assert!(
                why.contains("more CPU time than ") && why.contains("\nhelp: "),
                "{why}"
            );
        }
        assert_eq!(get(&server, "metrics").status(), StatusCode::OK);
    }

    /// A client that has gone is noticed before anything was written to it.
    #[test]
    fn work_ends_when_its_client_closes_the_connection() {
        let (to, from) = std::sync::mpsc::channel();
        let permits = std::sync::Arc::new(Permits::new(1, 0));
        let handler = async move || {
            let permit = permits.take().await.unwrap();
            let work = move |out: &mut Sink| {
                to.send(Ok(())).unwrap();
                let watch = out.watch();
                let error = loop {
                    if let Err(error) = watch.check() {
                        break error;
                    }
                };
                to.send(Err(error.kind())).unwrap();
                Err(error)
            };
            let body = stream(UNLIMITED, Budget::ENDLESS, permit, work).await;
            drop(body);
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let router = axum::Router::new().route("/", axum::routing::get(handler));
        let server = server::start(listener, router).unwrap();
        let mut client = TcpStream::connect(server.local_addr()).unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let a_minute = Duration::from_secs(60);
        assert_eq!(from.recv_timeout(a_minute), Ok(Ok(())), "the work begins");
        drop(client);
        let end = from.recv_timeout(a_minute);
        assert_eq!(
            end,
            Ok(Err(std::io::ErrorKind::BrokenPipe)),
            "the work ends"
        );
    }

    #[test]
    fn stalled_client_loses_its_permit() {
        let held = many();
        let at_once = SlowClientPolicy {
            stall_timeout: Duration::ZERO,
            ..UNLIMITED
        };
        let server = serve(1, 0, at_once);
        let slow = hold_a_turn(&server);
        while get(&server, "text?role=nobody").status() != StatusCode::OK {}
        assert!(is_cut_off(slow));
        drop(held);
    }

    #[test]
    fn slow_client_loses_its_permit_to_the_first_waiter() {
        let held = many();
        let if_wanted = SlowClientPolicy {
            grace: Duration::ZERO,
            min_rate: u64::MAX,
            ..UNLIMITED
        };
        let server = serve(1, 1, if_wanted);
        let slow = hold_a_turn(&server);
        assert_eq!(get(&server, "text?role=nobody").status(), StatusCode::OK);
        assert!(is_cut_off(slow));
        drop(held);
    }
}
