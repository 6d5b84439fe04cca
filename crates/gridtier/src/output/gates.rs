//! Writes the gates between a proposal and its approval.

use super::{NUMBER, Output, TEXT, full, nullable, numbers, table, text};
use crate::gate::GateResult;
use crate::word::Word as _;

/// One row for each gate, sorted by its code.
#[must_use]
pub fn output(gates: &[GateResult]) -> Output<'_> {
    let mut sorted: Vec<&GateResult> = gates.iter().collect();
    sorted.sort_unstable_by_key(|result| result.gate.code());
    let fields = vec![
        full("gate", TEXT),
        nullable("value", NUMBER),
        nullable("warn", NUMBER),
        nullable("fail", NUMBER),
        full("verdict", TEXT),
    ];
    table("gates", fields, sorted.len(), move |rows| {
        let gates = &sorted[rows];
        vec![
            text(gates.iter().map(|result| Some(result.gate.code()))),
            numbers(gates.iter().map(|result| result.value)),
            numbers(gates.iter().map(|result| result.warn)),
            numbers(gates.iter().map(|result| result.fail)),
            text(gates.iter().map(|result| Some(result.verdict.code()))),
        ]
    })
}
