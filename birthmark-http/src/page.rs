//! The page: one answer without outside assets. The folder `page/` has its parts.

mod script;

use axum::body::Bytes;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

const STYLE: &str = include_str!("../page/style.css");

/// The policy that lets a browser run and load only the page's own parts, which it identifies by their digests. A
/// test compares the digests with the parts.
const POLICY: &str = concat!(
    "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; style-src 'sha256-",
    include_str!("../page/style.sha256"),
    "'; script-src 'sha256-",
    include_str!("../page/script.sha256"),
    "'",
);

/// The element that tells the script that native stacks may be taken.
const NATIVE_STACKS: &str = "<template id=\"native-stacks\"></template>\n";

/// Returns the name of this machine, if the system tells it.
pub(crate) fn host() -> Option<String> {
    // Linux only. The page has the host of its address instead.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Returns the element that tells the script the name of the machine.
fn host_element(host: Option<&str>) -> String {
    host.map_or_else(String::new, |host| {
        let host = host.replace('&', "&amp;").replace('"', "&quot;");
        format!("<template id=\"host\" data-name=\"{host}\"></template>\n")
    })
}

/// Returns the page. `host` is the name of the machine.
pub(crate) fn page(native_stacks: bool, host: Option<&str>) -> Bytes {
    let script = script::script();
    let parts = [
        include_str!("../page/head.html"),
        "<style>",
        STYLE,
        "</style>",
        include_str!("../page/body.html"),
        "<script type=\"module\">",
        &script,
        "</script>\n",
        if native_stacks { NATIVE_STACKS } else { "" },
        &host_element(host),
    ];
    Bytes::from(parts.concat())
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

    /// All modules are one script, which a browser refuses if two of them declare the same name.
    #[test]
    fn script_declares_each_name_once() {
        let mut names = std::collections::HashSet::new();
        for line in super::script::script().lines() {
            let words: Vec<&str> = line.split([' ', '(', '=', ';', '<']).collect();
            let name = match words[..] {
                ["const" | "let" | "class" | "function", name, ..] => name,
                ["async", "function", name, ..] => name,
                _ => continue,
            };
            assert!(
                name.starts_with(['{', '[']) || names.insert(name.to_owned()),
                "{name}"
            );
        }
        assert!(names.len() > 50);
    }

    /// After a change of the page, `BLESS=1 cargo test -p birthmark-http --lib page` writes the digests.
    #[test]
    fn policy_has_digests_of_the_page() {
        for (part, file, stored) in [
            (
                super::STYLE,
                "page/style.sha256",
                include_str!("../page/style.sha256"),
            ),
            (
                &super::script::script(),
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
                    "run `BLESS=1 cargo test -p birthmark-http --lib page`"
                );
            }
        }
    }

    #[test]
    fn host_cannot_end_its_attribute() {
        let page = super::page(false, Some("\"><b>&"));
        let page = std::str::from_utf8(&page).unwrap();
        assert!(page.contains("data-name=\"&quot;><b>&amp;\""));
    }

    #[test]
    fn page_names_no_outside_asset() {
        let page = super::page(true, Some("host"));
        let page = std::str::from_utf8(&page).unwrap();
        for outside in [
            "http:",
            "https:",
            "src=",
            "@import",
            "url(",
            "eval(",
            "innerHTML",
        ] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
