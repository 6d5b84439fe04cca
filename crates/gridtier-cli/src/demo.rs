//! `gridtier demo`: an invented utility, graded end to end.

use gridtier::unit::Month;
use gridtier_io::regrade::Regrade;
use gridtier_sample::{SampleCadence, SampleError, SampleFaults, SampleLayout, SampleSpec};

use crate::args::{self, DemoArgs, ResultFormat};
use crate::exit::{Done, Failure, OUTPUT, say};
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
    match gridtier_sample::write(&data, &spec) {
        Ok(_) => say(&format!("gridtier: wrote an invented utility to {}", data.display())),
        Err(SampleError::NotEmpty { .. }) if !args.data_only => {
            say(&format!("gridtier: graded again: {}", data.display()));
        }
        Err(error) => return Err(Failure::new(OUTPUT, error.to_string())),
    }
    if args.data_only {
        return Ok(Done { data: format!("{}\n", data.display()) });
    }
    let method = method::load("utility")?;
    let catalogue = entitlements::load("paper", Some(&method))?;
    let store = args.dir.join("store");
    let (year, month) = spec.end;
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
        },
        data: &data,
        lang,
        accept: None,
    };
    Ok(Done { data: job.run(regrade::open(&data, lang)?, ResultFormat::Text)? })
}
