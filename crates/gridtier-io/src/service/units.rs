//! Which units of services were delivered, and what they cost and brought in: read back from a folder of results.
//!
//! `gridtier service delivered` and `due` write them as the table `units`; `report` has the same numbers among its figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use gridtier::entitlement::Catalogue;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::round_half_away;
use gridtier::word::Word as _;
use gridtier_service::group::UNGRADED;
use gridtier_service::usage::{PUBLIC, UnitsRow};
use serde_json::Value;

use crate::cycle::read_table;
use crate::store::StoredCycle;

/// The numbers of a service and tier, in the order of the table `units`.
const COLUMNS: [&str; 6] = ["deliveries", "units_e3", "failed", "extra", "cost_fen", "income_fen"];

/// What was delivered in a period.
pub struct DeliveredUnits {
    /// The period.
    pub period: String,
    /// The as-of day.
    pub as_of: String,
    /// By service in the order of ids, and tier.
    pub rows: Vec<UnitsRow>,
    /// Whether findings exceeded the limits of the cycle's method.
    pub is_doubtful: bool,
}

/// Reads the units in the folder of results `dir`, which were measured against `cycle`.
///
/// # Errors
/// The folder has no units, was made with another cycle, or cannot be read: what is wrong, and what to do.
pub fn read_units(dir: &Path, cycle: &StoredCycle, catalogue: &Catalogue) -> Result<DeliveredUnits, Text> {
    let manifest = manifest(dir)?;
    check_cycle(dir, &manifest, cycle)?;
    let mut numbers = BTreeMap::new();
    if dir.join("units.parquet").is_file() {
        read_whole(dir, "units.parquet", |batch| add_rows(batch, &mut numbers))?;
    } else if dir.join("figures.parquet").is_file() && !is_absent(&manifest, "deliveries") {
        read_whole(dir, "figures.parquet", |batch| add_figures(batch, &mut numbers))?;
    } else {
        return Err(no_units(dir));
    }
    let rows = numbers.into_iter().filter(|(_, numbers)| numbers[0] > 0);
    let rows = rows.map(|((service, tier), numbers)| {
        let known = catalogue.service(&service).zip(tier_of(&tier));
        let (service, tier) = known.ok_or_else(|| other_results(dir))?;
        let [deliveries, units_e3, failed, extra, cost_fen, income_fen] = numbers;
        Ok(UnitsRow { service, tier, deliveries, units_e3, failed, extra, cost_fen, income_fen })
    });
    let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
    let is_doubtful = manifest["breaches"].as_array().is_some_and(|breaches| !breaches.is_empty());
    let rows = rows.collect::<Result<_, Text>>()?;
    Ok(DeliveredUnits { period: text("period"), as_of: text("as_of"), rows, is_doubtful })
}

/// The numbers of each service and tier.
type Numbers = BTreeMap<(String, String), [i64; COLUMNS.len()]>;

fn add_rows(batch: &RecordBatch, numbers: &mut Numbers) -> Option<()> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let (services, tiers) = (text("service")?, text("tier")?);
    for (place, name) in COLUMNS.iter().enumerate() {
        let values = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        for row in 0..batch.num_rows() {
            let key = (services.value(row).to_owned(), tiers.value(row).to_owned());
            numbers.entry(key).or_default()[place] = values.value(row);
        }
    }
    Some(())
}

/// Figures have ids such as `units/S05/special/cost_fen`.
fn add_figures(batch: &RecordBatch, numbers: &mut Numbers) -> Option<()> {
    let ids = batch.column_by_name("id")?.as_string_opt::<i32>()?;
    let values = batch.column_by_name("value")?.as_primitive_opt::<Float64Type>()?;
    for row in (0..batch.num_rows()).filter(|&row| values.is_valid(row)) {
        let parts: Vec<&str> = ids.value(row).split('/').collect();
        let ["units", service, tier, column] = parts[..] else { continue };
        let place = COLUMNS.iter().position(|known| *known == column)?;
        let of_tier = numbers.entry((service.to_owned(), tier.to_owned())).or_default();
        of_tier[place] = round_half_away(values.value(row));
    }
    Some(())
}

fn tier_of(code: &str) -> Option<&'static str> {
    let without = [UNGRADED, PUBLIC].into_iter().find(|known| *known == code);
    Tier::from_code(code).map(|tier| tier.code()).or(without)
}

fn read_whole(dir: &Path, name: &str, read: impl FnMut(&RecordBatch) -> Option<()>) -> Result<(), Text> {
    let path = dir.join(name);
    let is_read = read_table(&path, read).map_err(|error| error.text())?;
    is_read.ok_or_else(|| other_results(dir))
}

fn manifest(dir: &Path) -> Result<Value, Text> {
    let text = fs::read_to_string(dir.join("_manifest.json")).map_err(|_| no_units(dir))?;
    serde_json::from_str(&text).map_err(|_| other_results(dir))
}

fn is_absent(manifest: &Value, table: &str) -> bool {
    manifest["absent"].as_array().is_some_and(|absent| absent.iter().any(|name| name == table))
}

/// Refuses results of another cycle: its tiers and unit costs may differ.
fn check_cycle(dir: &Path, manifest: &Value, cycle: &StoredCycle) -> Result<(), Text> {
    let used = &manifest["cycle"];
    if used["manifest_sha256"] == cycle.commit.manifest_sha256.as_str() {
        return Ok(());
    }
    let (dir, number, own) = (dir.display(), used["version"].as_u64().unwrap_or_default(), cycle.version);
    Err(text!(
        "{dir}: these results were made with cycle {number}, not with cycle {own}; name their cycle with --cycle, or make \
         them anew",
        "{dir}：这些结果依据周期 {number}，而不是周期 {own}；请用 --cycle 给出其周期，或重新生成结果"
    ))
}

fn no_units(dir: &Path) -> Text {
    let dir = dir.display();
    text!(
        "{dir}: it is no folder of results with delivered units; write one with `gridtier service report -o DIR` or \
         `gridtier service delivered -o DIR`, from a log with the table deliveries",
        "{dir}：不是含服务数量的结果文件夹；请对含服务记录表 deliveries 的服务记录运行 `gridtier service report -o 文件夹` \
         或 `gridtier service delivered -o 文件夹`"
    )
}

fn other_results(dir: &Path) -> Text {
    let dir = dir.display();
    text!(
        "{dir}: its files are not those of this version of gridtier; make the results anew",
        "{dir}：其中文件不是本版本 gridtier 的格式；请重新生成结果"
    )
}
