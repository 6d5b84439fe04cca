//! The first chapter, on one page: what happened and what needs a decision.

use gridtier::run::ControlTotals;
use gridtier::text::Text;
use gridtier::unit::Window;

use super::Part;
use crate::document::Chapter;
use crate::section::{Block, Section};
use crate::summary;

/// The facts about the cycle itself in the first chapter.
#[derive(Clone, Debug)]
pub struct Front<'a> {
    /// The control totals of the cycle.
    pub totals: &'a ControlTotals,
    /// The window of the cycle.
    pub window: Window,
    /// The name of the cycle's method.
    pub method: &'a str,
    /// Decisions about the cycle itself that are still open, such as its approval.
    pub waits: Vec<Text>,
}

/// The first chapter.
#[must_use]
pub fn front(front: Front<'_>, parts: &[Part]) -> Chapter {
    let Front { totals, window, method, waits } = front;
    let mut sections = summary::recorded_with_chart(totals, window, method);
    // The chapter must fit on one page, so sentences on how to read the table are only in the chapter on tiers.
    for section in &mut sections {
        section.blocks.retain(|block| !matches!(block, Block::Sentence(_)));
    }
    let happened: Vec<Text> = parts.iter().flat_map(|part| part.happened.clone()).collect();
    sections.push(Section::titled(Text::new("What happened", "主要情况")).with(Block::Lines(happened)));
    let decisions: Vec<Text> =
        waits.into_iter().chain(parts.iter().flat_map(|part| part.decisions.clone())).collect();
    let heading = Section::titled(Text::new("What needs a decision", "需要决定的事项"));
    sections.push(if decisions.is_empty() {
        heading.sentence(
            "Nothing: all checks pass and no limit is exceeded.",
            "无: 检验均通过, 未超出任何限值。",
        )
    } else {
        heading.with(Block::Lines(decisions))
    });
    Chapter::new(Text::coded("summary", "Summary", "概要"), sections)
}
