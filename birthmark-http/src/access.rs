//! The decision whether a request is answered.

mod denial;
mod direct;
mod site;

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

pub(crate) use denial::Denial;

use crate::query::Query;
use crate::token::Token;

/// The clients that are answered.
#[derive(Clone, Debug, Default)]
pub(crate) enum Access {
    /// Clients on the same machine.
    #[default]
    Loopback,
    /// Clients that send the token.
    Token(Token),
    /// All clients that reach the router.
    Anyone,
}

/// The kind of answer that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A text that is always the same.
    Page,
    /// Data of the program, which takes work to collect.
    Data,
}

impl Access {
    pub(crate) fn check(&self, request: &Parts, resource: Resource) -> Result<(), Denial> {
        match self {
            Access::Loopback => {
                check_peer(request)?;
                direct::check(request)?;
                check_host(request)?;
                site::check_browser(&request.headers)?;
                site::check(&request.headers, resource)
            }
            Access::Token(token) => check_token(token, request),
            // The guard elsewhere may know the browser, by a cookie, and not what has caused its request.
            Access::Anyone => site::check(&request.headers, resource),
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
