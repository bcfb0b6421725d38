//! Why a request is not answered.

use std::fmt;

use axum::http::HeaderName;

/// Why a request is not answered. Displays the cause and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    NoToken,
    WrongToken,
    PeerUnknown,
    PeerElsewhere,
    /// The version of HTTP is one that proxies use, and clients do not.
    OldVersion,
    /// Clients do not send this header, so a proxy may have added it.
    ForeignHeader(HeaderName),
    HostElsewhere,
    /// The browser works for a page of another origin.
    OtherSite,
    /// The browser asks before anybody has asked it.
    Prefetch,
    /// The browser does not say which page it works for.
    UnknownSite,
}

impl Denial {
    /// Returns `true` if another token would help.
    pub(crate) fn is_about_token(&self) -> bool {
        matches!(self, Denial::NoToken | Denial::WrongToken)
    }

    fn cause(&self) -> &'static str {
        match self {
            Denial::NoToken => "it has no token",
            Denial::WrongToken => "its token is not the token of the program",
            Denial::PeerUnknown => "the router does not know the address of the client",
            Denial::PeerElsewhere => "the client is not on this machine",
            Denial::OldVersion => {
                "it uses HTTP/1.0, as proxies do, and the client may be on another machine"
            }
            Denial::ForeignHeader(_) => {
                "browsers, curl and scrapers do not send this header, so a proxy may have forwarded the request from \
                 another machine"
            }
            Denial::HostElsewhere => "its Host is not a name of this machine",
            Denial::OtherSite => "a page of another origin has caused it",
            Denial::Prefetch => "the browser sent it before the page was opened",
            Denial::UnknownSite => "the browser does not report which page has caused it",
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Denial::NoToken => {
                "send `Authorization: Bearer TOKEN`, or append `?token=TOKEN` to the address in a browser"
            }
            Denial::WrongToken => "send the token of the program",
            Denial::PeerUnknown => {
                "serve the router with `into_make_service_with_connect_info::<SocketAddr>()`, or give it a token"
            }
            Denial::PeerElsewhere => "use a tunnel (`ssh -L`), or set a token in the program",
            Denial::OldVersion => {
                "send the request directly, in HTTP/1.1, or set a token in the program"
            }
            Denial::ForeignHeader(_) => {
                "send the request without this header, or set a token in the program"
            }
            Denial::HostElsewhere => {
                "use `localhost` or `127.0.0.1`, or set a token in the program"
            }
            Denial::OtherSite => {
                "open the address in a window of its own, by a click or from the address bar"
            }
            Denial::Prefetch => "open the page",
            Denial::UnknownSite => {
                "use a browser of 2024 or later, use curl, or set a token in the program"
            }
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot answer this request")?;
        if let Denial::ForeignHeader(name) = self {
            write!(f, " with the header `{name}`")?;
        }
        write!(f, ": {}\nhelp: {}", self.cause(), self.remedy())
    }
}
