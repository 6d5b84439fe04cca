//! The entries of a catalogue in words: codes, English and Chinese.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::Condition;
use gridtier::entitlement::grant::Reasons;
use gridtier::entitlement::service::{Access, Fee, Service, Terms};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::number_of_e6;
use gridtier::text::{Lang, Text, Voice};

/// Texts joined by a separator, in codes and both languages.
pub(super) fn joined(parts: &[Text], separator: &str) -> Text {
    Text::coded(
        joined_in(parts, separator, Voice::Codes),
        joined_in(parts, separator, Voice::In(Lang::En)),
        joined_in(parts, separator, Voice::In(Lang::Zh)),
    )
}

fn joined_in(parts: &[Text], separator: &str, voice: Voice) -> String {
    parts.iter().map(|part| part.pick(voice)).collect::<Vec<_>>().join(separator)
}

pub(super) fn tier_text(tier: Tier) -> Text {
    Text::new(tier.code(), tier.zh())
}

pub(super) fn service_title(service: &Service) -> Text {
    Text::new(service.title.clone(), service.title_zh.clone())
}

/// The dimensions of a service.
pub(super) fn dimensions_text(service: &Service) -> Text {
    let names: Vec<Text> = service.dimensions.iter().map(|&dimension| Text::of_word(dimension)).collect();
    joined(&names, " / ")
}

/// The note of terms.
pub(super) fn note_text(terms: &Terms) -> Text {
    Text::new(terms.note.clone(), terms.note_zh.clone())
}

/// A condition in words; programs get it as it stands in the catalogue.
pub(super) fn condition_text(catalogue: &Catalogue, condition: &Condition) -> Text {
    let fields = &catalogue.fields;
    Text::coded(condition.text.clone(), condition.en(fields), condition.zh(fields))
}

/// The condition of a service, whatever the tier.
pub(super) fn service_condition(catalogue: &Catalogue, service: &Service) -> Option<Text> {
    service.condition.as_ref().map(|condition| condition_text(catalogue, condition))
}

/// The customers to whom a service is opened whatever their tier, and in which way.
pub(super) fn opened_to(catalogue: &Catalogue, service: &Service) -> Option<Text> {
    let openings = service.opens.iter().map(|opening| {
        let condition = condition_text(catalogue, &opening.condition);
        joined(&[condition, Text::of_word(opening.access)], " → ")
    });
    let openings: Vec<Text> = openings.collect();
    (!openings.is_empty()).then(|| joined(&openings, "; "))
}

/// Terms in a few words: price, subsidy, cadence, quota. Empty when there is nothing to say.
pub(super) fn terms_text(service: &Service, access: Access, terms: &Terms) -> Text {
    let mut parts: Vec<Text> = Vec::new();
    match (access, &service.fee) {
        (Access::Paid, Fee::Combination(list, _)) => {
            parts.push(Text::coded("by_combination", "by combination", "按组合收费"));
            for (position, part) in list.iter().enumerate() {
                if terms.free_parts >> position & 1 == 1 {
                    let name = Text::coded(part.id.clone(), part.title.clone(), part.title_zh.clone());
                    parts.push(joined(&[name, Text::new("free", "免费")], " "));
                }
            }
        }
        (Access::Paid, _) => parts.extend(terms.fee_fen.map(|fee| {
            let fee = format!("{}.{:02}", fee / 100, fee % 100);
            Text::new(format!("{fee} CNY"), format!("{fee} 元"))
        })),
        _ => {}
    }
    parts.extend(terms.subsidy_e6.map(|share| Text::same(format!("{} %", 100.0 * number_of_e6(share)))));
    let cadence = terms.cadence.filter(|&cadence| cadence != service.cadence || access == Access::Limited);
    parts.extend(cadence.map(Text::of_word));
    parts.extend(terms.quota_per_year.map(|quota| {
        Text::coded(format!("{quota}/year"), format!("{quota} a year"), format!("每年 {quota} 次"))
    }));
    joined(&parts, ", ")
}

/// The names of the parts of a choice.
pub(super) fn parts_text(service: &Service, bits: u32) -> Text {
    let Fee::Combination(parts, _) = &service.fee else { return Text::default() };
    let chosen = parts.iter().enumerate().filter(|(position, _)| bits >> position & 1 == 1);
    let names: Vec<Text> = chosen
        .map(|(_, part)| Text::coded(part.id.clone(), part.title.clone(), part.title_zh.clone()))
        .collect();
    joined(&names, " + ")
}

pub(super) fn reasons_text(reasons: Reasons) -> Text {
    let names: Vec<Text> = reasons.iter().map(Text::of_word).collect();
    Text { code: Some(reasons.words().into()), ..joined(&names, ", ") }
}
