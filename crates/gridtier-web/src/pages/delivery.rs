//! Service delivery: the answers of the service log, the results of the survey, and the customer handbook. The view is
//! started with the folders of the first two and the text of the third.

use std::sync::Arc;

use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_io::handbook::{HandbookRequest, handbook as made_handbook};
use gridtier_io::service::kept::{AnswerPlace, KeptAnswers, LogRequest};
use gridtier_io::service::question::ServiceQuestion;
use gridtier_io::survey::shown::{FILE_ROWS, SHOWN_ROWS, SurveyRequest, scored};
use gridtier_report::document::Document;
use gridtier_report::names;
use gridtier_report::section::{Block, Extent, Section};
use gridtier_report::service::worklist::{NamedWorkList, WorkFilter};
use gridtier_service::handbook::Completeness;
use maud::{Markup, html};

use crate::answer::{Page, WebError, message};
use crate::asked::{Asked, PageFormat};
use crate::fields::{Choice, choice, look};
use crate::layout::delivery_links;
use crate::settings::Settings;
use crate::view::View;

/// Reads the service log, so that the first reader does not wait for it. Waits for it, so that the next reading does not
/// need memory at the same time. An error is left for the page.
pub fn warm(view: &Arc<View>) {
    if let Some(request) = &view.settings.delivery.log {
        let file = vec![("format".to_owned(), "csv".to_owned())];
        let asked = Asked::new("/log/report", file, view.settings.lang);
        view.prepare_service_log(request, asked.patience());
    }
}

/// The page of an answer of the service log. The path names the question.
pub fn log(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let code = asked.path.rsplit('/').next().unwrap_or_default();
    let question = ServiceQuestion::from_code(code).ok_or_else(WebError::bug)?;
    let Some(request) = &view.settings.delivery.log else {
        return Ok(unset(question.heading(), &view.settings, "--service DIR --period 2025-12"));
    };
    let links = delivery_links(asked, &view.settings.delivery);
    let Some(kept) = view.service_log(request, asked.patience())? else {
        let Text { en, zh, .. } = question.heading();
        let period = request.run.period;
        return Ok(Page::waiting(text!("{en}, {period}", "{zh}（{period}）")).led_by(links));
    };
    let filter = filter(asked, &kept, request)?;
    let mut page = titled(kept.sections(question, AnswerPlace::Page, &filter), question.heading());
    let of_page = [other_cycle(view, asked, &kept)?, ignored_files(question, &kept)].into_iter().flatten();
    let of_all = kept.doubts.as_ref().map(doubtful);
    // Below the head of the result.
    let place = page.sections.len().min(1);
    page.sections.splice(place..place, of_page.chain(of_all.clone()));
    let in_files = (asked.format() != PageFormat::Html).then(|| {
        let sections = kept.sections(question, AnswerPlace::File, &filter);
        of_all.into_iter().chain(sections).collect()
    });
    let form = (question == ServiceQuestion::Due).then(|| form(asked, &kept, request));
    let lead = html! { (links) @if let Some(form) = form { (form) } };
    Ok(page.led_by(lead).with_files(in_files))
}

/// A page that takes its title from the head of a result.
fn titled(mut sections: Vec<Section>, otherwise: Text) -> Page {
    let title = sections.first_mut().and_then(|head| head.heading.take());
    Page::new(title.unwrap_or(otherwise), sections)
}

/// A page for which the view lacks a setting.
fn unset(title: Text, settings: &Settings, options: &str) -> Page {
    let store = gridtier_report::format::shell_word(&settings.store.display().to_string()).into_owned();
    let section = Section::new().sentence(
        format!(
            "The view was started without this. Start it with `gridtier serve --store {store} {options}`."
        ),
        format!("启动时未给出所需的文件。请用 `gridtier serve --store {store} {options}` 启动。"),
    );
    Page::new(title, vec![section])
}

/// Says that results are doubtful.
fn doubtful(what: &Text) -> Section {
    Section::titled(text!("These results are doubtful", "结果存疑")).with_all(message(what))
}

/// Says that the log was read with the tiers of another cycle than the one asked for.
fn other_cycle(view: &View, asked: &Asked, kept: &KeptAnswers) -> Result<Option<Section>, WebError> {
    let (_, stored) = view.cycle(asked)?;
    let (wanted, then) = (stored.version, kept.cycle);
    Ok((wanted != then).then(|| {
        Section::new().sentence(
            format!(
                "These are results with the tiers of cycle {then}, which was the current one when the log was read. For those of \
                 cycle {wanted}, use `gridtier service` with --cycle {wanted}, or start the view again once it is the current one."
            ),
            format!(
                "以下结果采用周期 {then} 的等级（读取服务记录时的当前周期）。如需采用周期 {wanted} 的等级，请使用 `gridtier service` 和 \
                 --cycle {wanted}，或待其成为当前周期后重新启动。"
            ),
        )
    }))
}

/// The files of the folder that belong to no table, on the page of the tables.
fn ignored_files(question: ServiceQuestion, kept: &KeptAnswers) -> Option<Section> {
    let ignored = kept.ignored.as_ref().filter(|_| question == ServiceQuestion::Check)?;
    Some(Section::new().with(Block::Sentence(ignored.clone())))
}

/// The lines of the work list that the URL asks for. Counts by tier would give small tiers away, so they are not asked for
/// where counts are withheld.
///
/// # Errors
/// Nothing is to be done for a service, or there is no such tier.
fn filter(asked: &Asked, kept: &KeptAnswers, request: &LogRequest) -> Result<WorkFilter, WebError> {
    let services: Vec<String> = asked.all("service").map(str::to_owned).collect();
    let known = kept.work_list().map(NamedWorkList::services).unwrap_or_default();
    if let Some(unknown) = services.iter().find(|id| !known.iter().any(|(known, _)| known == id)) {
        return Err(WebError::request(text!(
            "the work list has nothing to do for a service {unknown}; choose one on the page",
            "工作清单中没有服务 {unknown} 的应做事项; 请在页面上选择"
        )));
    }
    let tiers = asked.all("tier").filter(|_| request.min_count == 0).map(|code| {
        Tier::from_code(code).ok_or_else(|| {
            WebError::request(text!(
                "there is no tier {code}; choose one on the page",
                "没有等级 {code}; 请在页面上选择"
            ))
        })
    });
    Ok(WorkFilter { services, tiers: tiers.collect::<Result<_, _>>()? })
}

fn form(asked: &Asked, kept: &KeptAnswers, request: &LogRequest) -> Markup {
    let Some(list) = kept.work_list() else { return Markup::default() };
    let all = Text::new("all", "全部");
    let services: Vec<Choice> =
        list.services().into_iter().map(|(id, title)| (id.to_owned(), title.clone())).collect();
    let tiers: Vec<Choice> =
        Tier::ALL.iter().map(|&tier| (tier.code().to_owned(), names::tier(tier))).collect();
    let fields = html! {
        (choice(asked, "service", &Text::new("Service", "服务"), &all, &services))
        @if request.min_count == 0 {
            (choice(asked, "tier", &Text::new("Tier", "等级"), &all, &tiers))
        }
    };
    look(asked, &fields)
}

/// The page with the results of the survey.
pub fn survey(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let title = text!("Survey", "客户调查");
    let Some(request) = &view.settings.delivery.survey else {
        let options = "--survey DIR --instrument servqual --as-of 2026-01-01";
        return Ok(unset(title, &view.settings, options));
    };
    let links = delivery_links(asked, &view.settings.delivery);
    let on_page = (SHOWN_ROWS, Extent::Browsed { page_rows: SHOWN_ROWS, file_rows: FILE_ROWS });
    let Some(sections) = survey_sections(view, asked, request, on_page)? else {
        return Ok(Page::waiting(title).led_by(links));
    };
    let page = titled(sections.to_vec(), title.clone()).led_by(links);
    if asked.format() == PageFormat::Html {
        return Ok(page);
    }
    let in_files = survey_sections(view, asked, request, (FILE_ROWS, Extent::Whole))?;
    Ok(match in_files {
        Some(sections) => page.with_files(Some(sections.to_vec())),
        None => Page::waiting(title),
    })
}

/// The results of the survey; `None` while they are being measured.
fn survey_sections(
    view: &Arc<View>,
    asked: &Asked,
    request: &SurveyRequest,
    (rows, extent): (usize, Extent),
) -> Result<Option<Arc<Vec<Section>>>, WebError> {
    let (_, stored) = view.cycle(asked)?;
    let (request, cycle) = (request.clone(), stored.clone());
    view.slowly(asked, &stored, format!("survey {extent:?}"), move |_| {
        let scored = scored(&request, &cycle, (rows, extent))?;
        let ignored = scored.ignored.map(|ignored| Section::new().with(Block::Sentence(ignored)));
        let mut sections = scored.sections;
        let place = sections.len().min(1);
        sections.splice(place..place, scored.doubts.as_ref().map(doubtful).into_iter().chain(ignored));
        Ok(sections)
    })
}

/// The page of the customer handbook.
pub fn handbook(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let title = text!("Customer handbook", "客户手册");
    let Some(settings) = view.settings.delivery.handbook.clone() else {
        return Ok(unset(title, &view.settings, "--handbook handbook.toml"));
    };
    let (_, stored) = view.cycle(asked)?;
    let request = HandbookRequest {
        text: &settings.text,
        policy: Some(&settings.policy),
        completeness: Completeness::Whole,
    };
    let Document { title, about, chapters, .. } = made_handbook(&stored, request)?.document;
    let mut sections = vec![Section::new().with(Block::Sentence(about))];
    for chapter in chapters {
        sections.push(Section::titled(chapter.heading()));
        sections.extend(chapter.sections);
    }
    Ok(Page::new(title, sections).led_by(delivery_links(asked, &view.settings.delivery)))
}
