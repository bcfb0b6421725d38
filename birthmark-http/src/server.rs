//! A server that needs no executor of the program's.

mod connection;

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::process;
use std::sync::mpsc;
use std::thread::JoinHandle;

use axum::Router;
use birthmark::extension::spawn_internal_thread;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::access::Access;
use crate::error::ServeError;
use crate::limits::Limits;
use crate::options::Options;
use crate::paths::ROOT;
use crate::router;

const STACK: usize = 1024 * 1024;

/// A server that runs until it is dropped.
#[derive(Debug)]
#[must_use = "the server stops when this is dropped; keep it, or call `detach`"]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The one that has the thread. The child of a fork has the handle, too, but nobody to wait for.
    process: u32,
}

/// Serves the paths under `/debug/birthmark/`, and `/metrics`, to clients on the same machine.
///
/// The server runs on a thread of its own, named `birthmark-http`, so it answers even when the program's executors
/// hang. A thread named `birthmark-send` writes each dump. Dumps do not count these threads.
///
/// The child of a `fork` has no server until it starts one on another port. The parent keeps its own.
///
/// # Errors
///
/// Returns an error if the address is not a loopback address, if the port is in use, or if the system cannot start a
/// thread.
///
/// # Examples
///
/// The server runs as long as the program. If the port is in use, the program runs without it:
///
/// ```no_run
/// match birthmark_http::serve("127.0.0.1:6060") {
///     Ok(server) => server.detach(),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
pub fn serve(address: impl ToSocketAddrs) -> Result<Server, ServeError> {
    serve_with(address, Options::new())
}

/// Serves the same paths as [`serve`], to the clients that `options` allow.
///
/// # Errors
///
/// Returns the errors of [`serve`]. With a token, any address is allowed.
pub fn serve_with(address: impl ToSocketAddrs, options: Options) -> Result<Server, ServeError> {
    let listener = listen(address, &options)?;
    let router = router::standalone(options, Limits::default());
    start(listener, router).map_err(ServeError::Thread)
}

pub(crate) fn start(listener: TcpListener, router: Router) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let thread = start_thread(listener, router, stopped)?;
    Ok(Server {
        address,
        stop: Some(stop),
        thread: Some(thread),
        process: process::id(),
    })
}

fn listen(address: impl ToSocketAddrs, options: &Options) -> Result<TcpListener, ServeError> {
    let addresses = address.to_socket_addrs().map_err(ServeError::Resolve)?;
    let mut last = ServeError::Resolve(io::Error::other("there is no such address"));
    for address in addresses {
        if !address.ip().is_loopback() && !matches!(options.access, Access::Token(_)) {
            return Err(ServeError::NonLoopbackWithoutToken(address));
        }
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = ServeError::Listen(address, error),
        }
    }
    Err(last)
}

/// Starts the thread, and waits until it answers. The runtime belongs to the thread alone: it must not be
/// dropped in a task of another.
fn start_thread(
    listener: TcpListener,
    router: Router,
    stopped: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let (started, starts) = mpsc::channel();
    let thread = spawn_internal_thread("birthmark-http", STACK, move || {
        let (runtime, result) = match listen_on(listener, router) {
            Ok(runtime) => (Some(runtime), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let _ = started.send(result);
        if let Some(runtime) = runtime {
            run(&runtime, stopped);
        }
    })?;
    let result = starts.recv();
    result.unwrap_or_else(|_| Err(io::Error::other("it has panicked")))?;
    Ok(thread)
}

/// A runtime on which the listener answers.
fn listen_on(listener: TcpListener, router: Router) -> io::Result<Runtime> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let entered = runtime.enter();
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::spawn(connection::accept(listener, router));
    drop(entered);
    Ok(runtime)
}

/// Until it is told to stop. If the handle is gone without that, it was detached.
fn run(runtime: &Runtime, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        if stopped.await.is_err() {
            pending::<()>().await;
        }
    });
}

impl Server {
    /// Returns the address of the server, with the port that the system has chosen for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the page, for a browser on this machine.
    pub fn url(&self) -> String {
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}{ROOT}")
    }

    /// Keeps the server for the life of the program.
    pub fn detach(mut self) {
        self.stop = None;
        self.thread = None;
    }
}

/// Stops the server, frees the port and closes connections.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The send fails if the thread has ended, which serves as well.
            let _ = stop.send(());
        }
        let thread = self.thread.take();
        if let Some(thread) = thread.filter(|_| self.process == process::id()) {
            let _ = thread.join();
        }
    }
}
