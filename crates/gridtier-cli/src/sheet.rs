//! `gridtier explain -o`: customer sheets, for one customer, a list of ids or a whole tier.

use std::path::Path;

use gridtier::contract::cell::fold_id;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::word::Word as _;
use gridtier_io::appeal::evidence_tables;
use gridtier_io::customer_sheet::{SheetError, SheetSource, WORKBOOK_MAX};

use gridtier_io::entitle::read_ids;
use gridtier_io::export::ExportFormat;
use gridtier_io::folder::DataFolder;
use gridtier_io::store::Store;
use gridtier_report::format::{counted, grouped};

use crate::args::ExplainArgs;
use crate::destination::Destination;
use crate::exit::{Done, Failure, USAGE, note};
use crate::lang::Lang;
use crate::progress;

impl From<SheetError> for Failure {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Cycle(error) => error.into(),
            SheetError::Evidence(error) => error.into(),
            SheetError::Export(error) => error.into(),
        }
    }
}

/// Writes the requested customer sheets.
pub fn run(args: &ExplainArgs, output: &Path, lang: Lang) -> Result<Done, Failure> {
    let Some(destination) = Destination::of(Some(output))? else { return Ok(Done { data: String::new() }) };
    let store = Store::open(&args.cycle.store)?;
    let cycle = store.cycle(args.cycle.cycle)?;
    let data = match &args.data {
        Some(data) => Some(DataFolder::open_tables(data, evidence_tables(&cycle)?)?),
        None => None,
    };
    let source = SheetSource::open(&store, cycle, data)?;
    let ids = ids(args, &source)?;
    source.check_ids(&ids)?;
    let all = gridtier::index::count(ids.len());
    let voice = lang.into();
    progress::steps(lang, |steps| {
        let step = |done| steps("sheets", done, all);
        match destination {
            Destination::Folder(dir) => Ok(source.write_folder(dir, &ids, voice, &step)?),
            Destination::File(path, ExportFormat::Html) => Ok(source.write_html(path, &ids, voice, &step)?),
            Destination::File(path, ExportFormat::Xlsx) if ids.len() <= WORKBOOK_MAX => {
                Ok(source.write_workbook(path, &ids, voice, &step)?)
            }
            Destination::File(path, ExportFormat::Xlsx) => Err(too_many(path, all)),
            Destination::File(path, _) => Err(no_format(path)),
        }
    })?;
    let (path, sheets, count) = (output.display(), counted(all, "sheet", "sheets"), grouped(all));
    note(&text!("{path}: {sheets}", "{path}: {count} 份评价单"), lang);
    if args.data.is_none() {
        let hint = text!(
            "late bills and missed plans are listed with --data DIR, the folder that was graded",
            "加 --data DIR (评级所用的数据文件夹) 可列出逾期账单和未完成的计划"
        );
        note(&hint, lang);
    }
    Ok(Done { data: String::new() })
}

/// The ids of the requested customers.
fn ids(args: &ExplainArgs, source: &SheetSource) -> Result<Vec<String>, Failure> {
    if let Some(tier) = args.tier.as_deref().and_then(Tier::from_code) {
        return Ok(source.ids_of_tier(tier)?);
    }
    if let Some(file) = &args.ids {
        return Ok(read_ids(file)?.into_ids().into_iter().collect());
    }
    Ok(args.customer.iter().map(|id| fold_id(id).into()).collect())
}

fn too_many(path: &Path, customers: u64) -> Failure {
    let (path, customers, most) =
        (path.display(), grouped(customers), grouped(gridtier::index::count(WORKBOOK_MAX)));
    Failure::new(
        USAGE,
        text!(
            "-o {path}: {customers} customers are selected, but a workbook has at most {most} sheets; name a folder or \
             an .html file instead",
            "-o {path}: 已选 {customers} 户, 但一个工作簿最多 {most} 张工作表; 请改用文件夹或 .html 文件"
        ),
    )
}

fn no_format(path: &Path) -> Failure {
    let path = path.display();
    Failure::new(
        USAGE,
        text!(
            "-o {path}: customer sheets can be written to an .html or .xlsx file, or to a folder with a page for each \
             customer; for programs, use `--format json`",
            "-o {path}: 客户评价单可写为 .html 或 .xlsx 文件, 或写入文件夹 (每户一页); 供程序使用请用 `--format json`"
        ),
    )
}
