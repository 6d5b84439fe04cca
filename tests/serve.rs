//! Tests of the local web view: every page of a store with a graded cycle, and what can be saved from it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::support::{ended, gridtier, scratch};

/// A folder with a store that has one published cycle of the sample utility.
pub static GRADED: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = scratch();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/utility");
    let regrade = ["--as-of", "2026-01-01", "--method", "utility", "--store", "store"];
    let output = gridtier().current_dir(dir.path()).arg("regrade").arg(data).args(regrade).output().unwrap();
    assert_eq!(ended(output).code, 0);
    dir
});

/// A running web view of a store.
pub struct View {
    child: Child,
    pub address: String,
}

impl View {
    /// Starts a view of the graded store.
    pub fn start() -> Self {
        Self::of(GRADED.path())
    }

    /// Starts a view of the graded store with the sample's service log, survey and handbook.
    pub fn of_delivery() -> Self {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data");
        let [log, survey, handbook] =
            ["service", "survey", "handbook.toml"].map(|name| data.join(name).to_str().unwrap().to_owned());
        let log = ["--service", &log, "--period", "2025-12"];
        let survey = ["--survey", &survey, "--instrument", "servqual", "--handbook", &handbook];
        Self::with(GRADED.path(), &[&log[..], &survey].concat())
    }

    /// Starts a view of the folder `store` within a folder.
    pub fn of(dir: &Path) -> Self {
        Self::with(dir, &[])
    }

    /// Starts a view of the folder `store` within a folder, with further options.
    pub fn with(dir: &Path, options: &[&str]) -> Self {
        let mut command: Command = gridtier();
        command.current_dir(dir).args(["serve", "--store", "store", "--port", "0"]).args(options);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, address }
    }

    /// Sends a request and returns status, head and body of the answer.
    pub fn ask(&self, request: &str, lines: &str, body: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (address, length) = (&self.address, body.len());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer[end + 4..].to_vec())
    }

    pub fn get(&self, target: &str) -> (u16, String) {
        let (status, _, body) = self.ask(&format!("GET {target}"), "", "");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// A page, requested again until it has been computed.
    pub fn page(&self, target: &str) -> String {
        for _ in 0..600 {
            let (status, body) = self.get(target);
            assert_eq!(status, 200, "{target}: {body}");
            if !body.contains("http-equiv=\"refresh\"") {
                return body;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{target} is not made");
    }

    /// The id of a customer in the list of customers.
    pub fn customer(&self) -> String {
        let page = self.page("/customers?tier=special&sort=score");
        let (_, rest) = page.split_once("/customer?id=").unwrap();
        rest.split(['"', '&']).next().unwrap().to_owned()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The pages of the graded store that need no second cycle.
pub fn pages(view: &View) -> Vec<String> {
    let id = view.customer();
    let mut pages: Vec<String> = [
        "/",
        "/customers",
        "/customers?tier=special&sort=score",
        "/tiers",
        "/indicators",
        "/checks",
        "/entitlements",
        "/entitlements?tier=special",
        "/whatif",
        "/whatif?weights.contribution=0.6",
        "/quality",
        "/proposals",
        "/store",
        "/service?id=S18",
        "/service?id=S18&for=operations",
    ]
    .map(str::to_owned)
    .to_vec();
    for own in ["/customer", "/customer/services", "/customer/history", "/whatif"] {
        pages.push(format!("{own}?id={id}"));
    }
    pages
}

/// The pages about service delivery.
pub const DELIVERY: [&str; 10] = [
    "/log/report",
    "/log/promises",
    "/log/delivered",
    "/log/due",
    "/log/due?service=S16",
    "/log/due?tier=special&service=S05",
    "/log/contacts",
    "/log/check",
    "/survey",
    "/handbook",
];

#[test]
fn every_page_is_shown_in_both_languages() {
    let view = View::of_delivery();
    let pages: Vec<String> = pages(&view).into_iter().chain(DELIVERY.map(str::to_owned)).collect();
    for page in &pages {
        let join = if page.contains('?') { '&' } else { '?' };
        for (lang, word) in [("en", "Customers"), ("zh", "客户")] {
            let body = view.page(&format!("{page}{join}lang={lang}"));
            assert!(body.contains(word) && body.contains(&format!("<html lang=\"{lang}\"")), "{page} {lang}");
            for not_allowed in ["style=", "<style", "onclick=", "<script>"] {
                assert!(!body.contains(not_allowed), "{page}: {not_allowed}");
            }
        }
    }
}

#[test]
fn what_a_page_shows_can_be_saved() {
    let view = View::start();
    let (status, head, body) = view.ask("GET /customers?tier=special&format=csv", "", "");
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, 200);
    assert!(head.contains("attachment") && text.starts_with('\u{feff}'), "{head}");
    // The file has all special customers, while the page shows only the first of them.
    assert!(text.lines().count() > 51 && text.lines().skip(1).all(|line| line.contains("special")), "{text}");
    let (status, _, body) = view.ask("GET /tiers?format=xlsx&lang=zh", "", "");
    assert_eq!((status, &body[..2]), (200, b"PK".as_slice()));
    assert_eq!(view.get("/tiers?format=csv&table=99").0, 404);
}

#[test]
fn a_trial_shows_what_the_command_counts() {
    let view = View::start();
    let set = ["whatif", "--store", "store", "--set", "weights.contribution=0.6", "--format", "json"];
    let output = gridtier().current_dir(GRADED.path()).args(set).output().unwrap();
    let printed = ended(output).stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let changed = printed["changed"].as_u64().unwrap();
    for target in ["/whatif", "/whatif/result"] {
        let body = view.page(&format!("{target}?weights.contribution=0.6"));
        assert!(body.contains(&format!("{changed} of ")), "{target}: {changed}");
    }
    let (status, body) = view.get("/whatif/result?weights.contribution=7");
    assert!(status == 400 && body.contains("a number from 0 to 1"), "{status} {body}");
}

#[test]
fn customers_are_found_by_id_and_unknown_ones_are_not() {
    let view = View::start();
    let id = view.customer();
    assert!(view.page(&format!("/customers?q={id}")).contains(&format!("id={id}")));
    assert_eq!(view.get("/customer?id=..%2F..%2Fetc%2Fpasswd").0, 404);
    assert_eq!(view.get("/customer").0, 400);
    assert_eq!(view.get("/?cycle=99").0, 404);
    assert_eq!(view.get("/changes").0, 404);
    assert_eq!(view.get("/rejects?of=..%2Fcustomers").0, 404);
}

#[test]
fn a_decision_needs_the_secret_of_the_form() {
    let view = View::start();
    let origin = format!("Origin: http://{}\r\n", view.address);
    let form = "secret=0&number=1&by=x&reason=y&action=approve";
    assert_eq!(view.ask("POST /proposals", &origin, form).0, 403);
    assert_eq!(view.ask("POST /proposals", "", form).0, 403);
}

/// A text as a value of a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn texts_of_a_request_come_back_as_text_on_every_page_that_shows_them() {
    let view = View::of_delivery();
    view.page("/log/due");
    for (page, field, status) in [
        ("/customers", "q", 200),
        ("/whatif", "id", 200),
        ("/whatif", "weights.contribution", 200),
        ("/whatif", "quota.special", 200),
        ("/log/due", "service", 400),
        ("/customer", "id", 404),
        ("/customer/services", "id", 404),
        ("/customer/history", "id", 404),
    ] {
        let target = format!("{page}?{field}={}", encoded("\"><img src=x onerror=RUN><script>RUN</script>"));
        let (answered, body) = view.get(&target);
        assert_eq!(answered, status, "{target}: {body}");
        // An id is compared without regard to case.
        let body = body.to_lowercase();
        assert!(body.contains("&lt;img src=x onerror=run&gt;"), "{page} does not show {field}: {body}");
        assert!(!body.contains("<img") && !body.contains("<script>"), "{page} {field}: {body}");
    }
}

#[test]
fn no_field_of_a_request_leads_to_a_file() {
    let view = View::of_delivery();
    view.page("/log/due");
    view.page("/survey");
    for (page, field, status, shown) in [
        ("/rejects", "of", 404, "there is no such table"),
        ("/customer", "id", 404, "customer"),
        ("/service", "id", 404, "there is no such service"),
        ("/customers", "q", 200, "No customer is like this"),
        ("/customers", "region", 200, "No customer is like this"),
        ("/customers", "stratum", 200, "No customer is like this"),
        ("/entitlements", "tier", 200, "Entitlements of cycle 1"),
        ("/", "cycle", 200, "Cycle 1 as of"),
        ("/tiers", "format", 200, "Tiers and boundaries of cycle 1"),
        ("/log/due", "service", 400, "nothing to do for a service"),
        ("/log/due", "tier", 400, "there is no tier"),
        ("/log/report", "period", 200, "Verdicts"),
        ("/survey", "survey", 200, "Who answered"),
        ("/handbook", "handbook", 200, "Fault"),
    ] {
        for path in
            ["../../../../etc/passwd", "/etc/passwd", "../CURRENT", "_manifest.json", "customers.parquet"]
        {
            let target = format!("{page}?{field}={}", encoded(path));
            let (answered, body) = view.get(&target);
            assert_eq!(answered, status, "{target}: {body}");
            assert!(body.contains(shown), "{target}: {body}");
            for content in ["root:", "manifest_sha256", "PAR1"] {
                assert!(!body.contains(content), "{target}: {body}");
            }
        }
    }
}

#[test]
fn a_thousand_requests_at_once_are_answered() {
    const INSIDE: &str = "GRIDTIER_TEST_MANY_REQUESTS";
    const MANY: usize = 1_000;
    let Some(address) = std::env::var_os(INSIDE) else {
        // The sockets of the requests are in a process of their own: with other tests' files there would be too many.
        let view = View::start();
        view.customer();
        let name = "serve::a_thousand_requests_at_once_are_answered";
        let mut again = Command::new(std::env::current_exe().unwrap());
        let again = ended(again.args([name, "--exact"]).env(INSIDE, &view.address).output().unwrap());
        assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
        return assert!(again.stdout.contains("1 passed"), "{}", again.stdout);
    };
    let address = address.into_string().unwrap();
    let ready = std::sync::Barrier::new(MANY);
    let ask = |place: usize| {
        let page = ["/", "/tiers", "/store", "/indicators", "/entitlements", "/quality"].get(place % 8);
        let page = page.map_or_else(|| format!("/customers?from={place}"), |page| (*page).to_owned());
        ready.wait();
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!("GET {page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("</html>"), "{page}: {answer}");
    };
    std::thread::scope(|scope| {
        for place in 0..MANY {
            std::thread::Builder::new()
                .stack_size(128 << 10)
                .spawn_scoped(scope, move || ask(place))
                .unwrap();
        }
    });
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn the_view_gives_memory_back_that_it_does_not_need_any_more() {
    let view = View::start();
    let environment = std::fs::read(format!("/proc/{}/environ", view.child.id())).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    for set in ["MALLOC_ARENA_MAX=4", "MALLOC_MMAP_THRESHOLD_=1048576", "MALLOC_TRIM_THRESHOLD_=1048576"] {
        assert!(environment.split('\0').any(|variable| variable == set), "{set} is not in {environment}");
    }
}
