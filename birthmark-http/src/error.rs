//! Why a server does not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// An error of [`serve`](crate::serve). Its text contains advice.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be parsed or resolved.
    Resolve(io::Error),
    /// Other machines could reach the address, and no token was given.
    NonLoopbackWithoutToken(SocketAddr),
    /// The system does not allow the program to listen on the address.
    Listen(SocketAddr, io::Error),
    /// The system cannot start a thread, or the thread cannot wait for requests.
    Thread(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Resolve(error) => write!(
                f,
                "cannot resolve the address for birthmark: {error}\nhelp: write it as in 127.0.0.1:6060"
            ),
            ServeError::NonLoopbackWithoutToken(address) => write!(
                f,
                "cannot serve birthmark on {address} without a token: other machines may reach the address\n\
                 help: use 127.0.0.1:{}, or pass a token to `serve_with`",
                address.port()
            ),
            ServeError::Listen(address, error) => write!(
                f,
                "cannot serve birthmark on {address}: {error}\nhelp: {}",
                help(error)
            ),
            ServeError::Thread(error) => write!(
                f,
                "cannot start the thread of birthmark's server: {error}\n\
                 help: raise the limits on threads and open files"
            ),
        }
    }
}

fn help(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "choose another port, or port 0 for a free one; the program may run twice"
        }
        io::ErrorKind::PermissionDenied => "choose a port from 1024 on",
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine, such as 127.0.0.1",
        _ => "try 127.0.0.1 and another port",
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServeError::Resolve(error)
            | ServeError::Listen(_, error)
            | ServeError::Thread(error) => Some(error),
            ServeError::NonLoopbackWithoutToken(_) => None,
        }
    }
}
