//! `gridtier method`: presets and method files.

use gridtier::method::{Method, PRESETS};
use gridtier_report::render::terminal;
use gridtier_report::weights::sections;

use crate::args::{MethodAction, MethodArgs};
use crate::exit::{Done, Failure};
use crate::lang::Lang;
use crate::template::Template;

const METHODS: Template =
    Template { kind: ("method", "方法"), shipped_as: ("preset", "预设方法"), shipped: &PRESETS };

/// Runs `gridtier method`.
pub fn run(args: &MethodArgs, lang: Lang) -> Result<Done, Failure> {
    match &args.action {
        MethodAction::Show { preset } => METHODS.show(preset, lang),
        MethodAction::New { file, from } => METHODS.start(file, from, lang),
        MethodAction::Check { method } => {
            Ok(Done { data: terminal::text(&sections(&load(method)?), lang.into()) })
        }
    }
}

/// The method of that name: a preset, or a file.
pub fn load(name: &str) -> Result<Method, Failure> {
    match Method::preset(name) {
        Some(preset) => Ok(preset?),
        None => Ok(Method::parse(name, &METHODS.read(name)?)?),
    }
}
