//! `gridtier entitlements`: which services the tiers give, to which customers, why, and at what cost.

mod catalogue;
mod deliver;
mod cycle;
mod matrix;
mod customer;
mod service;
mod costs;
mod changes;
mod applications;
mod grants;

use crate::args::{Entitlements, EntitlementsCommand};
use crate::exit::{Done, Failure};
use crate::lang::Lang;

pub use catalogue::{check_in_force, load};

/// The language, and whether an option asked for it: files for programs do not follow the language of the environment.
#[derive(Clone, Copy)]
pub struct ChosenLang {
    pub lang: Lang,
    pub is_asked: bool,
}

/// Runs `gridtier entitlements`.
pub fn run(args: &Entitlements, lang: Lang, asked: Option<Lang>) -> Result<Done, Failure> {
    let chosen = ChosenLang { lang, is_asked: asked.is_some() };
    match &args.command {
        EntitlementsCommand::Matrix(args) => matrix::whole(args, chosen),
        EntitlementsCommand::Tier(args) => matrix::of_tier(args, chosen),
        EntitlementsCommand::Customer(args) => customer::run(args, chosen),
        EntitlementsCommand::Service(args) => service::run(args, chosen),
        EntitlementsCommand::Costs(args) => costs::run(args, chosen),
        EntitlementsCommand::Changes(args) => changes::run(args, chosen),
        EntitlementsCommand::Applications(args) => applications::run(args, chosen),
        EntitlementsCommand::Grants(args) => grants::run(args, chosen),
        EntitlementsCommand::Check { catalogue, method } => catalogue::check(catalogue, method, lang),
        EntitlementsCommand::New { file, from } => catalogue::start(file, from, lang),
        EntitlementsCommand::Show { catalogue } => catalogue::show(catalogue, lang),
    }
}
