//! The page: one answer that needs nothing from elsewhere. Its parts are in the folder `page`.

use axum::body::Bytes;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

macro_rules! style {
    () => {
        include_str!("../page/style.css")
    };
}

/// In the order of who uses whom.
macro_rules! script {
    () => {
        concat!(
            include_str!("../page/text.js"),
            include_str!("../page/read.js"),
            include_str!("../page/snapshot.js"),
            include_str!("../page/labels.js"),
            include_str!("../page/search.js"),
            include_str!("../page/columns.js"),
            include_str!("../page/rows.js"),
            include_str!("../page/alike.js"),
            include_str!("../page/tree.js"),
            include_str!("../page/compare.js"),
            include_str!("../page/views.js"),
            include_str!("../page/list.js"),
            include_str!("../page/details.js"),
            include_str!("../page/thread-details.js"),
            include_str!("../page/state.js"),
            include_str!("../page/threads.js"),
            include_str!("../page/remote.js"),
            include_str!("../page/draw.js"),
            include_str!("../page/address.js"),
            include_str!("../page/actions.js"),
            include_str!("../page/keys.js"),
            include_str!("../page/page.js"),
        )
    };
}

const PAGE: &str = concat!(
    include_str!("../page/head.html"),
    "<style>",
    style!(),
    "</style>",
    include_str!("../page/body.html"),
    "<script type=\"module\">",
    script!(),
    "</script>\n",
);

/// Nothing runs and nothing is loaded but what is in the page itself, which a browser knows by its
/// digests: [`tests`] say them anew after a change.
const POLICY: &str = concat!(
    "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; style-src 'sha256-",
    include_str!("../page/style.sha256"),
    "'; script-src 'sha256-",
    include_str!("../page/script.sha256"),
    "'",
);

/// By which the page knows that native stacks may be asked for.
const NATIVE_STACKS: &str = "<template id=\"native-stacks\"></template>\n";

/// Makes the page.
pub(crate) fn page(native_stacks: bool) -> Bytes {
    match native_stacks {
        true => Bytes::from([PAGE, NATIVE_STACKS].concat()),
        false => Bytes::from_static(PAGE.as_bytes()),
    }
}

pub(crate) fn answer(page: Bytes) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    (headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    /// After a change of the page, `BLESS=1 cargo test -p birthmark-http page` writes the digests.
    #[test]
    fn the_policy_allows_what_is_in_the_page() {
        for (part, file, stored) in [
            (
                style!(),
                "page/style.sha256",
                include_str!("../page/style.sha256"),
            ),
            (
                script!(),
                "page/script.sha256",
                include_str!("../page/script.sha256"),
            ),
        ] {
            let digest = BASE64_STANDARD.encode(Sha256::digest(part));
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(file, &digest).unwrap();
            } else {
                assert_eq!(
                    digest, stored,
                    "run `BLESS=1 cargo test -p birthmark-http page`"
                );
            }
        }
    }

    #[test]
    fn nothing_in_the_page_is_from_elsewhere() {
        for outside in [
            "http:",
            "https:",
            "src=",
            "@import",
            "url(",
            "eval(",
            "innerHTML",
        ] {
            assert!(!super::PAGE.contains(outside), "{outside}");
        }
    }
}
