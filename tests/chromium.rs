//! Drives Chromium without a window through its own protocol (CDP): JSON messages that end with NUL, over a pipe.
//!
//! Why the tests have a client of their own: headless_chrome 1.0 pulls ureq, rustls and ring into the build. chromiumoxide
//! 0.9 pulls reqwest and 60,000 generated lines. fantoccini 0.22 needs a second HTTP client and a second program beside the
//! browser. thirtyfour turns on serde_json's `preserve_order` for the whole workspace, which would reorder the JSON that
//! gridtier writes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::scratch;

/// Maximum time to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(180);
/// Connects the protocol's pipe to descriptors 3 and 4, and the browser's own output to stderr.
const PIPED: &str = r#"exec "$0" "$@" 3<&0 4>&1 1>&2"#;
const OPTIONS: [&str; 10] = [
    "--headless=new",
    // In a container the user is often root, for whom Chromium's sandbox does not work. The tests open only pages of
    // gridtier.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
];

fn is_there(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// A running browser with one page.
pub struct Chromium {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// Errors in the console, exceptions, and dialogs that a script opened.
    pub complaints: Vec<String>,
    /// The URLs that the page requested.
    pub requests: Vec<String>,
    _profile: TempDir,
}

impl Chromium {
    /// Starts the browser. Without a browser on this machine, prints that the test is skipped and returns `None`.
    pub fn start() -> Option<Self> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let Some(program) = names.into_iter().find(|name| is_there(name)) else {
            let line = "SKIPPED: this machine has no chromium\n";
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        };
        let profile = scratch();
        let mut command = Command::new("sh");
        command.args(["-c", PIPED, program]).args(OPTIONS);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for message in from.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if tell.send(message).is_err() {
                    break;
                }
            }
        });
        let (complaints, requests) = (Vec::new(), Vec::new());
        let mut browser =
            Self { child, to, from: told, session: None, sent: 0, complaints, requests, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.sent
    }

    /// Waits for the next message and records the complaint or request in it.
    fn message(&mut self) -> Value {
        let message = self.from.recv_timeout(PATIENCE).expect("the browser answers");
        let params = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => self.complaints.push(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if params["type"] == "error" => {
                self.complaints.push(params["args"].to_string());
            }
            "Log.entryAdded" if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"].to_string());
            }
            "Network.requestWillBeSent" => {
                self.requests.extend(params["request"]["url"].as_str().map(str::to_owned));
            }
            "Page.javascriptDialogOpening" => {
                self.complaints.push(params.to_string());
                self.send("Page.handleJavaScriptDialog", json!({"accept": true}));
            }
            _ => {}
        }
        message
    }

    /// Calls a method of the protocol and returns its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let message = self.message();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        let opened = self.call("Page.navigate", json!({"url": url}));
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    /// Runs statements that lead to another page, and waits until that page is loaded.
    pub fn act(&mut self, statements: &str) {
        self.send("Runtime.evaluate", json!({"expression": statements}));
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    /// The value of an expression in the page; for a promise, the value that it resolves to.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let found = self.call("Runtime.evaluate", asked);
        assert!(found.get("exceptionDetails").is_none(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    /// Whether pages run scripts.
    pub fn set_script(&mut self, is_on: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !is_on}));
    }

    /// The width of the window in pixels.
    pub fn set_width(&mut self, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser ends its helper processes when it is asked to close. If it were killed, some would remain.
        let message = json!({"id": 0, "method": "Browser.close"});
        let _ = self.to.write_all(format!("{message}\0").as_bytes());
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
