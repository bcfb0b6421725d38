//! Whether a request is answered.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::query::Query;
use crate::token::Token;

/// Who may ask.
#[derive(Clone, Debug, Default)]
pub(crate) enum Access {
    /// Clients on the same machine.
    #[default]
    Loopback,
    /// Who knows the token.
    Token(Token),
    /// Who gets here.
    Anyone,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    NoToken,
    WrongToken,
    PeerUnknown,
    PeerElsewhere,
    Proxied,
    HostElsewhere,
    CrossSite,
}

impl Access {
    pub(crate) fn check(&self, request: &Parts) -> Result<(), Denial> {
        match self {
            Access::Loopback => {
                check_peer(request)?;
                check_proxy(&request.headers)?;
                check_host(request)?;
                check_site(&request.headers)
            }
            Access::Token(token) => check_token(token, request),
            Access::Anyone => Ok(()),
        }
    }
}

fn check_peer(request: &Parts) -> Result<(), Denial> {
    match request.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) if peer.ip().to_canonical().is_loopback() => Ok(()),
        Some(_) => Err(Denial::PeerElsewhere),
        None => Err(Denial::PeerUnknown),
    }
}

/// What proxies add. One on this machine passes on requests from anywhere, and may say that they are for a name
/// of this machine.
const OF_PROXIES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

fn check_proxy(headers: &HeaderMap) -> Result<(), Denial> {
    match OF_PROXIES.iter().any(|name| headers.contains_key(*name)) {
        true => Err(Denial::Proxied),
        false => Ok(()),
    }
}

/// A page elsewhere may have its own name resolved to this machine, and then read what is here as
/// its own. The browser still says which name it was. Where there is more than one, all must be right.
fn check_host(request: &Parts) -> Result<(), Denial> {
    let headers = request.headers.get_all(header::HOST).iter();
    let mut named = headers.map(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let is_named_here = |host: Option<Authority>| host.is_some_and(|host| is_here(host.host()));
    let target = request.uri.host();
    let any = target.is_some() || request.headers.contains_key(header::HOST);
    match any && target.is_none_or(is_here) && named.all(is_named_here) {
        true => Ok(()),
        false => Err(Denial::HostElsewhere),
    }
}

fn is_here(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// A page elsewhere may link here, but not load a dump as an image, again and again.
fn check_site(headers: &HeaderMap) -> Result<(), Denial> {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|sent| sent == value);
    if is("sec-fetch-site", "cross-site") && !is("sec-fetch-mode", "navigate") {
        return Err(Denial::CrossSite);
    }
    Ok(())
}

fn check_token(token: &Token, request: &Parts) -> Result<(), Denial> {
    let header = request.headers.get(header::AUTHORIZATION);
    let header = header.map(|value| value.to_str().unwrap_or("").split_once(' '));
    let sent = match header {
        Some(Some((scheme, sent))) if scheme.eq_ignore_ascii_case("bearer") => sent.trim(),
        Some(_) => return Err(Denial::WrongToken),
        None => Query::of(&request.uri).token().ok_or(Denial::NoToken)?,
    };
    match token.is(sent) {
        true => Ok(()),
        false => Err(Denial::WrongToken),
    }
}

impl Denial {
    /// Whether another token would help.
    pub(crate) fn is_about_token(self) -> bool {
        matches!(self, Denial::NoToken | Denial::WrongToken)
    }

    /// The cause and the remedy.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Denial::NoToken => {
                "a token is needed: send `Authorization: Bearer TOKEN`, or append `?token=TOKEN` in a browser"
            }
            Denial::WrongToken => "this is not the token that the program was given",
            Denial::PeerUnknown => {
                "the router is not told where requests come from, and so answers none: serve it with \
                 `into_make_service_with_connect_info::<SocketAddr>()`, or give it a token"
            }
            Denial::PeerElsewhere => {
                "only clients on the same machine are answered: use a tunnel (`ssh -L`), or have the \
                 program give birthmark-http a token"
            }
            Denial::Proxied => {
                "requests that come through a proxy may be anybody's, and are not answered: ask the program \
                 itself, or have it give birthmark-http a token"
            }
            Denial::HostElsewhere => {
                "only requests for a name of this machine are answered: use `localhost` or `127.0.0.1`, \
                 or have the program give birthmark-http a token"
            }
            Denial::CrossSite => "pages of other sites may link here, but not load what is here",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn names_of_this_machine_are_known() {
        for host in [
            "localhost",
            "LocalHost",
            "a.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "evillocalhost",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "10.0.0.1",
            "[::]",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }
}
