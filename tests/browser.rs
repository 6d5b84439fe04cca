//! Tests of the local web view in a browser: no page reports an error or is too wide, sliders show the numbers that the
//! command prints, and no text of the data runs as a script.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::chromium::Chromium;
use crate::serve::{DELIVERY, GRADED, View, pages};
use crate::support::{Published, ended, gridtier};
use crate::utility::{CUSTOMERS, READINGS, Utility};

/// Switches on the loopback device, the only network device of a new network namespace, and then runs the command.
const WITHOUT_ROUTE: &str = r#"ip link set lo up && exec "$0" "$@""#;

/// A command in a network namespace of its own, from which it can reach only this machine.
fn without_route(program: &std::ffi::OsStr, args: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", WITHOUT_ROUTE]).arg(program).args(args);
    command
}

#[test]
fn every_page_opens_without_complaint_and_without_a_network() {
    const INSIDE: &str = "GRIDTIER_TEST_WITHOUT_ROUTE";
    let silent = |mut command: Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_inside = std::env::var_os(INSIDE).is_some();
    let can_enter = || silent(without_route("true".as_ref(), &[])).is_ok_and(|status| status.success());
    if is_inside || !can_enter() {
        if !is_inside {
            eprintln!("SKIPPED: network namespaces are not allowed here; pages are opened without one");
        }
        return open_all_pages();
    }
    // This test starts itself again in a namespace, so that server and browser cannot reach another machine.
    let own = std::env::current_exe().unwrap();
    let name = "browser::every_page_opens_without_complaint_and_without_a_network";
    let output = without_route(own.as_os_str(), &[name, "--exact"]).env(INSIDE, "1").output().unwrap();
    let ended = ended(output);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("1 passed"), "{}", ended.stdout);
}

fn open_all_pages() {
    let Some(mut browser) = Chromium::start() else { return };
    let view = View::of_delivery();
    let own = format!("http://{}/", view.address);
    for page in pages(&view).into_iter().chain(DELIVERY.map(str::to_owned)) {
        for (lang, script) in [("en", true), ("zh", true), ("en", false), ("zh", false)] {
            let target = format!("{page}{}lang={lang}", if page.contains('?') { '&' } else { '?' });
            // Waits until the page has been computed in the background.
            view.page(&target);
            browser.set_script(script);
            browser.open(&format!("{own}{}", target.trim_start_matches('/')));
            for width in [1_280, 390] {
                browser.set_width(width);
                let shown = browser.value("document.documentElement.scrollWidth");
                assert!(
                    shown.as_u64().unwrap() <= width.into(),
                    "{target} is {shown} wide on {width}: {}",
                    widest(&mut browser)
                );
                assert_eq!(browser.value(UNMARKED), "", "{target} on {width}: cut without a mark");
                assert_eq!(
                    browser.value(BROKEN_HEADS),
                    "",
                    "{target} on {width}: heads broken within a word"
                );
            }
            assert_eq!(browser.complaints, [""; 0], "{target}, script: {script}");
            let headings = browser.value("document.querySelectorAll('h1').length");
            assert_eq!(headings, 1, "{target}");
        }
    }
    assert!(browser.requests.iter().any(|url| url.ends_with("/assets/view.js")));
    let foreign: Vec<&String> = browser.requests.iter().filter(|url| !url.starts_with(&own)).collect();
    assert_eq!(foreign, [""; 0]);
}

/// Tables that go on beyond the edge without a shadow that says so.
const UNMARKED: &str = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth + 1 && \
     !getComputedStyle(e).backgroundImage.includes('gradient')).map(e => e.textContent.slice(0, 80)).join('\\n')";

/// Heads of columns that are a single word of Chinese and stand in several lines.
const BROKEN_HEADS: &str = "[...document.querySelectorAll('thead th')].filter(e => /^[\\u4e00-\\u9fff]+$/.test(e.textContent) && \
     (() => { const r = document.createRange(); r.selectNodeContents(e); \
     return new Set([...r.getClientRects()].map(b => b.top)).size > 1; })()).map(e => e.textContent).join('\\n')";

/// The elements that extend beyond the right edge.
fn widest(browser: &mut Chromium) -> Value {
    browser.value(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 \
         && !e.closest('.wide, details:not([open])')).slice(0, 5).map(e => e.outerHTML.slice(0, 160)).join('\\n')",
    )
}

#[test]
fn a_slider_shows_what_the_command_counts() {
    let Some(mut browser) = Chromium::start() else { return };
    let view = View::start();
    browser.open(&format!("http://{}/whatif", view.address));
    for weight in ["0.6", "0.1"] {
        let set = format!("weights.contribution={weight}");
        let args = ["whatif", "--store", "store", "--set", &set, "--format", "json"];
        let printed = ended(gridtier().current_dir(GRADED.path()).args(args).output().unwrap()).stdout;
        let printed: Value = serde_json::from_str(&printed).unwrap();
        let changed = printed["changed"].as_u64().unwrap();
        // The numbers of moved customers are in a sentence. The slider follows its field.
        browser.value(&format!(
            "(() => {{ const slider = document.querySelector('[name=\"weights.contribution\"] + input[type=range]'); \
             slider.value = '{weight}'; slider.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        ));
        let wanted = format!("{changed} of ");
        let shown = "document.getElementById('sections').textContent";
        let is_shown = (0..600).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            browser.value(shown).as_str().is_some_and(|text| text.contains(&wanted))
        });
        assert!(is_shown, "{weight}: {wanted} is not in {}", browser.value(shown));
        let address = browser.value("location.search");
        assert!(address.as_str().unwrap().contains(&set), "{address}");
    }
    assert_eq!(browser.complaints, [""; 0]);
}

/// Texts that a program could take for markup, a script, a path or a formula. `RUN` stands for a script that sets `hit`
/// and opens a dialog.
const NAUGHTY: &[&str] = &[
    // Tags, and texts that end an attribute or an element.
    "<script>RUN</script>",
    "\"><script>RUN</script>",
    "'><script>RUN</script>",
    "</title><script>RUN</script>",
    "</textarea><script>RUN</script>",
    "</style><script>RUN</script>",
    "</script><script>RUN</script>",
    "--><script>RUN</script><!--",
    "]]><script>RUN</script>",
    "<<script>RUN//<</script>",
    "<ScRiPt>RUN</sCrIpT>",
    "<script/x>RUN</script>",
    "<img src=x onerror=RUN>",
    "<img src=x onerror=\"RUN\">",
    "\" onmouseover=\"RUN",
    "' onfocus='RUN' autofocus='",
    "\" autofocus onfocus=RUN x=\"",
    "<svg onload=RUN>",
    "<svg><script>RUN</script></svg>",
    "<svg><animate onbegin=RUN attributeName=x>",
    "<body onload=RUN>",
    "<iframe srcdoc='<script>parent.RUN</script>'>",
    "<iframe src=javascript:RUN>",
    "<a href=\"javascript:RUN\">x</a>",
    "<form><button formaction=javascript:RUN>x",
    "<details open ontoggle=RUN>",
    "<input autofocus onfocus=RUN>",
    "<video><source onerror=RUN>",
    "<object data=javascript:RUN>",
    "<math><mi xlink:href=\"javascript:RUN\">x",
    "<template><script>RUN</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=RUN>\">",
    "<meta http-equiv=refresh content=\"0;url=javascript:RUN\">",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<style>*{display:none}</style>",
    "<plaintext>",
    "<!--",
    "<xmp>",
    "</table></div></main>",
    // Addresses.
    "javascript:RUN",
    "JaVaScRiPt:RUN",
    "java&#115;cript:RUN",
    "data:text/html,<script>RUN</script>",
    "vbscript:RUN",
    "//evil.example/x",
    "https://evil.example/?a=1&b=2#c",
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "?lang=zh&cycle=9",
    "#main",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "%00%0d%0aSet-Cookie: a=b",
    "a&id=b",
    "a+b c%20d",
    // Entities, quotes, escapes.
    "&lt;script&gt;",
    "&amp;amp;",
    "&#60;b&#62;",
    "&nosuch;",
    "\"",
    "'",
    "`",
    "\"\"\"",
    "''''",
    "\\",
    "\\\"",
    "\\u003cscript\\u003e",
    "\\x3cimg\\x3e",
    "\\n\\t\\0",
    "O'Brien & Söhne \"GmbH\"",
    // Templates, formats, other programming languages.
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0} {} %s %n %d",
    "{{constructor.constructor('RUN')()}}",
    "${RUN}",
    "`+RUN+`",
    "';RUN;//",
    "\";RUN;//",
    "'; DROP TABLE customers; --",
    "1 OR 1=1",
    "$(touch hit)",
    "`touch hit`",
    "__proto__",
    "constructor",
    // Formulas.
    "=1+1",
    "=HYPERLINK(\"//evil.example\")",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "=cmd|'/C calc'!A0",
    // Right-to-left scripts and unusual characters.
    "\u{202e}txt.exe",
    "left\u{202e}b\u{202c}c",
    "\u{2066}x\u{2069}y",
    "\u{200f}right",
    "مرحبا بالعالم",
    "שלום",
    "岚屿区<b>电网</b>",
    "＜script＞alert(1)＜/script＞",
    "⚡🔌👩‍🔧🏳️‍🌈",
    "👍🏽",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯a̷l̵g̶o̴",
    "ﷺ",
    "𝒯𝒽ℯ",
    "zero\u{200b}b\u{feff}c",
    "soft\u{ad}b",
    // Words that are values in some language.
    "null",
    "undefined",
    "NaN",
    "true",
    "0",
    "1e309",
    "0x10",
    "2026-01-01",
    "\u{1}\u{7f}\u{1b}[31m",
    "two\nlines",
    "a\u{2028}b",
];

/// The texts above, and long ones.
fn naughty() -> Vec<String> {
    let long = ["W".repeat(120), "长".repeat(100), "a b ".repeat(25).trim().to_owned()];
    NAUGHTY.iter().map(|text| text.replace("RUN", "window.hit=1;alert(1)")).chain(long).collect()
}

/// A graded utility with these texts as ids and regions. Ids that the contract does not allow are rejected.
fn named_naughtily() -> Utility {
    let table = |heads: &str, rows: &[Vec<String>]| {
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(heads.trim().split(',')).unwrap();
        rows.iter().for_each(|row| out.write_record(row).unwrap());
        out.into_inner().unwrap()
    };
    let (mut customers, mut readings) = (Vec::new(), Vec::new());
    for (place, text) in naughty().into_iter().enumerate() {
        for id in [text.clone(), format!("R{place:03}")] {
            let own = ["commercial_industrial", "low_voltage", "2010-01-01", "false"];
            let region = if id == text { "plain" } else { &text };
            let row = [id.as_str()].into_iter().chain(own).chain([region]);
            customers.push(row.map(str::to_owned).collect());
            let meter = format!("M{}", customers.len());
            for month in 1..=12 {
                let (day, kwh) = (format!("2025-{month:02}-01"), (100 * place + month % 6).to_string());
                readings.push(vec![id.clone(), meter.clone(), day, kwh, "1".into(), "actual".into()]);
            }
        }
    }
    let heads = format!("{},region", CUSTOMERS.trim());
    let utility = Utility::empty()
        .and("customers.csv", table(&heads, &customers))
        .and("meter_readings.csv", table(READINGS, &readings));
    utility.published(&["--accept-findings"]);
    utility
}

#[test]
fn ids_and_regions_of_the_data_are_text_and_run_no_script() {
    assert!(naughty().len() >= 100);
    let Some(mut browser) = Chromium::start() else { return };
    let utility = named_naughtily();
    let tiers = Published::read(
        &utility.path().join(utility.done(&["path", "--store", "store"]).trim()).join("tiers.parquet"),
    );
    let graded: BTreeSet<String> = tiers.texts("customer_id").into_iter().flatten().collect();
    assert!(graded.len() > naughty().len() + 90, "{} are graded: {graded:?}", graded.len());
    let view = View::of(utility.path());
    let own = format!("http://{}", view.address);
    let mut listed = BTreeSet::new();
    for from in (0..graded.len()).step_by(50) {
        browser.open(&format!("{own}/customers?from={from}"));
        let links = "[...document.querySelectorAll('#sections td a[href^=\"/customer?\"]')].map(a => [a.textContent, a.href])";
        for link in browser.value(links).as_array().unwrap() {
            let (id, target) = (link[0].as_str().unwrap().to_owned(), link[1].as_str().unwrap());
            assert!(listed.insert(id.clone()), "{id} is listed twice");
            if id.starts_with('R') {
                continue;
            }
            for part in ["", "/services", "/history"] {
                browser.open(&target.replace("/customer?", &format!("/customer{part}?")));
                let heading = browser.value("document.querySelector('h1').textContent");
                assert!(heading.as_str().unwrap().contains(&id), "{id:?} is not in {heading}");
                assert_unhurt(&mut browser, &id);
            }
            browser.open(&format!("{own}/customers?from={from}"));
        }
    }
    assert_eq!(listed, graded);
    let regions = browser.value("[...document.querySelectorAll('[name=region] option')].map(o => o.value)");
    let regions: Vec<&str> =
        regions.as_array().unwrap().iter().map(|region| region.as_str().unwrap()).collect();
    assert!(regions.len() > 100, "{regions:?}");
    for region in regions {
        let choose = format!(
            "document.querySelector('[name=region]').value = {}; document.querySelector('form.fields').submit()",
            Value::from(region)
        );
        browser.act(&choose);
        let shown = browser.value("document.querySelector('[name=region]').value");
        assert_eq!(shown, region);
        assert_ne!(browser.value("document.querySelectorAll('#sections tbody tr').length"), 0, "{region:?}");
        assert_unhurt(&mut browser, region);
    }
    for page in ["/", "/quality", "/rejects?of=customers", "/entitlements", "/tiers", "/store", "/whatif"] {
        browser.open(&format!("{own}{page}"));
        assert_unhurt(&mut browser, page);
    }
}

/// Asserts that no script of the data ran and that the page requested nothing from another machine.
fn assert_unhurt(browser: &mut Chromium, text: &str) {
    assert_eq!(browser.complaints, [""; 0], "{text:?}");
    assert_eq!(browser.value("typeof window.hit"), "undefined", "{text:?}");
    let foreign = browser.requests.iter().find(|url| !url.starts_with("http://127.0.0.1:"));
    assert_eq!(foreign, None, "{text:?}");
}
