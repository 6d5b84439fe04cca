//! The part of the summary that only a proposed cycle has.

use gridtier::decision::RecordKind;
use gridtier::text;

use super::Published;
use crate::format::shell_word;
use crate::section::Block;

/// The message that a proposal waits for somebody else.
pub(super) fn waits(cycle: &Published) -> Option<Block> {
    let Published { version, kind, .. } = *cycle;
    let store = cycle.store.display().to_string();
    let store = shell_word(&store);
    (kind == RecordKind::Proposal).then(|| {
        Block::Sentence(text!(
            "It is not current until somebody else approves it: gridtier approve {version} --store {store} --by NAME \
             --reason TEXT.",
            "须由他人批准后方可生效: gridtier approve {version} --store {store} --by 姓名 --reason 理由。",
        ))
    })
}
