//! A page in headless Chromium, driven as WebDriver says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::PATIENCE;

pub enum Device {
    Desktop,
    /// One on which is measured for how long the page is busy.
    TracedDesktop,
    Phone,
}

pub struct Page {
    pub client: Client,
    driver: Driver,
}

/// Ends with this, also when a test fails.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the driver, and says where it listens. On a busy machine it was seen to end without having got a
/// port: then it is started again.
fn start_driver() -> (Driver, String) {
    let mut starts = (0..10).map(|_| try_to_start_driver());
    starts
        .find_map(|started| started)
        .expect("the driver listens")
}

fn try_to_start_driver() -> Option<(Driver, String)> {
    let driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver runs; on Debian it is in the package chromium-driver");
    let mut driver = Driver(driver);
    let lines = BufReader::new(driver.0.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        Some(port.trim_end_matches('.').to_owned())
    });
    Some((driver, format!("http://127.0.0.1:{}", port?)))
}

fn capabilities(device: &Device) -> Value {
    let mut options = json!({
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--window-size=1280,800", "--host-resolver-rules=MAP *.example 127.0.0.1",
        ],
    });
    if let Device::Phone = device {
        options["mobileEmulation"] = json!({
            "deviceMetrics": { "width": 390, "height": 800, "pixelRatio": 2.0, "touch": true },
        });
    }
    let mut logs = json!({ "browser": "ALL" });
    if let Device::TracedDesktop = device {
        logs["performance"] = "ALL".into();
        options["perfLoggingPrefs"] = json!({
            "enableNetwork": false, "enablePage": false,
            "traceCategories": "toplevel,disabled-by-default-devtools.timeline",
        });
    }
    json!({ "goog:chromeOptions": options, "goog:loggingPrefs": logs })
}

impl Page {
    pub async fn open(url: &str, device: Device) -> Page {
        let (driver, address) = start_driver();
        let Value::Object(capabilities) = capabilities(&device) else {
            unreachable!()
        };
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        let client = builder.connect(&address).await.expect("Chromium starts");
        client.goto(url).await.unwrap();
        Page { client, driver }
    }

    /// Fails if anything went wrong in the page: an exception, or what its policy forbids.
    pub async fn close(self) {
        self.close_but_for("nothing").await;
    }

    /// Does the same, and ignores messages of the console that contain this text.
    pub async fn close_but_for(self, expected: &str) {
        let log = self.client.issue_cmd(ReadLog("browser")).await.unwrap();
        let errors = log
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .filter(|entry| !entry["message"].as_str().unwrap().contains(expected));
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<&Value>::new());
        self.client.close().await.unwrap();
        drop(self.driver);
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub async fn text(&self, id: &str) -> String {
        let script = format!("return document.getElementById({id:?}).textContent");
        self.run(&script).await.as_str().unwrap().to_owned()
    }

    /// Waits until a text is in an element.
    pub async fn until(&self, id: &str, wanted: &str) {
        self.wait(
            &format!("return document.getElementById({id:?}).textContent"),
            wanted,
        )
        .await;
    }

    /// Waits until a text is in a row.
    pub async fn until_row(&self, wanted: &str) {
        let rows = "return [...document.querySelectorAll('.row:not([hidden])')] \
            .map((row) => row.textContent).join('\\n')";
        self.wait(rows, wanted).await;
    }

    pub async fn until_attribute(&self, selector: &str, name: &str, wanted: &str) {
        let script = format!("return document.querySelector({selector:?})?.getAttribute({name:?})");
        self.wait(&script, wanted).await;
    }

    pub async fn until_hidden(&self, id: &str) {
        let script = format!("return String(document.getElementById({id:?}).hidden)");
        self.wait(&script, "true").await;
    }

    pub async fn wait(&self, script: &str, wanted: &str) {
        let start = Instant::now();
        loop {
            let found = self.run(script).await;
            let found = found.as_str().unwrap_or("");
            if found.contains(wanted) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{wanted:?} does not come in\n{found}"
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub async fn count(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll({selector:?}).length");
        self.run(&script).await.as_u64().unwrap()
    }

    /// Clicks an element, which is scrolled to as a person would. The driver takes one whose edge is visible for visible.
    ///
    /// The page may replace the element after it was found, and then it is found again.
    pub async fn click(&self, selector: &str) {
        let script =
            format!("document.querySelector({selector:?})?.scrollIntoView({{ block: 'nearest' }})");
        let start = Instant::now();
        loop {
            self.run(&script).await;
            let element = self.client.find(Locator::Css(selector)).await.unwrap();
            match element.click().await {
                Err(error) if is_replaced(&error) && start.elapsed() < PATIENCE => {}
                clicked => return clicked.unwrap(),
            }
        }
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    pub async fn press_key(&self, name: &str) {
        let key = match name {
            "ArrowLeft" => Key::Left,
            "ArrowRight" => Key::Right,
            "End" => Key::End,
            "Enter" => Key::Enter,
            "Escape" => Key::Escape,
            "Home" => Key::Home,
            "Tab" => Key::Tab,
            other => panic!("no key {other}"),
        };
        self.press(&char::from(key).to_string()).await;
    }

    pub async fn type_into(&self, id: &str, text: &str) {
        let element = self.client.find(Locator::Id(id)).await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Searches by keys, waits until the summary says what is found, and goes on to the list.
    pub async fn search(&self, what: &str, found: &str) {
        self.press("/").await;
        self.type_into("search", what).await;
        self.until("summary", found).await;
        self.press_key("Enter").await;
    }

    /// Asks for a dump from within the page and waits for it.
    pub async fn read_once_more(&self, url: &str) {
        let script = "const [url, done] = arguments; fetch(url + 'json').then((r) => r.text()).then(() => done())";
        self.client
            .execute_async(script, vec![json!(url)])
            .await
            .unwrap();
    }

    pub async fn screenshot(&self, name: &str) {
        self.picture(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
            .await;
    }

    /// Writes a picture of the page into a folder.
    pub async fn picture(&self, folder: &Path, name: &str) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Says for how long the page's main thread was busy at a stretch, in CPU time: what else the machine
    /// does meanwhile does not count. It depends on the machine all the same, so nothing is asserted.
    pub async fn report_long_tasks(&self, of: &str) {
        let log = self.client.issue_cmd(ReadLog("performance")).await.unwrap();
        // Having ended a trace, the driver begins another when it is asked for the next.
        self.client.issue_cmd(ReadLog("performance")).await.unwrap();
        let events = log.as_array().unwrap().iter().filter_map(trace_event);
        let mut busy: Vec<u64> = events
            .filter(|event| event["name"] == "RunTask")
            .filter_map(|event| event["tdur"].as_u64())
            .collect();
        busy.sort_unstable_by(|a, b| b.cmp(a));
        let longest: Vec<u64> = busy.iter().take(5).map(|micros| micros / 1000).collect();
        let count = busy.iter().filter(|micros| **micros > 50_000).count();
        println!(
            "{of}: the longest of {} tasks took {longest:?} ms of CPU; {count} more than 50 ms",
            busy.len()
        );
    }
}

/// Returns `true` if the element of a command is no longer in the page.
fn is_replaced(error: &CmdError) -> bool {
    // The library has no name for the second.
    error.is_stale_element_reference() || error.to_string().contains("not interactable")
}

/// An entry of the performance log, if it is an event of a trace.
fn trace_event(entry: &Value) -> Option<Value> {
    let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
    let message = &message["message"];
    let is_event = message["method"] == "Tracing.dataCollected";
    is_event.then(|| message["params"].clone())
}

/// Returns the new entries of one of the browser's logs.
#[derive(Debug)]
struct ReadLog(&'static str);

impl fantoccini::wd::WebDriverCompatibleCommand for ReadLog {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": self.0 }).to_string()),
        )
    }
}
