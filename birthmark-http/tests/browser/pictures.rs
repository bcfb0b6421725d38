//! The pictures of the guide.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::chromium::{Device, Page};

/// The time for which the program runs before a picture of its last minutes.
const MINUTES: Duration = Duration::from_secs(60);

/// Ends with this, also when a test fails.
struct Shop(Child);

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes the pictures: `cargo test -p birthmark-http --test browser pictures -- --ignored`. The example has to be built.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "writes the pictures of the guide, in minutes"]
async fn pictures_of_the_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = root.join("docs/guide/images");
    std::fs::create_dir_all(&folder).unwrap();
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("debug");
    let example = built.join("examples/http_page");
    let mut shop = Command::new(example)
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo build -p birthmark-examples --example http_page` has built the example");
    let mut line = String::new();
    BufReader::new(shop.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let _shop = Shop(shop);
    let url = line.trim().strip_prefix("open ").unwrap();

    let page = Page::open(url, Device::Desktop).await;
    page.press("3").await;
    tokio::time::sleep(MINUTES).await;
    page.until_row("courier").await;
    page.picture(&folder, "groups").await;
    page.run("document.documentElement.dataset.theme = 'dark'")
        .await;
    page.press("2").await;
    page.search("role:courier name:\"order 5\"", " of ").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "Lineage").await;
    page.click("#details .links button:last-child").await;
    page.until_attribute(".row[aria-selected=true]", "aria-selected", "true")
        .await;
    page.picture(&folder, "tree").await;
    page.close().await;
}
