//! Patterns by which sites are chosen.

use birthmark_core::Site;

/// A pattern of crates, modules and functions, in which `*` is any text: `reqwest*`, `hyper_util::client*`, `sqlx-core`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Pattern(with_underscores(text))
    }

    /// Returns `true` if the pattern fits the crate of a site, or its module with the function.
    pub(crate) fn fits(&self, site: &Site) -> bool {
        let module = site.module_path();
        let krate = module.split("::").next().unwrap_or(module);
        fits(&self.0, krate) || fits(&self.0, &format!("{module}::{}", site.function()))
    }
}

/// A package may have `-` where its crate has `_`.
fn with_underscores(text: &str) -> String {
    text.replace('-', "_")
}

fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let Some((middle, end)) = rest.rsplit_once('*') else {
        return text.ends_with(rest);
    };
    for part in middle.split('*') {
        match text.split_once(part) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use birthmark_core::Kind;

    #[test]
    fn pattern_fits_crates_modules_and_functions() {
        let texts = [
            "src/client.rs",
            "hyper_util::client::legacy",
            "Client::connect_to",
            "execute",
            "connect_to",
        ];
        let site = Site::copied(texts, [1, 1], Kind::Future, true);
        for pattern in [
            "hyper-util",
            "hyper_util",
            "hyper*",
            "*",
            "**",
            "hyper-util::client*",
            "*connect_to",
            "hyper*legacy*Client*to",
        ] {
            assert!(Pattern::new(pattern).fits(&site), "{pattern}");
        }
        for pattern in ["", "hyper", "client", "hyper*server*", "*legacy", "h*x*l"] {
            assert!(!Pattern::new(pattern).fits(&site), "{pattern}");
        }
    }
}
