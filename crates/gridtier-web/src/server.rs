//! The server: it listens, limits the cost of each connection, and on a request to stop finishes the answers that it
//! has begun.

use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::store::{Store, StoreError};
use gridtier_io::system::system_error;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use signal_hook::consts::TERM_SIGNALS;
use signal_hook::iterator::Signals;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::guard::Guard;
use crate::pages;
use crate::routes::router;
use crate::settings::{Settings, SettingsError};
use crate::view::View;

/// Maximum number of open connections. Further ones wait.
const CONNECTIONS: usize = 512;
/// Maximum number of headers in a request, and maximum length of a request's head in bytes.
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 16 * 1024;
/// Maximum time for the head of a request. It starts with the connection or the previous answer.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// Maximum time for unfinished answers after a request to stop.
const FAREWELL: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted, for example because no file handle was free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Number of threads that make pages. Further requests wait for a free one.
const THREADS: usize = 16;

/// Why the view is not served.
#[derive(Debug)]
pub enum ServeError {
    /// The settings would open the store to people without a token.
    Settings(SettingsError),
    /// The store cannot be opened.
    Store(StoreError),
    /// The server cannot listen on the address.
    Address(SocketAddr, io::Error),
    /// The operating system provides no threads, signals or random numbers.
    System(io::Error),
}

impl ServeError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Settings(error) => error.text(),
            Self::Store(error) => error.text(),
            Self::Address(address, error) => {
                let error = system_error(error);
                text!(
                    "the server cannot listen on {address}: {error}; choose another port, or 0 for a free one",
                    "无法监听 {address}: {error}; 请换一个端口, 或用 0 自动选取空闲端口";
                    error
                )
            }
            Self::System(error) => {
                let error = system_error(error);
                text!("the server cannot be started: {error}", "无法启动服务: {error}"; error)
            }
        }
    }
}

impl Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for ServeError {}

/// Stops a server from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Asks the server to stop once it has finished the answers that it has begun.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// A server that listens but does not answer yet.
pub struct Server {
    listener: std::net::TcpListener,
    address: SocketAddr,
    router: Router,
    stopper: Stopper,
    view: Arc<View>,
}

impl Server {
    /// Listens on the address of the settings.
    ///
    /// # Errors
    /// The settings would open the store to people without a token, the store cannot be opened, the server cannot listen on
    /// the address, or the operating system provides no random numbers or threads.
    pub fn bind(settings: Settings) -> Result<Self, ServeError> {
        settings.check().map_err(ServeError::Settings)?;
        Store::open(&settings.store).map_err(ServeError::Store)?;
        let asked = settings.address;
        let bound = std::net::TcpListener::bind(asked).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) = bound.map_err(|error| ServeError::Address(asked, error))?;
        let guard = Guard::new(address, &settings.hosts, settings.secret(), settings.log);
        let view = Arc::new(View::new(settings).map_err(ServeError::System)?);
        let router = router(&view, guard);
        let stopper = Stopper(Arc::new(watch::channel(false).0));
        Ok(Self { listener, address, router, stopper, view })
    }

    /// The address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A handle that stops the server from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Stops the server at Ctrl-C and when the operating system asks the process to end. The second such signal ends
    /// the process at once.
    ///
    /// # Errors
    /// The operating system provides no signals.
    pub fn stop_at_signals(&self) -> Result<(), ServeError> {
        let mut signals = Signals::new(TERM_SIGNALS).map_err(ServeError::System)?;
        let stopper = self.stopper();
        std::thread::spawn(move || {
            for (count, signal) in signals.forever().enumerate() {
                stopper.stop();
                if count > 0 {
                    // The process is about to end, so an error has no receiver.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        });
        Ok(())
    }

    /// Answers requests until the server is stopped.
    ///
    /// # Errors
    /// The operating system provides no threads.
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(THREADS)
            .enable_all()
            .build()
            .map_err(ServeError::System)?;
        let warmed = Arc::clone(&self.view);
        runtime.spawn_blocking(move || pages::warm(&warmed));
        let served = runtime.block_on(self.serve());
        runtime.shutdown_background();
        served.map_err(ServeError::System)
    }

    async fn serve(self) -> io::Result<()> {
        let listener = TcpListener::from_std(self.listener)?;
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let mut stopped = self.stopper.0.subscribe();
        loop {
            let accepted = tokio::select! {
                () = told_to_stop(&mut stopped) => break,
                accepted = accept(&listener, &free) => accepted,
            };
            let Ok((stream, place)) = accepted else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (router, stopped) = (self.router.clone(), self.stopper.0.subscribe());
            tokio::spawn(async move {
                connection(stream, router, stopped).await;
                drop(place);
            });
        }
        drop(listener);
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        // Connections that take longer are cut off.
        let _ = timeout(FAREWELL, free.acquire_many(all)).await;
        Ok(())
    }
}

/// Returns when the server is asked to stop.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Accepts the next connection, as soon as fewer than the maximum number are open.
async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(free).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// Answers the requests of a connection.
async fn connection(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    // Sends each answer at once. Answers are short, so waiting for further bytes would only delay them.
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(served);
    // An error on a connection concerns only its reader, whose browser shows it.
    tokio::select! {
        _ = served.as_mut() => {}
        () = told_to_stop(&mut stopped) => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}
