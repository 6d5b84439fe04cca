//! The local web view as people use it: questions answered by following links, decisions in forms, and what is kept while
//! the store changes beneath it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use calamine::{Reader as _, Xlsx};
use tempfile::TempDir;

use crate::serve::View;
use crate::support::{Published, gridtier, method_file, scratch};
use crate::utility::Utility;

/// A folder with a store of two cycles of an invented utility.
static TWICE_GRADED: LazyLock<Utility> = LazyLock::new(twice_graded);

fn twice_graded() -> Utility {
    let utility = Utility::invented(400, &["--months", "40"]);
    for as_of in ["2025-07-01", "2026-01-01"] {
        utility.done(&[&regrade(as_of)[..], &["--accept-findings=Li"]].concat());
    }
    utility
}

fn regrade(as_of: &str) -> [&str; 8] {
    ["regrade", "data", "--as-of", as_of, "--method", "utility", "--store", "store"]
}

/// The texts of the links of a page with their targets.
fn links(page: &str) -> Vec<(String, String)> {
    let anchors = page.split("<a ").skip(1).filter_map(|rest| rest.split_once("</a>"));
    let links = anchors.filter_map(|(anchor, _)| {
        let (head, text) = anchor.split_once('>')?;
        let (_, target) = head.split_once("href=\"")?;
        Some((text.trim().to_owned(), target.split('"').next()?.replace("&amp;", "&")))
    });
    links.collect()
}

/// The target of the first link of a page whose text begins like this.
fn link(page: &str, text: &str) -> String {
    let found = links(page).into_iter().find(|(known, _)| known.starts_with(text));
    found.unwrap_or_else(|| panic!("no link `{text}` in {page}")).1
}

/// The address that the form of a page which only looks leads to, with one of its fields changed.
fn submitted(page: &str, field: &str, value: &str) -> String {
    let (_, form) = page.split_once("<form class=\"fields\" method=\"get\" action=\"").expect("a form");
    let (action, fields) = form.split_once("</form>").unwrap().0.split_once('"').unwrap();
    let attribute = |tag: &str, name: &str| -> Option<String> {
        Some(tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?.to_owned())
    };
    let inputs = fields.split("<input").skip(1).filter_map(|tag| {
        let tag = format!(" {}", tag.split_once('>')?.0);
        Some((attribute(&tag, "name")?, attribute(&tag, "value").unwrap_or_default()))
    });
    let mut sent: Vec<(String, String)> = inputs.filter(|(name, _)| name != field).collect();
    assert!(fields.contains(&format!("name=\"{field}\"")), "no field {field}: {fields}");
    sent.push((field.to_owned(), value.to_owned()));
    let query = sent.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "%20")));
    format!("{action}?{}", query.collect::<Vec<_>>().join("&"))
}

/// Saves what a page shows in every way that it offers, and returns the first file with comma-separated values.
fn saved(view: &View, page: &str) -> String {
    let files: Vec<String> = links(page)
        .into_iter()
        .map(|(_, target)| target)
        .filter(|target| target.contains("format="))
        .collect();
    let mut first = None;
    for target in &files {
        let (status, head, body) = view.ask(&format!("GET {target}"), "", "");
        assert_eq!(status, 200, "{target}: {}", String::from_utf8_lossy(&body));
        assert!(head.contains("attachment"), "{target}: {head}");
        if target.contains("format=xlsx") {
            assert_eq!(&body[..2], b"PK", "{target}");
        } else if first.is_none() {
            first = Some(String::from_utf8(body).unwrap());
        }
    }
    assert!(files.len() > 1, "{files:?}");
    first.unwrap()
}

#[test]
fn four_questions_are_answered_by_following_links() {
    let view = View::of(TWICE_GRADED.path());
    let overview = view.page("/");

    // Who are our special customers, and what do they bring?
    assert!(overview.contains("revenue CNY") && saved(&view, &overview).contains("special"));
    let special = view.page(&link(&overview, "special"));
    let listed = saved(&view, &special);
    assert!(
        listed.lines().count() > 10 && listed.lines().skip(1).all(|line| line.contains(",special,")),
        "{listed}"
    );

    // Why did this customer fall?
    let changes = view.page(&link(&overview, "Changes"));
    assert!(changes.contains("fell") || changes.contains("down"), "{changes}");
    let customers = view.page(&link(&overview, "Customers"));
    let fallen = view.page(&submitted(&customers, "moved", "down"));
    let (id, of_customer) = links(&fallen).into_iter().find(|(_, to)| to.starts_with("/customer?")).unwrap();
    let why = view.page(&link(&view.page(&of_customer), "Why it moved since cycle 1"));
    assert!(why.contains(&format!("Customer {id} since cycle 1")), "{why}");
    saved(&view, &why);

    // What happens if contribution weighs 0.6?
    let trial = view.page(&link(&overview, "What if"));
    let tried = view.page(&submitted(&trial, "weights.contribution", "0.6"));
    assert!(tried.contains("weights.contribution") && tried.contains("Who would change tier"), "{tried}");
    saved(&view, &tried);

    // Who in this district gets service S18, and what does it cost?
    let entitlements = view.page(&link(&overview, "Entitlements"));
    let service = view.page(&link(&entitlements, "S18"));
    let (_, options) = service.split_once("name=\"region\"").unwrap();
    let district = options.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap();
    let holders = view.page(&submitted(&service, "region", district));
    assert!(holders.contains("cost"), "{holders}");
    assert!(links(&holders).iter().any(|(_, target)| target.starts_with("/customer?")), "{holders}");
    saved(&view, &holders);
}

/// The rows of each sheet of a workbook.
fn sheets(bytes: Vec<u8>) -> Vec<Vec<Vec<String>>> {
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let rows = |range: calamine::Range<calamine::Data>| -> Vec<Vec<String>> {
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    };
    book.worksheets().into_iter().map(|(_, range)| rows(range)).collect()
}

#[test]
fn files_have_all_customers_of_a_list() {
    let view = View::of(TWICE_GRADED.path());
    let cycle = TWICE_GRADED.done(&["path", "--store", "store"]);
    let tiers = Published::read(&TWICE_GRADED.path().join(cycle.trim()).join("tiers.parquet"));
    let graded: BTreeSet<String> = tiers.texts("customer_id").into_iter().flatten().collect();
    assert!(graded.len() > 200);
    let (_, _, body) = view.ask("GET /customers?format=csv&sort=low&from=50", "", "");
    let text = String::from_utf8(body).unwrap();
    let ids: BTreeSet<String> =
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(ids, graded);
    let (_, _, body) = view.ask("GET /customers?format=xlsx&lang=zh&tier=grade-2", "", "");
    let sheets = sheets(body);
    let of_tier = tiers.texts("tier").into_iter().flatten().filter(|tier| tier == "grade-2").count();
    assert_eq!(sheets[0].len() - 1, of_tier);
    assert!(sheets[0][1].iter().any(|cell| cell.contains("二级")), "{:?}", sheets[0][1]);
    // The sheet about the workbook says what was chosen.
    assert!(sheets.last().unwrap().iter().flatten().any(|cell| cell.contains("grade-2")), "{sheets:?}");
}

/// Removes the tables of all cycles of a store, as if they could not be read any more.
fn remove_tables(utility: &Utility) {
    for cycle in fs::read_dir(utility.store()).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(&cycle).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "parquet") {
                fs::remove_file(file).unwrap();
            }
        }
    }
}

#[test]
fn a_trial_after_the_first_reads_no_table_again() {
    let utility = twice_graded();
    let view = View::of(utility.path());
    view.page("/whatif");
    remove_tables(&utility);
    for weight in ["0.6", "0.2"] {
        let (status, body) = view.get(&format!("/whatif/result?weights.contribution={weight}"));
        assert!(status == 200 && body.contains("set"), "{status}: {body}");
    }
    // Nothing else could have answered.
    assert_eq!(View::of(utility.path()).get("/whatif/result?weights.contribution=0.6").0, 500);
}

#[test]
fn changes_and_moves_are_kept() {
    let utility = twice_graded();
    let view = View::of(utility.path());
    let customers = view.page("/customers");
    let changes = view.page("/changes");
    remove_tables(&utility);
    let (status, again) = view.get("/changes");
    assert_eq!((status, again), (200, changes));
    // Both cycles are in memory: the move of a customer that nobody has asked for is there at once.
    let ids: Vec<String> = links(&customers)
        .into_iter()
        .filter(|(_, to)| to.starts_with("/customer?"))
        .map(|(id, _)| id)
        .collect();
    for id in &ids[..20] {
        let page = view.page(&format!("/moved?id={id}"));
        assert!(page.contains(&format!("Customer {id} since cycle 1")), "{page}");
    }
}

#[test]
fn checks_and_trials_are_the_same_whatever_was_looked_at_before() {
    let (view, other) = (View::of(TWICE_GRADED.path()), View::of(TWICE_GRADED.path()));
    let trial = "/whatif/result?weights.contribution=0.6";
    let alone = [view.page("/checks"), view.page(trial)];
    let id = other.customer();
    for page in ["/changes", &format!("/moved?id={id}")] {
        other.page(page);
    }
    assert_eq!([other.page("/checks"), other.page(trial)], alone);
    // The share of customers whose tier changed needs the tiers of the cycle before.
    let changed = rest_of_row(&alone[0], "Dynamics");
    assert!(changed.contains(" %"), "{changed}");
}

/// The rest of the row of a table that begins with a word.
fn rest_of_row<'a>(page: &'a str, word: &str) -> &'a str {
    let (_, rest) = page.split_once(word).unwrap_or_else(|| panic!("no row {word}: {page}"));
    rest.split("</tr>").next().unwrap_or_default()
}

#[test]
fn a_revision_published_meanwhile_is_seen_without_a_restart() {
    let utility = twice_graded();
    let view = View::of(utility.path());
    let id = view.customer();
    let moved = format!("/moved?id={id}&since=1");
    for page in ["/changes?since=1", &moved] {
        assert!(!view.page(page).contains("is a revision of"), "{page}");
    }
    let revises = ["--revises", "1", "--because", "data", "--by", "Li", "--reason", "late bills"];
    utility.done(&[&regrade("2025-07-01")[..], &["--accept-findings=Li"], &revises].concat());
    for page in ["/changes?cycle=2&since=1", &format!("{moved}&cycle=2")] {
        assert!(view.page(page).contains("Cycle 3 is a revision of cycle 1"), "{page}");
    }
    // Cycle 1 has no earlier one: the reader chooses among the others.
    let choice = links(&view.page("/changes?cycle=1"));
    let (_, to) =
        choice.iter().find(|(name, _)| name.starts_with("Cycle 3")).expect("a link to compare with cycle 3");
    assert!(view.page(&to.replace("&amp;", "&")).contains("cycle 3 to 1"), "{to}");
}

/// A store with a proposal that one reviewer must agree to.
fn proposed() -> TempDir {
    let dir = scratch();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/utility");
    let changes = [("approval = \"none\"", "approval = \"required\""), ("reviews = 0", "reviews = 1")];
    let method = method_file(dir.path(), "utility", &changes);
    let mut command = gridtier();
    command.current_dir(dir.path()).arg("regrade").arg(data).args([
        "--as-of",
        "2026-01-01",
        "--method",
        &method,
    ]);
    command.args([
        "--store",
        "store",
        "--accept-findings=Li",
        "--propose",
        "--by",
        "Li",
        "--reason",
        "yearly",
    ]);
    assert!(command.output().unwrap().status.success());
    dir
}

#[test]
fn a_form_that_is_sent_leads_to_a_page_that_can_be_reloaded() {
    let dir = proposed();
    let view = View::of(dir.path());
    let page = view.page("/proposals?lang=en");
    // What to do is done on the page, and found from the store's page.
    assert!(page.contains("1 proposal waits for a decision") && !page.contains("gridtier compare"), "{page}");
    assert!(view.page("/store?lang=zh").contains("1 个提案待审批"));
    let secret = page.split_once("name=\"secret\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let origin = format!("Origin: http://{}\r\n", view.address);
    let send = |by: &str, action: &str| {
        let form = format!("secret={secret}&number=1&lang=zh&by={by}&reason=test&action={action}");
        view.ask("POST /proposals", &origin, &form)
    };
    let target = |head: &str| -> String {
        let line = head.lines().find_map(|line| line.strip_prefix("location: "));
        line.unwrap_or_else(|| panic!("no location: {head}")).to_owned()
    };
    // Nobody has agreed yet: an error is no redirection.
    assert_eq!(send("Zhao", "approve").0, 409);
    assert_eq!(send("Zhao", "dance").0, 400);
    let (status, head, body) = send("Wang", "agree");
    assert_eq!((status, body.len()), (303, 0), "{head}");
    let reviewed = target(&head);
    let shown = view.page(&reviewed);
    assert!(
        reviewed.starts_with("/proposals?") && shown.contains("Wang") && shown.contains("同意"),
        "{shown}"
    );
    assert_eq!(view.page(&reviewed), shown);
    let (status, head, _) = send("Zhao", "approve");
    assert_eq!(status, 303, "{head}");
    let shown = view.page(&target(&head));
    assert!(shown.contains("周期 1 已发布") && shown.contains("Zhao"), "{shown}");
    // The page was asked for three times; the register has one review and one approval beside the entry of the proposal.
    let store = view.page("/store?lang=en");
    let (_, register) = store.split_once(">Register<").unwrap();
    assert_eq!([register.matches("Wang").count(), register.matches("Zhao").count()], [1, 1], "{register}");
    assert_eq!(view.get("/proposals?entry=99").0, 404);
}
