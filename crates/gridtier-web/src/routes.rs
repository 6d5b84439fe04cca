//! The routes: which URL shows which page. All paths are fixed; ids and choices are in the query.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, FromRequest as _, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use gridtier::text;
use gridtier_report::render::html::STYLE;
use gridtier_report::section::Section;
use tokio::time::timeout;

use crate::answer::{Page, WebError};
use crate::asked::{Asked, PageFormat};
use crate::guard::{Guard, RoutePattern, judge};
use crate::layout::{fragment, refused, response, see_other};
use crate::pages;
use crate::view::{Effort, View};

/// The function that makes a page.
type MakePage = fn(&Arc<View>, &Asked) -> Result<Page, WebError>;

/// The pages with their paths.
const PAGES: [(&str, Effort, MakePage); 25] = [
    ("/", Effort::Little, pages::overview::page),
    ("/customers", Effort::Little, pages::customers::page),
    ("/customer", Effort::Little, pages::customer::page),
    ("/customer/services", Effort::Much, pages::record::services),
    ("/customer/history", Effort::Much, pages::record::history),
    ("/moved", Effort::Much, pages::changes::one),
    ("/tiers", Effort::Little, pages::tiers::page),
    ("/indicators", Effort::Little, pages::indicators::page),
    ("/checks", Effort::Little, pages::checks::page),
    ("/changes", Effort::Much, pages::changes::page),
    ("/entitlements", Effort::Little, pages::entitlements::page),
    ("/service", Effort::Little, pages::entitlements::service),
    ("/whatif", Effort::Much, pages::whatif::page),
    ("/quality", Effort::Little, pages::quality::page),
    ("/rejects", Effort::Little, pages::quality::rejects),
    (PROPOSALS, Effort::Little, pages::proposals::page),
    ("/store", Effort::Little, pages::store::page),
    ("/log/report", Effort::Little, pages::delivery::log),
    ("/log/promises", Effort::Little, pages::delivery::log),
    ("/log/delivered", Effort::Little, pages::delivery::log),
    ("/log/due", Effort::Little, pages::delivery::log),
    ("/log/contacts", Effort::Little, pages::delivery::log),
    ("/log/check", Effort::Little, pages::delivery::log),
    ("/survey", Effort::Little, pages::delivery::survey),
    ("/handbook", Effort::Little, pages::delivery::handbook),
];
/// The page whose form changes the store.
const PROPOSALS: &str = "/proposals";
/// The result of a trial without the page around it.
const TRIAL: &str = "/whatif/result";
/// Maximum size of a form in bytes, and maximum time in which it must arrive.
const FORM_BYTES: usize = 16 * 1024;
const FORM_TIME: Duration = Duration::from_secs(15);

/// Files that the pages load: path, type, content.
const ASSETS: [(&str, &str, &str); 2] = [
    ("/assets/view.js", "text/javascript; charset=utf-8", include_str!("assets/view.js")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];
/// The style sheet of the view, in addition to that of every HTML document.
const VIEW_STYLE: &str = include_str!("assets/view.css");

/// All routes.
pub fn router(view: &Arc<View>, guard: Guard) -> Router {
    let mut router = Router::new();
    for (path, effort, make) in PAGES {
        let mut route = page_route(path, effort, make);
        if path == PROPOSALS {
            route = route.post(decide);
        }
        router = router.route(path, route);
    }
    for (path, kind, text) in ASSETS {
        router = router.route(path, get(async move || asset(path, kind, text.to_owned())));
    }
    let style = "/assets/style.css";
    router
        .route(
            style,
            get(async move || asset(style, "text/css; charset=utf-8", format!("{STYLE}{VIEW_STYLE}"))),
        )
        .route(TRIAL, get(trial))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn_with_state(Arc::new(guard), judge))
        .with_state(Arc::clone(view))
}

/// A route that shows a page.
fn page_route(path: &'static str, effort: Effort, make: MakePage) -> MethodRouter<Arc<View>> {
    get(async move |State(view): State<Arc<View>>, Query(fields): Query<Vec<(String, String)>>| {
        let asked = Asked::new(path, fields, view.settings.lang);
        // A file is rendered while its reader waits; it must not delay pages, so it counts as much effort.
        let effort = if asked.format() == PageFormat::Html { effort } else { Effort::Much };
        answer(view, asked, effort, move |view, asked| response(make(view, asked)?, asked, &view.settings))
            .await
    })
}

/// The result of a trial without the page around it.
async fn trial(State(view): State<Arc<View>>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    let asked = Asked::new(TRIAL, fields, view.settings.lang);
    answer(view, asked, Effort::Much, |view, asked| {
        // An error in the settings, such as quotas that do not sum to 100, is shown in place of the result.
        Ok(match pages::whatif::result(view, asked) {
            Ok(sections) => fragment(&sections, asked),
            Err(WebError { status, what }) => {
                let said = Section::new().sentence(what.en, what.zh);
                (status, fragment(&[said], asked)).into_response()
            }
        })
    })
    .await
}

/// Carries out the decision of a form on the page of proposals.
async fn decide(State(view): State<Arc<View>>, request: Request) -> Response {
    let form = timeout(FORM_TIME, Form::<Vec<(String, String)>>::from_request(request, &())).await;
    let lang = view.settings.lang;
    match form {
        Ok(Ok(Form(fields))) => {
            let asked = Asked::new(PROPOSALS, fields, lang);
            let shown = asked.without_fields();
            answer(view, shown, Effort::Much, move |view: &Arc<View>, shown: &Asked| {
                let entry = pages::proposals::decide(view, &asked)?.to_string();
                see_other(&shown.link(PROPOSALS, &[("entry", &entry)]))
            })
            .await
        }
        Ok(Err(rejected)) => rejected.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Makes an answer on a thread that may block, as soon as a turn for its effort is free.
async fn answer(
    view: Arc<View>,
    asked: Asked,
    effort: Effort,
    make: impl FnOnce(&Arc<View>, &Asked) -> Result<Response, WebError> + Send + 'static,
) -> Response {
    let path = asked.path;
    let turn = view.turns(effort).acquire_owned().await;
    let (unmade, own) = (asked.clone(), Arc::clone(&view));
    let made = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        make(&view, &asked).unwrap_or_else(|error| refused(error, &asked, &view.settings))
    });
    let mut response = made.await.unwrap_or_else(|_| refused(WebError::bug(), &unmade, &own.settings));
    response.extensions_mut().insert(RoutePattern(path));
    response
}

/// A file that stays the same while the program runs and contains no data of the store.
fn asset(path: &'static str, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    response.extensions_mut().insert(RoutePattern(path));
    response
}

/// The answer to a path that is not a route.
async fn nothing(State(view): State<Arc<View>>, request: Request) -> Response {
    let fields = Query::try_from_uri(request.uri()).map_or_else(|_| Vec::new(), |Query(fields)| fields);
    let asked = Asked::new("/", fields, view.settings.lang);
    let what = text!("there is no such page", "没有此页面");
    refused(WebError { status: StatusCode::NOT_FOUND, what }, &asked, &view.settings)
}
