//! `gridtier demo`: an invented utility, graded end to end.

use gridtier::text;
use gridtier::unit::Month;
use gridtier_io::export::not_written;
use gridtier_io::regrade::Regrade;
use gridtier_sample::{SampleCadence, SampleError, SampleFaults, SampleLayout, SampleSpec};

use crate::args::{self, DemoArgs, ResultFormat};
use crate::exit::{Done, Failure, OUTPUT, note};
use crate::lang::Lang;
use crate::{entitlements, method, regrade};

/// Runs `gridtier demo`.
pub fn run(args: &DemoArgs, lang: Lang) -> Result<Done, Failure> {
    let spec = SampleSpec {
        customers: args.customers,
        months: args.months,
        cadence: match args.cadence {
            args::Cadence::Monthly => SampleCadence::Monthly,
            args::Cadence::Daily => SampleCadence::Daily,
            args::Cadence::QuarterHour => SampleCadence::QuarterHour,
        },
        seed: args.seed,
        faults: if args.clean { SampleFaults::None } else { SampleFaults::Few },
        layout: if args.monthly_files { SampleLayout::MonthlyFiles } else { SampleLayout::Flat },
        ..SampleSpec::demo()
    };
    let data = args.dir.join("data");
    let dir = data.display();
    match gridtier_sample::write(&data, &spec) {
        Ok(_) => {
            note(&text!("wrote an invented utility to {dir}", "已将虚构的供电企业数据写入 {dir}"), lang);
        }
        Err(SampleError::NotEmpty { .. }) if !args.data_only => {
            note(&text!("graded again: {dir}", "重新评级：{dir}"), lang);
        }
        Err(SampleError::Io { path, source }) => {
            return Err(Failure::new(OUTPUT, not_written(&path, &source)));
        }
        Err(error) => return Err(Failure::new(OUTPUT, error.text())),
    }
    if args.data_only {
        return Ok(Done { data: format!("{}\n", data.display()) });
    }
    let method = method::load("utility")?;
    let catalogue = entitlements::load("paper", Some(&method))?;
    let store = args.dir.join("store");
    let (year, month) = spec.end;
    let asked_at = regrade::now();
    let job = regrade::Job {
        regrade: Regrade {
            store: &store,
            end: Month::new(year, month),
            method: &method,
            catalogue: &catalogue,
            fresh: true,
            again: true,
            make_current: false,
            tier_probability: false,
            propose: false,
            signed: None,
            revises: None,
            asked_at: &asked_at,
        },
        data: &data,
        lang,
        accept: None,
    };
    Ok(Done { data: job.run(regrade::open(&data, lang)?, ResultFormat::Text)? })
}
