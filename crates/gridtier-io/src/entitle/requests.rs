//! Applications as a table: `customer_id`, `service`, `applied_on`, and where needed `area`, `parts`, `units`,
//! `plan_allows`.

use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::application::Application;
use gridtier::entitlement::service::Fee;
use gridtier::unit::day_of_date;

use super::ids::{RequestError, SmallTable};

/// Columns of applications; the first three must be there.
const COLUMNS: [&str; 7] = ["customer_id", "service", "applied_on", "area", "parts", "units", "plan_allows"];
const REQUIRED: usize = 3;

/// The applications of a file.
///
/// # Errors
/// The file cannot be read, or rows of it are wrong; all faults are reported at once.
pub fn read_applications(path: &Path, catalogue: &Catalogue) -> Result<Vec<Application>, RequestError> {
    let table = SmallTable::read(path)?;
    let mut faults = Vec::new();
    for name in &table.header {
        if !COLUMNS.contains(&name.as_str()) {
            faults.push(format!("line 1: unknown column `{name}`; {}", did_you_mean(name, COLUMNS)));
        }
    }
    for name in &COLUMNS[..REQUIRED] {
        if table.column(name).is_none() {
            faults.push(format!("line 1: the column `{name}` is missing; add it"));
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
                Err(fault) => faults.push(format!("line {line}: {fault}")),
            }
        }
    }
    if faults.is_empty() { Ok(applications) } else { Err(RequestError::Rows { path: table.path, faults }) }
}

/// An application from its cells, in the order of the columns.
fn application(cells: [&str; COLUMNS.len()], catalogue: &Catalogue) -> Result<Application, String> {
    let [id, service, day, area, parts, units, plan_allows] = cells;
    if id.is_empty() {
        return Err("`customer_id` is empty; write the account number".into());
    }
    let Some(position) = catalogue.service(service) else {
        let known = catalogue.services.iter().map(|service| service.id.as_str());
        return Err(format!("there is no service `{service}`; {}", did_you_mean(service, known)));
    };
    let date =
        day.parse().map_err(|_| format!("`applied_on` is no day: `{day}`; write it like 2026-01-31"))?;
    let units = match units {
        "" => 1,
        text => match text.parse() {
            Ok(units @ 1..=1_000_000) => units,
            _ => return Err(format!("`units` must be a whole number from 1 to 1000000, not `{text}`")),
        },
    };
    let plan_allows = match plan_allows {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        other => return Err(format!("`plan_allows` must be true, false or empty, not `{other}`")),
    };
    Ok(Application {
        customer_id: id.to_owned(),
        service: position,
        applied_on: day_of_date(date),
        area: area.to_owned(),
        parts: chosen_parts(parts, catalogue, position)?,
        units,
        plan_allows,
    })
}

/// `report + saving` as bits.
fn chosen_parts(text: &str, catalogue: &Catalogue, service: usize) -> Result<u32, String> {
    let service = &catalogue.services[service];
    let names: Vec<&str> = text.split('+').map(str::trim).filter(|name| !name.is_empty()).collect();
    let Fee::Combination(parts, _) = &service.fee else {
        return match names.is_empty() {
            true => Ok(0),
            false => Err(format!("service {} has no parts to choose; leave `parts` empty", service.id)),
        };
    };
    let mut bits = 0;
    for name in names {
        let Some(place) = parts.iter().position(|part| part.id == name) else {
            let fix = did_you_mean(name, parts.iter().map(|part| part.id.as_str()));
            return Err(format!("service {} has no part `{name}`; {fix}", service.id));
        };
        bits |= 1 << place;
    }
    Ok(bits)
}
