//! What answering may cost the program at a time.

use crate::stream::{PATIENCE, Patience};

/// How much is done at a time, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Dumps, each of which holds a snapshot of all tasks.
    pub(crate) dumps: usize,
    /// Comparisons, each of which holds two.
    pub(crate) diffs: usize,
    /// Requests that wait for their turn. Who comes later is told to come again.
    pub(crate) waiting: usize,
    /// How slow clients may be.
    pub(crate) patience: Patience,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            dumps: 4,
            diffs: 2,
            waiting: 128,
            patience: PATIENCE,
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

    use super::{Limits, Patience};
    use crate::options::Options;
    use crate::router;
    use crate::server::{self, Server};

    type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// For ever.
    const PATIENT: Patience = Patience {
        stall: Duration::MAX,
        lease: Duration::MAX,
        rate: 0,
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

    fn serve(dumps: usize, waiting: usize, patience: Patience) -> Server {
        let limits = Limits {
            dumps,
            waiting,
            patience,
            ..Limits::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        server::start(listener, router::whole(Options::new(), limits)).unwrap()
    }

    /// A client that reads the head of its answer, and nothing more.
    fn hold_a_turn(server: &Server) -> TcpStream {
        let mut stream = TcpStream::connect(server.local_addr()).unwrap();
        let request = "GET /debug/birthmark/text HTTP/1.1\r\nHost: localhost\r\n\r\n";
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
    fn who_finds_no_turn_is_told_when_to_come_again() {
        let held = many();
        let server = serve(2, 0, PATIENT);
        let slow = [hold_a_turn(&server), hold_a_turn(&server)];
        for path in ["json", "text?role=nobody", "pprof"] {
            let refused = get(&server, path);
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(refused.headers()["retry-after"], "30");
            let why = refused.text().unwrap();
            assert_eq!(
                why,
                "too many others wait for a dump; try again in 30 seconds\n"
            );
        }
        // What needs no turn is answered all the same.
        for path in ["", "metrics", "diff?seconds=1&role=nobody"] {
            assert_eq!(get(&server, path).status(), StatusCode::OK, "{path}");
        }
        drop(slow);
        while get(&server, "text?role=nobody").status() != StatusCode::OK {}
        drop(held);
    }

    #[test]
    fn who_takes_nothing_loses_the_turn() {
        let held = many();
        let at_once = Patience {
            stall: Duration::ZERO,
            ..PATIENT
        };
        let server = serve(1, 0, at_once);
        let slow = hold_a_turn(&server);
        while get(&server, "text?role=nobody").status() != StatusCode::OK {}
        assert!(is_cut_off(slow));
        drop(held);
    }

    #[test]
    fn who_is_slow_loses_the_turn_to_the_first_who_waits() {
        let held = many();
        let if_wanted = Patience {
            lease: Duration::ZERO,
            rate: u64::MAX,
            ..PATIENT
        };
        let server = serve(1, 1, if_wanted);
        let slow = hold_a_turn(&server);
        assert_eq!(get(&server, "text?role=nobody").status(), StatusCode::OK);
        assert!(is_cut_off(slow));
        drop(held);
    }
}
