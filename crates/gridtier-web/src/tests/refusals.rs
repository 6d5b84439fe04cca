use std::net::SocketAddr;

use super::client::{LOG, server, started};
use crate::server::ServeError;
use crate::settings::{Settings, SettingsError};

const TOKEN: &str = "0123456789abcdef";

#[test]
fn pages_and_their_style_are_answered_with_the_headers_that_keep_others_out() {
    let server = server();
    for (target, cache) in
        [("/store", "no-store"), ("/none", "no-store"), ("/assets/style.css", "max-age=300")]
    {
        let answer = server.get(target);
        assert_eq!(answer.status(), if target == "/none" { 404 } else { 200 }, "{target}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("cache-control"), Some(cache), "{target}");
    }
    let page = server.get("/store").0;
    for not_own in ["http://", "https://", "<style", "style=", "onclick", "<script>"] {
        assert!(!page.contains(not_own), "{not_own}: {page}");
    }
}

#[test]
fn a_host_that_is_not_its_own_is_not_answered() {
    let server = server();
    let (address, port) = (server.address, server.address.port());
    for host in [format!("localhost:{port}"), format!("LOCALHOST:{port}"), format!("127.0.0.1:{port}")] {
        let answer = server.raw(&format!("GET /store HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    let forged = [
        "Host: evil.example".to_owned(),
        format!("Host: evil.example:{port}"),
        "Host: 127.0.0.1".to_owned(),
        format!("Host: 127.0.0.1:{port}.evil.example"),
        format!("Host: evil.example@127.0.0.1:{port}"),
        "Host: ".to_owned(),
        "X-Forwarded-Host: evil.example".to_owned(),
        format!("Host: {address}\r\nHost: evil.example"),
    ];
    for host in forged {
        let answer = server.raw(&format!("GET /store HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{host}: {answer}");
    }
    let absolute =
        format!("GET http://evil.example/store HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    assert!(server.raw(&absolute).starts_with("HTTP/1.1 421"));
}

#[test]
fn a_name_of_a_proxy_is_answered_once_it_is_given() {
    let server = started(|settings| Settings { hosts: vec!["Grading.Example".into()], ..settings }).unwrap();
    for (host, status) in [("grading.example", "200"), ("other.example", "421")] {
        let answer = server.raw(&format!("GET /store HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    }
}

#[test]
fn other_methods_are_refused() {
    let server = server();
    let origin = format!("Origin: http://{}", server.address);
    for target in ["/store", "/", "/log/due", "/survey", "/handbook", "/assets/style.css", "/none", "*"] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"] {
            let answer = server.ask(method, target, &[&origin], "");
            assert!([400, 405].contains(&answer.status()), "{method} {target}: {}", answer.0);
        }
    }
    let post = server.ask("POST", "/store", &[&origin], "by=x");
    assert_eq!((post.status(), post.header("allow")), (405, Some("GET,HEAD")));
    let head = server.ask("HEAD", "/store", &[], "");
    assert_eq!((head.status(), head.body()), (200, ""));
}

#[test]
fn a_form_from_another_origin_is_refused() {
    let server = server();
    let port = server.address.port();
    let forged = [
        None,
        Some("Origin: null".to_owned()),
        Some("Origin: http://evil.example".to_owned()),
        Some("Origin: http://127.0.0.1".to_owned()),
        Some(format!("Origin: http://127.0.0.1:{port}.evil.example")),
        Some(format!("Origin: ftp://127.0.0.1:{port}")),
        Some(format!("Origin: http://127.0.0.1:{port}\r\nOrigin: http://evil.example")),
    ];
    for origin in forged {
        let lines: Vec<&str> = origin.as_deref().into_iter().collect();
        assert_eq!(server.ask("POST", "/store", &lines, "by=x").status(), 403, "{origin:?}");
    }
}

#[test]
fn what_a_form_sends_stands_in_no_link_of_the_answer() {
    let server = server();
    let origin = format!("Origin: http://{}", server.address);
    let sent = "secret=SSSS&number=1&by=BBBB&reason=RRRR&action=agree&lang=zh";
    let answer = server.ask("POST", "/proposals", &[&origin], sent);
    assert_eq!(answer.status(), 403);
    for kept in ["SSSS", "BBBB", "RRRR"] {
        assert!(!answer.0.contains(kept), "{kept}: {}", answer.0);
    }
    assert!(answer.0.contains("lang=\"zh\""), "{}", answer.0);
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let open = |settings: Settings| Settings { address: SocketAddr::from(([0, 0, 0, 0], 0)), ..settings };
    let refused = started(open).err().unwrap();
    assert!(matches!(refused, ServeError::Settings(SettingsError::NoToken(_))));
    assert!(refused.text().en.contains("proxy") && refused.text().zh.contains("代理"));
    let short = started(|settings| Settings { token: Some("secret".into()), ..settings }).err().unwrap();
    assert!(matches!(short, ServeError::Settings(SettingsError::ShortToken)));
    let token = Some(TOKEN.to_owned());
    assert!(started(|settings| Settings { token, ..open(settings) }).is_ok());
}

#[test]
fn nothing_is_answered_without_the_token() {
    let server = started(|settings| Settings { token: Some(TOKEN.into()), ..settings }).unwrap();
    // user:0123456789abcdef and 0123456789abcdef:user
    let right =
        ["Authorization: Bearer 0123456789abcdef", "authorization: basic dXNlcjowMTIzNDU2Nzg5YWJjZGVm"];
    for line in right {
        assert_eq!(server.ask("GET", "/store", &[line], "").status(), 200, "{line}");
    }
    let wrong = [
        "X: y",
        "Authorization: Bearer 0123456789abcdeF",
        "Authorization: Bearer",
        "Authorization: Bearer 0123456789abcdef0",
        "Authorization: Basic MDEyMzQ1Njc4OWFiY2RlZjp1c2Vy",
        "Authorization: Basic 0123456789abcdef",
        "Authorization: Digest 0123456789abcdef",
        "Cookie: token=0123456789abcdef",
    ];
    for target in ["/store", "/assets/style.css", "/none", "/store?token=0123456789abcdef"] {
        for line in wrong {
            let answer = server.ask("GET", target, &[line], "");
            assert_eq!(answer.status(), 401, "{target} {line}");
            assert!(answer.header("www-authenticate").is_some());
        }
    }
}

#[test]
fn two_hundred_paths_out_of_the_store_lead_nowhere() {
    let server = server();
    let ups =
        ["..", "%2e%2e", "%2E.", "..%2f", "..%5c", "..\\", "....//", "%252e%252e", "..;", "%c0%ae%c0%ae"];
    let ends = ["etc/passwd", "CURRENT", "_commits/000001.json", "windows/win.ini", "etc%2fpasswd%00.html"];
    let heads = ["/", "/store/", "/assets/", "//"];
    let mut asked = 0;
    for up in ups {
        for end in ends {
            for head in heads {
                let target = format!("{head}{up}/{up}/{up}/{end}");
                let answer = server.get(&target);
                assert!([400, 404].contains(&answer.status()), "{target}: {}", answer.0);
                assert!(!answer.0.contains("root:"), "{target}");
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 200);
}

#[test]
fn the_log_names_routes_and_no_ids() {
    let server = server();
    for target in ["/store?id=C0042&q=C0042", "/C0042", "/store/C0042?cycle=C0042"] {
        server.get(target);
        server.ask("C0042", target, &[], "");
    }
    let log = LOG.lock().unwrap().clone();
    assert!(log.iter().any(|line| line.starts_with("GET /store 200 ")), "{log:?}");
    assert!(log.iter().all(|line| !line.contains("C0042")), "{log:?}");
}
