//! Turns a page into an answer: as HTML within the frame that all pages have, as CSV or as a workbook.

use std::io::Cursor;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use gridtier::text;
use gridtier::text::{Lang, Text, Voice};
use gridtier::word::Word as _;
use gridtier_report::render::{ByteOrderMark, csv, html, xlsx};
use gridtier_report::section::Section;
use gridtier_report::table::{CellValue, DataColumn, DataTable};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer::{Page, WebError, message};
use crate::asked::{Asked, PageFormat};
use crate::file_body::FileBody;
use crate::settings::{DeliverySettings, Settings};

/// The pages in the navigation: path, English, Chinese.
const VIEWS: [(&str, &str, &str); 11] = [
    ("/", "Overview", "概览"),
    ("/customers", "Customers", "客户"),
    ("/tiers", "Tiers", "等级"),
    ("/indicators", "Indicators", "指标"),
    ("/checks", "Checks", "检验"),
    ("/changes", "Changes", "变化"),
    ("/entitlements", "Entitlements", "权益"),
    ("/whatif", "What if", "试算"),
    ("/quality", "Data quality", "数据质量"),
    ("/proposals", "Proposals", "提案"),
    ("/store", "Store", "存储"),
];

/// The pages about service delivery: path, English, Chinese. The navigation has one entry for those with a setting.
const DELIVERY: [(&str, &str, &str); 8] = [
    ("/log/report", "Month", "月报"),
    ("/log/promises", "Promises", "承诺"),
    ("/log/delivered", "Due and delivered", "应做与已做"),
    ("/log/due", "Work list", "工作清单"),
    ("/log/contacts", "Contacts", "诉求"),
    ("/log/check", "Tables of the log", "数据检查"),
    ("/survey", "Survey", "客户调查"),
    ("/handbook", "Handbook", "客户手册"),
];

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A page in the requested format.
pub fn response(page: Page, asked: &Asked, settings: &Settings) -> Result<Response, WebError> {
    if page.again_after.is_some() && asked.format() != PageFormat::Html {
        return Err(WebError::not_yet());
    }
    if let Some(whole) = page.file {
        let (kind, ending) = if asked.format() == PageFormat::Xlsx { (XLSX, "xlsx") } else { (CSV, "csv") };
        let body = FileBody::new(whole).map_err(|_| WebError::bug())?;
        return Ok(file(Body::new(body), kind, ending, &page.title));
    }
    let tables: Vec<&DataTable> = page.sections.iter().flat_map(Section::tables).collect();
    match asked.format() {
        PageFormat::Html => Ok(framed(&page, &tables, (asked, settings), StatusCode::OK)),
        PageFormat::Csv(place) => {
            let Some(&shown) = tables.get(place) else {
                return Err(WebError::not_found(text!("the page has no such table", "页面没有此表")));
            };
            // A file has the whole list that a page begins. Tables of one title stand in the same order in both.
            let before = tables[..place].iter().filter(|table| table.title == shown.title).count();
            let in_files = page.in_files.iter().flatten().flat_map(Section::tables);
            let table = in_files.filter(|whole| whole.title == shown.title).nth(before).unwrap_or(shown);
            let mut bytes = Vec::new();
            let written = csv::write(&mut bytes, table, asked.voice(), ByteOrderMark::Written);
            written.map_err(|_| WebError::bug())?;
            Ok(file(bytes, CSV, "csv", &table.title))
        }
        PageFormat::Xlsx => {
            let mut bytes = Cursor::new(Vec::new());
            xlsx::write(&mut bytes, page.in_files.as_ref().unwrap_or(&page.sections), asked.voice())
                .map_err(|_| WebError::bug())?;
            Ok(file(bytes.into_inner(), XLSX, "xlsx", &page.title))
        }
    }
}

/// The HTML of sections without a page around them, for the script.
pub fn fragment(sections: &[Section], asked: &Asked) -> Response {
    page_bytes(html::fragment(sections, asked.voice(), &|column, value| link(asked, column, value)))
}

/// Redirects a browser that has sent a form to the page of the result. Reloading that page does not send the form again.
pub fn see_other(target: &str) -> Result<Response, WebError> {
    let target = HeaderValue::from_str(target).map_err(|_| WebError::bug())?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response())
}

/// The page that shows an error.
pub fn refused(error: WebError, asked: &Asked, settings: &Settings) -> Response {
    let title = match error.status {
        StatusCode::NOT_FOUND => Text::new("Not found", "未找到"),
        StatusCode::INTERNAL_SERVER_ERROR => Text::new("Cannot be shown", "无法显示"),
        _ => Text::new("Refused", "已拒绝"),
    };
    let section = Section::new().with_all(message(&error.what));
    framed(&Page::new(title, vec![section]), &[], (asked, settings), error.status)
}

/// A download. Its name consists of letters, digits and dashes and contains nothing about a customer.
fn file(bytes: impl Into<Body>, kind: &'static str, ending: &str, title: &Text) -> Response {
    let code = title.pick(Voice::Codes);
    let name: String =
        code.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "gridtier" } else { name };
    let mut response = Response::new(bytes.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}

fn page_bytes(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// A whole HTML page.
fn framed(
    page: &Page,
    tables: &[&DataTable],
    (asked, settings): (&Asked, &Settings),
    status: StatusCode,
) -> Response {
    let (voice, lang) = (asked.voice(), asked.lang);
    let shown = html::fragment(&page.sections, voice, &|column, value| link(asked, column, value));
    let title = page.title.pick(voice);
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = page.again_after { meta http-equiv="refresh" content=(seconds); }
                title { (title) " – gridtier" }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="/assets/icon.svg";
                script src="/assets/view.js" defer {}
            }
            body.view {
                a.skip href="#main" { (lang.pick("To the content", "跳到正文")) }
                header { (navigation(asked, &settings.delivery)) }
                main #main tabindex="-1" {
                    h1 { (title) }
                    (page.lead)
                    div #sections { (PreEscaped(shown)) }
                    (page.tail)
                    (downloads(tables, asked))
                }
            }
        }
    };
    (status, page_bytes(markup.into_string())).into_response()
}

fn navigation(asked: &Asked, delivery: &DeliverySettings) -> Markup {
    let group = delivery_pages(delivery);
    html! {
        nav aria-label=(asked.lang.pick("Views", "视图")) {
            @for (path, en, zh) in VIEWS {
                @let is_here = (asked.path == path).then_some("page");
                a href=(asked.link(path, &[])) aria-current=[is_here] { (asked.lang.pick(en, zh)) }
            }
            @if let Some((path, ..)) = group.first() {
                @let is_here = group.iter().any(|(path, ..)| asked.path == *path).then_some("true");
                a href=(asked.link(path, &[])) aria-current=[is_here] {
                    (asked.lang.pick("Service delivery", "服务兑现"))
                }
            }
        }
        p.switch {
            @for &lang in Lang::ALL {
                @let is_here = (asked.lang == lang).then_some("true");
                a href=(asked.with(&[("lang", lang.code())])) hreflang=(lang.code()) lang=(lang.code())
                    aria-current=[is_here] { (lang.pick("English", "中文")) }
            }
        }
    }
}

/// The pages about service delivery that the view has the settings of.
fn delivery_pages(delivery: &DeliverySettings) -> Vec<(&'static str, &'static str, &'static str)> {
    let DeliverySettings { log, survey, handbook } = delivery;
    let pages = DELIVERY.into_iter().filter(|(path, ..)| match *path {
        "/survey" => survey.is_some(),
        "/handbook" => handbook.is_some(),
        _ => log.is_some(),
    });
    pages.collect()
}

/// Links between the pages about service delivery.
pub fn delivery_links(asked: &Asked, delivery: &DeliverySettings) -> Markup {
    html! {
        nav aria-label=(asked.lang.pick("Service delivery", "服务兑现")) {
            @for (path, en, zh) in delivery_pages(delivery) {
                @let is_here = (asked.path == path).then_some("page");
                a href=(asked.link(path, &[])) aria-current=[is_here] { (asked.lang.pick(en, zh)) }
            }
        }
    }
}

fn downloads(tables: &[&DataTable], asked: &Asked) -> Markup {
    if tables.is_empty() {
        return Markup::default();
    }
    html! {
        p.downloads {
            (asked.lang.pick("Save what is seen: ", "保存所见内容: "))
            a href=(asked.with(&[("format", "xlsx")])) { "XLSX" }
            @for (place, table) in tables.iter().enumerate() {
                @let title = table.title.pick(asked.voice());
                @let number = place.to_string();
                " " a href=(asked.with(&[("format", "csv"), ("table", &number)])) {
                    "CSV" @if tables.len() > 1 { " " (if title.is_empty() { (place + 1).to_string().into() } else { title }) }
                }
            }
        }
    }
}

/// The page that a cell links to, by the code of its column.
fn link(asked: &Asked, column: &DataColumn, value: &CellValue) -> Option<String> {
    let code = column.title.pick(Voice::Codes);
    match (&*code, value) {
        ("customer_id", CellValue::Text(id)) if !id.is_empty() => {
            Some(asked.link("/customer", &[("id", id)]))
        }
        // The row of totals has this word in place of an id.
        ("service" | "service_id", CellValue::Text(id)) if id != "total" => {
            Some(asked.link("/service", &[("id", id)]))
        }
        ("cycle", CellValue::Integer(number)) => Some(asked.link("/", &[("cycle", &number.to_string())])),
        ("tier", CellValue::Text(tier)) if gridtier::method::Tier::from_code(tier).is_some() => {
            Some(asked.link("/customers", &[("tier", tier)]))
        }
        _ => None,
    }
}
