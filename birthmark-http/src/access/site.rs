//! Detection of requests that a page of another origin has caused.
//!
//! A page elsewhere cannot read an answer, but each request costs the program work. Browsers say in `Sec-Fetch-…` who
//! has caused a request, and no page can change that ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)).
//!
//! | origin of the cause | answered |
//! | --- | --- |
//! | the user, or the page itself | documents, and what the page reads |
//! | any other, also one that differs by its port only | documents in a window of their own: the page always, data after a click |
//!
//! So links from elsewhere work, and neither frames, images and scripts nor windows that a script opens in a loop do.

use axum::http::HeaderMap;

use super::{Denial, Resource};

/// The header by which a browser says which origin has caused a request.
const SITE: &str = "sec-fetch-site";

/// The start of the `User-Agent` of all browsers.
const BROWSER: &str = "Mozilla/";

/// Refuses what the browser says another page has caused. Without a word of that, anything is answered.
pub(super) fn check(headers: &HeaderMap, resource: Resource) -> Result<(), Denial> {
    if is_prefetch(headers) {
        return Err(Denial::Prefetch);
    }
    let Some(site) = told(headers, SITE) else {
        return Ok(());
    };
    let is = |name, value| told(headers, name) == Some(value);
    let is_document = is("sec-fetch-dest", "document") && is("sec-fetch-mode", "navigate");
    let is_read = matches!(told(headers, "sec-fetch-dest"), None | Some("empty"));
    let is_wanted = resource == Resource::Page || is("sec-fetch-user", "?1");
    match site {
        "none" | "same-origin" if is_document || is_read => Ok(()),
        "same-site" | "cross-site" if is_document && is_wanted => Ok(()),
        _ => Err(Denial::OtherSite),
    }
}

/// Refuses a browser that does not say for which page it asks, since that may be any. Browsers say it to this machine.
/// Programs such as curl have no pages.
pub(super) fn check_browser(headers: &HeaderMap) -> Result<(), Denial> {
    let is_browser = told(headers, "user-agent").is_some_and(|agent| agent.starts_with(BROWSER));
    match is_browser && !headers.contains_key(SITE) {
        true => Err(Denial::UnknownSite),
        false => Ok(()),
    }
}

/// Returns `true` if the browser fetches in advance, perhaps because of a page elsewhere.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// The value of a header. One that is no text, or is there more than once, is none that anybody sends.
fn told<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().unwrap_or("?");
    Some(if values.next().is_some() { "?" } else { value })
}
