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
    /// Whether another token would help.
    pub(crate) fn is_about_token(&self) -> bool {
        matches!(self, Denial::NoToken | Denial::WrongToken)
    }

    fn cause(&self) -> &'static str {
        match self {
            Denial::NoToken => "it has no token",
            Denial::WrongToken => "its token is not the one that the program was given",
            Denial::PeerUnknown => "the router is not told which address it comes from",
            Denial::PeerElsewhere => "it does not come from this machine",
            Denial::OldVersion => {
                "it is in HTTP/1.0, as a proxy sends it on for somebody who may be on another machine"
            }
            Denial::ForeignHeader(_) => {
                "browsers, curl and scrapers do not send this header, so a proxy may have sent the request on for \
                 somebody on another machine"
            }
            Denial::HostElsewhere => "its Host is no name of this machine",
            Denial::OtherSite => "a page of another origin has caused it",
            Denial::Prefetch => "the browser sends it in advance, and nobody has opened the page",
            Denial::UnknownSite => "this browser does not say which page has caused it",
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Denial::NoToken => {
                "send `Authorization: Bearer TOKEN`, or append `?token=TOKEN` to the address in a browser"
            }
            Denial::WrongToken => "send the token that the program was given",
            Denial::PeerUnknown => {
                "serve the router with `into_make_service_with_connect_info::<SocketAddr>()`, or give it a token"
            }
            Denial::PeerElsewhere => {
                "use a tunnel (`ssh -L`), or have the program give birthmark-http a token"
            }
            Denial::OldVersion => {
                "ask the program itself in HTTP/1.1, or have it give birthmark-http a token"
            }
            Denial::ForeignHeader(_) => {
                "ask the program itself without this header, or have it give birthmark-http a token"
            }
            Denial::HostElsewhere => {
                "ask for `localhost` or `127.0.0.1`, or have the program give birthmark-http a token"
            }
            Denial::OtherSite => {
                "open the address in a window of its own, by a click or from the address bar"
            }
            Denial::Prefetch => "open the page",
            Denial::UnknownSite => {
                "use a browser of 2024 or later, curl, or have the program give birthmark-http a token"
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
