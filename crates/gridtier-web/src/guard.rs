//! Checks every request: host, method, origin and the reader's token. Adds the security headers to every answer.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::secret::{Secret, from_base64};

/// The rules that requests must pass.
#[derive(Debug)]
pub struct Guard {
    /// The accepted values of the header `Host`, in lower case.
    hosts: Vec<String>,
    /// The token that a reader must send; `None` if none is needed.
    token: Option<Secret>,
    /// Writes a line of the access log.
    log: fn(&str),
}

impl Guard {
    /// Accepts requests to an address under its usual names and those in `others`.
    pub fn new(address: SocketAddr, others: &[String], token: Option<Secret>, log: fn(&str)) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string()];
        if address.ip().is_loopback() {
            let names = ["localhost", "127.0.0.1", "[::1]"];
            hosts.extend(names.map(|name| format!("{name}:{port}")));
            // Browsers omit the default port.
            if port == 80 {
                hosts.extend(names.map(str::to_owned));
            }
        }
        for other in others.iter().map(|name| name.to_lowercase()) {
            hosts.push(format!("{other}:{port}"));
            hosts.push(other);
        }
        Self { hosts, token, log }
    }

    /// The status with which a request is refused; `None` if it may be answered.
    fn refusal(&self, request: &Request) -> Option<StatusCode> {
        let headers = request.headers();
        if !self.is_host_allowed(request) {
            return Some(StatusCode::MISDIRECTED_REQUEST);
        }
        if !self.is_reader(headers) {
            return Some(StatusCode::UNAUTHORIZED);
        }
        let is_same = match *request.method() {
            Method::GET | Method::HEAD => return None,
            Method::POST => self.is_own_origin(headers),
            _ => return Some(StatusCode::METHOD_NOT_ALLOWED),
        };
        (!is_same).then_some(StatusCode::FORBIDDEN)
    }

    /// Whether a request has exactly one header `Host`, and its host is accepted. If the target is a whole URL, its
    /// host must be accepted too. A DNS rebinding attack fails here, because it sends the host of another site.
    fn is_host_allowed(&self, request: &Request) -> bool {
        let mut named = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let target = request.uri().authority().map(|authority| authority.as_str());
        host.to_str().is_ok_and(|host| self.knows(host)) && target.is_none_or(|target| self.knows(target))
    }

    fn knows(&self, host: &str) -> bool {
        self.hosts.contains(&host.to_lowercase())
    }

    /// Whether a request carries the token, as a bearer token or as the password of HTTP Basic authentication.
    fn is_reader(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let given = headers.get(AUTHORIZATION).and_then(|given| given.to_str().ok()).unwrap_or_default();
        match given.split_once(' ') {
            Some((scheme, word)) if scheme.eq_ignore_ascii_case("bearer") => token.matches(word.trim()),
            Some((scheme, word)) if scheme.eq_ignore_ascii_case("basic") => {
                let named = from_base64(word.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
                named.is_some_and(|named| {
                    token.matches(named.split_once(':').map_or("", |(_, password)| password))
                })
            }
            _ => false,
        }
    }

    /// Whether a form was sent from a page of this view. The header `Origin` says so; browsers add it to every form
    /// that is sent by POST.
    fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(ORIGIN).iter();
        let (Some(origin), None) = (named.next(), named.next()) else { return false };
        let origin = origin.to_str().unwrap_or_default();
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.knows(host))
    }
}

/// The route that answered a request, for the access log.
#[derive(Clone, Copy)]
pub struct RoutePattern(pub &'static str);

/// Checks a request, adds the headers to its answer, and writes a line of the access log.
pub async fn judge(State(guard): State<std::sync::Arc<Guard>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let refusal = guard.refusal(&request);
    let mut response = match refusal {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let status = response.status();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if status == StatusCode::UNAUTHORIZED {
        let asked = HeaderValue::from_static("Basic realm=\"gridtier\", charset=\"UTF-8\"");
        headers.insert("www-authenticate", asked);
    }
    // Only for refusals of the guard: a route that refuses a method has set `allow` itself.
    if refusal == Some(StatusCode::METHOD_NOT_ALLOWED) {
        headers.insert("allow", HeaderValue::from_static("GET, HEAD, POST"));
    }
    let route = response.extensions().get().map_or("-", |RoutePattern(pattern)| *pattern);
    // The log must not contain an unknown method, since that could be any text.
    let method = if KNOWN.contains(&method) { method.as_str() } else { "OTHER" };
    (guard.log)(&format!("{method} {route} {} {} ms", status.as_u16(), begun.elapsed().as_millis()));
    response
}

/// Methods that the access log names.
const KNOWN: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
    Method::PATCH,
];

/// Headers that every answer gets unless it sets them itself. The referrer policy is `same-origin`: with a stricter one
/// browsers send no usable `Origin` with a form.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("cache-control", "no-store"),
];
