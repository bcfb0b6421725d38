//! Measurable properties of the page's appearance. Screenshots show the rest.

use birthmark_http::Options;
use serde_json::Value;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::{Program, Threads};

/// Texts whose contrast with what is behind them is below what WCAG 2 asks for at level AA, 4.5.
const TOO_FAINT: &str = r"
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const luminance = (colour) => {
        const [red, green, blue] = numbers(colour).map(linear);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const isClear = (colour) => colour === 'transparent' || (numbers(colour)[3] ?? 1) === 0;
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return isClear(colour) && element.parentElement ? behind(element.parentElement) : colour;
    };
    const contrast = (element, pseudo) => {
        const [light, dark] = [luminance(getComputedStyle(element, pseudo).color), luminance(behind(element))]
            .sort((a, b) => b - a);
        return (light + 0.05) / (dark + 0.05);
    };
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const isSeen = (element) => element.checkVisibility() && getComputedStyle(element).opacity === '1';
    const all = [...document.body.querySelectorAll('*')].filter((e) => hasText(e) && isSeen(e) && e.tagName !== 'SCRIPT');
    const texts = all.map((e) => [contrast(e), `${e.tagName}.${e.className} ${e.textContent}`]);
    const search = document.getElementById('search');
    texts.push([contrast(search, '::placeholder'), 'placeholder']);
    if (texts.length < 20) return [`only ${texts.length} texts`];
    return texts.filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => `${ratio.toFixed(2)} ${text}`);
";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn all_texts_have_contrast_in_the_light_and_in_the_dark() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(3, 3);
    let _threads = Threads::new();
    let options = Options::new().native_stacks();
    let server = birthmark_http::serve_with("127.0.0.1:0", options).unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("handle").await;
    page.press("m").await;
    program.leak(3);
    for theme in ["light", "dark"] {
        page.run(&format!(
            "document.documentElement.dataset.theme = '{theme}'"
        ))
        .await;
        for (keys, row) in [
            ("1", "handle"),
            ("2", "handle"),
            ("3", " ×"),
            ("4", "New (3)"),
            ("5", "unrecorded"),
        ] {
            page.press(keys).await;
            page.until_row(row).await;
            page.press("jj").await;
            page.press_key("Enter").await;
            page.run("return document.getAnimations().forEach((a) => a.finish())")
                .await;
            let faint = page.run(TOO_FAINT).await;
            assert_eq!(faint, Value::Array(Vec::new()), "{theme}, view {keys}");
            page.screenshot(&format!("{theme}-{keys}")).await;
            page.press_key("Escape").await;
            page.press_key("Escape").await;
        }
        page.press("?").await;
        page.press_key("Escape").await;
    }
    page.run("document.documentElement.style.setProperty('--faint', '#808080')")
        .await;
    let faint = page.run(TOO_FAINT).await;
    assert_ne!(
        faint,
        Value::Array(Vec::new()),
        "what is too faint is found"
    );
    page.close().await;
}

/// The states differ in shape, not only in colour.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn states_can_be_told_apart_without_colours() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("handle").await;
    let shape = async |state: &str| {
        let script = format!(
            "const e = document.createElement('bdi'); e.className = 'state {state}'; document.body.append(e); \
             const shape = getComputedStyle(e, '::before').content; e.remove(); return shape"
        );
        page.run(&script).await.as_str().unwrap().to_owned()
    };
    let mut shapes = Vec::new();
    for state in ["running", "suspended", "created", "stopped", "ended"] {
        shapes.push(shape(state).await);
    }
    let all = shapes.len();
    shapes.sort();
    shapes.dedup();
    assert_eq!(shapes.len(), all, "{shapes:?}");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn page_is_readable_on_a_phone_and_in_the_dark() {
    let _alone = ALONE.lock().await;
    let mut program = Program::new(3, 3);
    let _threads = Threads::new();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Phone).await;
    page.until_row("handle").await;
    page.screenshot("phone").await;
    let head = "return document.querySelector('nav').getBoundingClientRect().bottom / innerHeight";
    let head = page.run(head).await.as_f64().unwrap();
    assert!(head < 1.0 / 6.0, "the head takes {head} of the screen");
    page.click("#mark").await;
    program.leak(3);
    for (view, row) in [
        ("table", "handle"),
        ("groups", " ×"),
        ("compare", "New (3)"),
        ("threads", "unrecorded"),
        ("tree", "handle"),
    ] {
        page.click(&format!("[data-view={view}]")).await;
        page.until_row(row).await;
        is_not_too_wide(&page).await;
        is_on_two_lines(&page).await;
        page.screenshot(&format!("phone-{view}")).await;
    }
    page.click(".row:nth-child(6)").await;
    page.until("details", "Lineage").await;
    is_not_too_wide(&page).await;
    page.click("#theme").await;
    page.screenshot("phone-details-other-theme").await;
    // Large enough for a finger: WCAG 2.2 asks for 24 pixels.
    let small = "return [...document.querySelectorAll('button, input')].filter((e) => e.checkVisibility()) \
        .filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.textContent)";
    assert_eq!(page.run(small).await, Value::Array(Vec::new()));
    page.click("#details .close").await;
    page.screenshot("phone-other-theme").await;
    page.close().await;
}

/// No row has more in it than it is high, which would be on top of the next.
async fn is_on_two_lines(page: &Page) {
    let too_high = "return [...document.querySelectorAll('.row:not([hidden])')] \
        .filter((row) => [...row.children].some((cell) => cell.offsetTop < 0)).map((row) => row.textContent)";
    assert_eq!(page.run(too_high).await, Value::Array(Vec::new()));
}

/// Nothing is cut off.
async fn is_not_too_wide(page: &Page) {
    let too_wide = "return document.documentElement.scrollWidth > window.innerWidth";
    assert_eq!(page.run(too_wide).await, Value::Bool(false));
}
