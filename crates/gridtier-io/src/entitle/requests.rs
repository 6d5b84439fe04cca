//! Applications as a table: `customer_id`, `service`, `applied_on`, and where needed `area`, `parts`, `units`,
//! `plan_allows`.

use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::contract::cell::fold_id;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::application::Application;
use gridtier::entitlement::service::Fee;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::day_of_date;

use super::ids::{RequestError, SmallTable};

/// Columns of applications; the first three must be there.
const COLUMNS: [&str; 7] = ["customer_id", "service", "applied_on", "area", "parts", "units", "plan_allows"];
const REQUIRED: usize = 3;

/// The applications of a file.
///
/// # Errors
/// The file cannot be read, or some of its rows are wrong; all faults are reported at once.
pub fn read_applications(path: &Path, catalogue: &Catalogue) -> Result<Vec<Application>, RequestError> {
    let table = SmallTable::read(path)?;
    let mut faults = Vec::new();
    for name in &table.header {
        if !COLUMNS.contains(&name.as_str()) {
            let fix = did_you_mean(name, COLUMNS);
            faults.push(
                text!("line 1: unknown column `{name}`; {fix}", "第 1 行: 未知列 `{name}`; {fix}"; fix),
            );
        }
    }
    for name in &COLUMNS[..REQUIRED] {
        if table.column(name).is_none() {
            faults.push(text!(
                "line 1: the column `{name}` is missing; add it",
                "第 1 行: 缺少列 `{name}`; 请补上",
            ));
        }
    }
    let positions = COLUMNS.map(|name| table.column(name));
    let mut applications = Vec::new();
    if faults.is_empty() {
        for (line, cells) in &table.rows {
            let cells = positions
                .map(|position| position.and_then(|position| cells.get(position)).map_or("", String::as_str));
            match application(cells, catalogue) {
                Ok(application) => applications.push(application),
                Err(Text { en, zh, .. }) => faults.push(text!("line {line}: {en}", "第 {line} 行: {zh}")),
            }
        }
    }
    if faults.is_empty() { Ok(applications) } else { Err(RequestError::Rows { path: table.path, faults }) }
}

/// An application from its cells, in the order of the columns.
fn application(cells: [&str; COLUMNS.len()], catalogue: &Catalogue) -> Result<Application, Text> {
    let [id, service, day, area, parts, units, plan_allows] = cells;
    if id.is_empty() {
        return Err(Text::new(
            "`customer_id` is empty; write the account number",
            "`customer_id` 为空; 请填写户号",
        ));
    }
    let Some(position) = catalogue.service(service) else {
        let known = catalogue.services.iter().map(|service| service.id.as_str());
        let fix = did_you_mean(service, known);
        return Err(text!("there is no service `{service}`; {fix}", "没有服务 `{service}`; {fix}"; fix));
    };
    let date = day.parse().map_err(|_| {
        text!(
            "`applied_on` is no day: `{day}`; write it like 2026-01-31",
            "`applied_on` 不是日期: `{day}`; 请写作 2026-01-31",
        )
    })?;
    let units = match units {
        "" => 1,
        text => match text.parse() {
            Ok(units @ 1..=1_000_000) => units,
            _ => {
                return Err(text!(
                    "`units` must be a whole number from 1 to 1000000, not `{text}`",
                    "`units` 须为 1 至 1000000 的整数, 不能是 `{text}`",
                ));
            }
        },
    };
    let plan_allows = match plan_allows {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        other => {
            return Err(text!(
                "`plan_allows` must be true, false or empty, not `{other}`",
                "`plan_allows` 须为 true、false 或空, 不能是 `{other}`",
            ));
        }
    };
    Ok(Application {
        customer_id: fold_id(id).into_owned(),
        service: position,
        applied_on: day_of_date(date),
        area: area.to_owned(),
        parts: chosen_parts(parts, catalogue, position)?,
        units,
        plan_allows,
    })
}

/// `report + saving` as bits.
fn chosen_parts(text: &str, catalogue: &Catalogue, service: usize) -> Result<u32, Text> {
    let service = &catalogue.services[service];
    let names: Vec<&str> = text.split('+').map(str::trim).filter(|name| !name.is_empty()).collect();
    let Fee::Combination(parts, _) = &service.fee else {
        return match names.is_empty() {
            true => Ok(0),
            false => {
                let id = &service.id;
                Err(text!(
                    "service {id} has no parts to choose; leave `parts` empty",
                    "服务 {id} 没有可选项; `parts` 请留空",
                ))
            }
        };
    };
    let mut bits = 0;
    for name in names {
        let Some(place) = parts.iter().position(|part| part.id == name) else {
            let fix = did_you_mean(name, parts.iter().map(|part| part.id.as_str()));
            let id = &service.id;
            return Err(text!(
                "service {id} has no part `{name}`; {fix}",
                "服务 {id} 没有可选项 `{name}`; {fix}"
            ));
        };
        bits |= 1 << place;
    }
    Ok(bits)
}
