//! A server in this process, and a client that sends requests byte by byte.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use gridtier::text::Lang;
use gridtier_io::store::Store;
use tempfile::TempDir;

use crate::server::{ServeError, Server, Stopper};
use crate::settings::{DeliverySettings, Settings};

/// The lines of the access log of all servers of this process.
pub static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A running server with its empty store.
pub struct Running {
    pub address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    _dir: TempDir,
}

pub fn settings(store: &std::path::Path) -> Settings {
    Settings {
        store: store.to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: None,
        hosts: Vec::new(),
        lang: Lang::En,
        opted_out: BTreeSet::new(),
        min_count: 0,
        delivery: DeliverySettings::default(),
        now: || "2026-01-01T00:00:00+00:00".to_owned(),
        log: |line| LOG.lock().unwrap().push(line.to_owned()),
    }
}

/// Starts a server with changed settings.
pub fn started(change: impl FnOnce(Settings) -> Settings) -> Result<Running, ServeError> {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("store");
    Store::open_or_create(&store).unwrap();
    let server = Server::bind(change(settings(&store)))?;
    let (address, stopper) = (server.address(), server.stopper());
    let thread = std::thread::spawn(|| server.run().unwrap());
    Ok(Running { address, stopper, thread: Some(thread), _dir: dir })
}

/// Starts a server.
pub fn server() -> Running {
    started(|settings| settings).unwrap()
}

impl Running {
    /// Sends a request as it is and returns all bytes of the answer until the server closes the connection.
    pub fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that has already refused the request may have closed the connection.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a request with the right host and further header lines, and returns the answer.
    pub fn ask(&self, method: &str, target: &str, lines: &[&str], body: &str) -> Answer {
        let address = self.address;
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = match body.len() {
            0 => String::new(),
            bytes => {
                format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {bytes}\r\n")
            }
        };
        Answer(self.raw(&format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}{length}\r\n{body}"
        )))
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[], "")
    }

    /// Ends the server and waits for it.
    pub fn stop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// An answer.
pub struct Answer(pub String);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}
