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
    Exposed(SocketAddr),
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
                "failed to read the address to serve birthmark on: {error}; write one as in 127.0.0.1:6060"
            ),
            ServeError::Exposed(address) => write!(
                f,
                "refused to serve birthmark on {address}, which other machines may reach; use \
                 127.0.0.1:{}, or give a token with `serve_with`",
                address.port()
            ),
            ServeError::Listen(address, error) => {
                write!(
                    f,
                    "failed to serve birthmark on {address}: {error}; {}",
                    remedy(error)
                )
            }
            ServeError::Thread(error) => write!(
                f,
                "failed to start the thread that serves birthmark: {error}; look at the limits on \
                 threads and open files"
            ),
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "does the program run twice? Choose another port, or 0 for any that is free"
        }
        io::ErrorKind::PermissionDenied => "choose a port from 1024 on",
        io::ErrorKind::AddrNotAvailable => {
            "choose an address that this machine has, such as 127.0.0.1"
        }
        _ => "try 127.0.0.1 and another port",
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServeError::Resolve(error)
            | ServeError::Listen(_, error)
            | ServeError::Thread(error) => Some(error),
            ServeError::Exposed(_) => None,
        }
    }
}
