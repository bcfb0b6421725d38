//! Metrics, scraped by a real Prometheus.

use birthmark_test_support as _;

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use birthmark_http::{Server, serve_with};
use serde_json::Value;
use support::{client, header, lasting};

const TOKEN: &str = "0123456789abcdef";

/// How long Prometheus may take to start and to scrape, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends with this, also when a test fails.
struct Prometheus {
    process: Child,
    api: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// Scrapes the server every second, with its token.
    fn start(server: &Server) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let port = server.local_addr().port();
        let config = format!(
            "scrape_configs:\n- job_name: birthmark\n  scrape_interval: 1s\n  \
             authorization: {{ credentials: {TOKEN} }}\n  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"
        );
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        // Between here and its start, nobody else is likely to be given the port.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        Prometheus {
            process: command(&folder, &address.to_string()).spawn().unwrap(),
            api: format!("http://{address}/api/v1/"),
        }
    }

    /// Returns the answer of Prometheus to a query, as soon as it is not empty.
    fn value(&self, query: &str) -> String {
        let url = format!("{}query?query={query}", self.api);
        let start = Instant::now();
        loop {
            let answer = client().get(&url).send().and_then(|answer| answer.text());
            let answer: Value =
                serde_json::from_str(&answer.unwrap_or_default()).unwrap_or_default();
            if let Some(value) = answer["data"]["result"][0]["value"][1].as_str() {
                return value.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{query}: {answer}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn command(folder: &Path, address: &str) -> Command {
    let mut command = Command::new("prometheus");
    command
        .current_dir(folder)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
        .arg(format!("--web.listen-address={address}"))
        .stderr(Stdio::null());
    command
}

#[test]
fn prometheus_scrapes_all_metrics() {
    let options = birthmark_http::Options::new().token(TOKEN.parse().unwrap());
    let server = serve_with("127.0.0.1:0", options).unwrap();
    let held = lasting(7);
    let prometheus = Prometheus::start(&server);
    let live = "birthmark_tasks{role=%22lasting::{async}%22,kind=%22future%22}";
    assert_eq!(prometheus.value(live), "7");
    assert_eq!(prometheus.value("up"), "1");
    assert_eq!(prometheus.value("birthmark_enabled"), "1");
    drop(held);
}

/// Prometheus prefers newer formats, and takes this one, which has all of these metrics. Without a media type it would
/// refuse the answer.
#[test]
fn prometheus_3_is_answered_in_a_format_that_it_takes() {
    let server = support::serve();
    let accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                  application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;\
                  escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let request = client()
        .get(server.url() + "metrics")
        .header("Accept", accept);
    let response = request.send().unwrap();
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(header(&response, "content-type"), media_type);
    assert!(response.text().unwrap().ends_with('\n'));
}
