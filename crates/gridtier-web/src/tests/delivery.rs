use std::path::PathBuf;

use gridtier_io::service::kept::LogRequest;
use gridtier_service::period::{Period, Run};

use super::client::{server, started};
use crate::settings::{DeliverySettings, HandbookSettings, Settings};

/// Settings with a service folder and a handbook that are not there.
fn of_nothing(settings: Settings) -> Settings {
    let log = LogRequest {
        data: PathBuf::from("nowhere"),
        store: settings.store.clone(),
        policy: "paper".to_owned(),
        run: Run::new(Period::parse("2025-12").unwrap(), None).unwrap(),
        min_count: 0,
    };
    let handbook = HandbookSettings { text: PathBuf::from("nowhere.toml"), policy: "paper".to_owned() };
    let delivery = DeliverySettings { log: Some(log), survey: None, handbook: Some(handbook) };
    Settings { delivery, ..settings }
}

#[test]
fn the_navigation_has_service_delivery_if_there_is_something_to_show() {
    let without = server().get("/store");
    assert!(!without.body().contains("Service delivery"), "{}", without.0);
    let server = started(of_nothing).unwrap();
    let with = server.get("/store?lang=zh");
    assert!(with.body().contains("href=\"/log/report?lang=zh\">服务兑现"), "{}", with.0);
}

#[test]
fn a_page_without_its_setting_says_how_to_start_the_view() {
    let server = server();
    for (page, option) in [("/log/check", "--service"), ("/survey", "--survey"), ("/handbook", "--handbook")]
    {
        let answer = server.get(page);
        assert_eq!(answer.status(), 200, "{page}");
        assert!(answer.body().contains("gridtier serve") && answer.body().contains(option), "{}", answer.0);
    }
    let server = started(of_nothing).unwrap();
    assert!(server.get("/survey").body().contains("--instrument"));
}

#[test]
fn a_log_is_not_read_without_a_cycle_and_the_page_says_why() {
    let server = started(of_nothing).unwrap();
    for page in ["/log/report?format=csv", "/log/due?format=xlsx", "/handbook"] {
        let answer = server.get(page);
        assert_eq!(answer.status(), 404, "{page}: {}", answer.0);
        assert!(
            answer.body().contains("no current cycle") || answer.body().contains("no cycle"),
            "{}",
            answer.0
        );
    }
}

#[test]
fn there_are_no_other_paths_of_the_log() {
    let server = started(of_nothing).unwrap();
    for path in
        ["/log", "/log/", "/log/policy", "/log/Report", "/log/report/", "/log/../store", "/survey/plan"]
    {
        assert!([400, 404].contains(&server.get(path).status()), "{path}");
    }
}
