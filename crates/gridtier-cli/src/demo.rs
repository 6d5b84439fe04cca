//! `gridtier demo`: an invented utility, graded end to end.

use gridtier::text;
use gridtier_io::export::not_written;
use gridtier_io::regrade::Regrade;
use gridtier_sample::{SampleCadence, SampleError, SampleFaults, SampleLayout, SampleSpec};

use crate::args::{self, DemoArgs, ResultFormat};
use crate::exit::{Done, Failure, OUTPUT, note};
use crate::lang::Lang;
use crate::summary::CheckCommand;
use crate::{entitlements, method, regrade};

/// The preset by which the invented utility is graded.
const METHOD: &str = "utility";

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
    if args.next {
        write_next(args, &spec, lang)?;
    }
    if args.service {
        write_service(args, &spec, lang)?;
    }
    if args.data_only {
        return Ok(Done { data: format!("{}\n", data.display()) });
    }
    let method = method::load(METHOD)?;
    let catalogue = entitlements::load("paper", Some(&method))?;
    let store = args.dir.join("store");
    let asked_at = regrade::now();
    let job = regrade::Job {
        regrade: Regrade {
            store: &store,
            end: spec.as_of(),
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
        check: CheckCommand { data: &data, as_of: Some(spec.as_of()), known_as_of: None, method: METHOD },
        lang,
        accept: None,
    };
    Ok(Done { data: job.run(regrade::open(&data, lang)?, ResultFormat::Text)? })
}

/// The weights of the dimensions in the preset, and in the method for the next window, which gives compliance a tenth
/// more.
const WEIGHTS: [(&str, &str); 2] = [
    ("contribution = 0.5396\ncompliance = 0.2970", "contribution = 0.5099\ncompliance = 0.3267"),
    ("name = \"utility\"", "name = \"utility-next\""),
];

/// Writes the data of the same customers for the next window, and the method for grading them.
fn write_next(args: &DemoArgs, spec: &SampleSpec, lang: Lang) -> Result<(), Failure> {
    let (data, path) = (args.dir.join("next"), args.dir.join("next.toml"));
    let spec = SampleSpec { windows_later: 1, ..spec.clone() };
    match gridtier_sample::write(&data, &spec) {
        Ok(_) | Err(SampleError::NotEmpty { .. }) => {}
        Err(SampleError::Io { path, source }) => {
            return Err(Failure::new(OUTPUT, not_written(&path, &source)));
        }
        Err(error) => return Err(Failure::new(OUTPUT, error.text())),
    }
    let preset = method::load(METHOD)?.text;
    let text = WEIGHTS.iter().fold(preset, |text, (from, to)| text.replacen(from, to, 1));
    std::fs::write(&path, text).map_err(|error| Failure::new(OUTPUT, not_written(&path, &error)))?;
    let (data, path, as_of) = (data.display(), path.display(), spec.as_of());
    note(
        &text!(
            "wrote the next window to {data}, to be graded --as-of {as_of}-01 by {path}",
            "已将下一窗口写入 {data}，可用 --as-of {as_of}-01 和方法 {path} 评级"
        ),
        lang,
    );
    Ok(())
}

/// Writes the service log and the survey beside the data, unless an earlier demo wrote them.
fn write_service(args: &DemoArgs, spec: &SampleSpec, lang: Lang) -> Result<(), Failure> {
    let [service, survey] = ["service", "survey"].map(|name| args.dir.join(name));
    let written =
        [gridtier_sample::write_service(&service, spec), gridtier_sample::write_survey(&survey, spec)];
    for one in written {
        match one {
            Ok(_) | Err(SampleError::NotEmpty { .. }) => {}
            Err(SampleError::Io { path, source }) => {
                return Err(Failure::new(OUTPUT, not_written(&path, &source)));
            }
            Err(error) => return Err(Failure::new(OUTPUT, error.text())),
        }
    }
    let (service, survey) = (service.display(), survey.display());
    note(
        &text!(
            "wrote a service log to {service} and a survey to {survey}",
            "已将服务记录写入 {service}，问卷写入 {survey}"
        ),
        lang,
    );
    Ok(())
}
