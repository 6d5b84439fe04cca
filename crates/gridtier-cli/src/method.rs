//! `gridtier method`: presets and method files.

use std::fmt::Write as _;

use gridtier::indicator::DIMENSIONS;
use gridtier::method::{Method, PRESETS, WeightSource, ahp};
use gridtier::word::Word;

use crate::args::{Method as Args, MethodAction};
use crate::exit::{Done, Failure};
use crate::grid::{Head, grid};
use crate::written::Written;

const KIND: Written = Written { kind: "method", shipped_as: "preset", shipped: &PRESETS };

/// Runs `gridtier method`.
pub fn run(args: &Args) -> Result<Done, Failure> {
    match &args.action {
        MethodAction::Show { preset } => Ok(Done { data: KIND.shipped(preset)?.to_owned() }),
        MethodAction::New { file, from } => KIND.start(file, from),
        MethodAction::Check { method } => Ok(Done { data: described(&load(method)?) }),
    }
}

/// The method of that name: a preset, or a file.
pub fn load(name: &str) -> Result<Method, Failure> {
    match Method::preset(name) {
        Some(preset) => Ok(preset?),
        None => Ok(Method::parse(name, &KIND.text(name)?)?),
    }
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
        let (parent, scheme) = (&siblings.parent, from.scheme.code());
        let items = siblings.items.join(", ");
        let how = match siblings.source() {
            WeightSource::Blend => {
                format!("{:.0} % as above, the rest by {scheme} from each cycle's data", 100.0 * from.alpha)
            }
            _ => format!("by {scheme} from each cycle's data; until then equal"),
        };
        let _ = writeln!(text, "Weights for {parent}: {how}\n  {items}");
    }
    text
}
