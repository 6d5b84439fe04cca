//! `gridtier method`: presets and method files.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use gridtier::document::did_you_mean;
use gridtier::indicator::DIMENSIONS;
use gridtier::method::{Method, PRESETS, ahp};

use crate::args::{Method as Args, MethodAction};
use crate::exit::{Done, Failure, METHOD, OUTPUT, USAGE};
use crate::grid::{Head, grid};

/// Runs `gridtier method`.
pub fn run(args: &Args) -> Result<Done, Failure> {
    match &args.action {
        MethodAction::Show { preset } => Ok(Done { data: preset_text(preset)?.to_owned() }),
        MethodAction::New { file, from } => start(file, preset_text(from)?),
        MethodAction::Check { method } => Ok(Done { data: described(&load(method)?) }),
    }
}

fn preset_text(name: &str) -> Result<&'static str, Failure> {
    let preset = PRESETS.iter().find(|(known, _)| *known == name);
    preset.map(|(_, text)| *text).ok_or_else(|| {
        let fix = did_you_mean(name, PRESETS.iter().map(|(known, _)| *known));
        Failure::new(USAGE, format!("there is no preset `{name}`; {fix}"))
    })
}

fn start(file: &Path, text: &str) -> Result<Done, Failure> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written
        .map_err(|error| Failure::new(OUTPUT, format!("{} could not be written: {error}", file.display())))?;
    Ok(Done { data: format!("{}\n", file.display()) })
}

/// The method of that name: a preset, or a file.
pub fn load(name: &str) -> Result<Method, Failure> {
    if let Some(preset) = Method::preset(name) {
        return Ok(preset?);
    }
    let text = std::fs::read(name).map_err(|error| {
        let fix = did_you_mean(name, PRESETS.iter().map(|(known, _)| *known));
        Failure::new(
            METHOD,
            format!("method `{name}` is no preset and cannot be read as a file: {error}\n  {fix}"),
        )
    })?;
    let text = String::from_utf8(text).map_err(|_| {
        Failure::new(METHOD, format!("{name} is not UTF-8 text; save it as UTF-8 and run again"))
    })?;
    // An editor's byte order mark is no fault of the method.
    Ok(Method::parse(name, text.strip_prefix('\u{feff}').unwrap_or(&text))?)
}

fn described(method: &Method) -> String {
    let mut text = format!("method {} is sound\n\n", method.name);
    let rows = method.indicators.iter().filter_map(|spec| {
        let weight = spec.weight?;
        let level = |weight: f64| format!("{weight:.4}");
        Some(vec![
            DIMENSIONS[weight.dimension].to_owned(),
            level(weight.of_dimension),
            spec.group.clone(),
            level(weight.of_group),
            spec.id.clone(),
            level(weight.of_indicator),
            level(weight.nominal()),
        ])
    });
    let (word, number) = (Head::Text, Head::Number);
    text += &grid(
        &[
            word("dimension"),
            number("weight"),
            word("group"),
            number("weight"),
            word("indicator"),
            number("weight"),
            number("in all"),
        ],
        rows,
    );
    for judgement in &method.judgements {
        let _ =
            writeln!(text, "\nAHP for {}: consistency ratio {:.4}", judgement.parent, judgement.pooled.cr);
        for (expert, judged) in &judgement.experts {
            let weights = judgement.items.iter().zip(&judged.weights);
            let weights: Vec<String> = weights.map(|(item, weight)| format!("{item} {weight:.4}")).collect();
            let _ = writeln!(
                text,
                "  {expert}: {}; consistency ratio {:.4}, dissent {:.4}",
                weights.join(", "),
                judged.cr,
                ahp::dissent(judged, &judgement.pooled)
            );
        }
    }
    text += &from_data(method);
    text
}

/// Which weights are only known once there is data.
fn from_data(method: &Method) -> String {
    let mut text = String::new();
    for siblings in &method.siblings {
        let Some(from) = &siblings.from_data else { continue };
        if text.is_empty() {
            text.push('\n');
        }
        let (parent, scheme) = (&siblings.parent, from.scheme.name());
        let items = siblings.items.join(", ");
        let how = match siblings.source() {
            "blend" => {
                format!("{:.0} % as above, the rest by {scheme} from each cycle's data", 100.0 * from.alpha)
            }
            _ => format!("by {scheme} from each cycle's data; until then equal"),
        };
        let _ = writeln!(text, "Weights for {parent}: {how}\n  {items}");
    }
    text
}
