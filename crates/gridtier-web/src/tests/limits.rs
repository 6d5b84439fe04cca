use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::client::server;

#[test]
fn long_heads_and_many_headers_are_refused() {
    let server = server();
    let many: String = (0..100).map(|place| format!("X-{place}: y\r\n")).collect();
    let long = "a".repeat(64 * 1024);
    let address = server.address;
    for head in [
        format!("GET /store HTTP/1.1\r\nHost: {address}\r\n{many}\r\n"),
        format!("GET /store HTTP/1.1\r\nHost: {address}\r\nX: {long}\r\n\r\n"),
        format!("GET /store?q={long} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
    ] {
        let answer = server.raw(&head);
        assert!(!answer.contains("200 OK"), "{}", &answer[..answer.len().min(200)]);
    }
    assert_eq!(server.get("/store").status(), 200);
}

#[test]
fn a_head_that_does_not_come_is_waited_for_only_so_long() {
    let server = server();
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"GET /store HTTP/1.1\r\nHost: ").unwrap();
    slow.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut rest = Vec::new();
    // The server closes the connection in good order. If it did not, reading would end with an error.
    assert!(slow.read_to_end(&mut rest).is_ok());
    assert_eq!(server.get("/store").status(), 200);
}

#[test]
fn a_thousand_requests_in_parallel_are_answered() {
    let server = server();
    // These are as many sockets as a process can open for both sides if it may have 1,024 file handles.
    std::thread::scope(|scope| {
        let ask = || (0..3).all(|_| server.get("/store?lang=zh").status() == 200);
        let asked: Vec<_> = (0..400).map(|_| scope.spawn(ask)).collect();
        assert!(asked.into_iter().all(|asked| asked.join().unwrap()));
    });
}

#[test]
fn a_server_that_is_told_to_stop_ends_and_does_not_answer_any_more() {
    let mut server = server();
    let mut idle = TcpStream::connect(server.address).unwrap();
    assert_eq!(server.get("/store").status(), 200);
    server.stop();
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert!(TcpStream::connect(server.address).is_err());
}
