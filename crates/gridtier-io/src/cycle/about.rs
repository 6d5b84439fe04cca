//! The facts that the head of every file about a cycle shows.

use gridtier::text;
use gridtier::text::Text;

use super::error::CycleError;
use super::manifest::Manifest;
use crate::store::StoredCycle;

/// Number, as-of, window and method of a cycle, by name.
///
/// # Errors
/// The manifest cannot be read.
pub fn about(cycle: &StoredCycle) -> Result<Vec<(Text, Text)>, CycleError> {
    let Manifest { as_of, window, method, .. } = Manifest::read(cycle)?;
    let (number, months) = (cycle.version, window.months);
    let cycle_text = match &cycle.publication {
        Some(record) => {
            // Only the day is shown, without the time.
            let day: String = record.published_at.chars().take(10).collect();
            text!("{number}, published on {day}", "第 {number} 周期, {day} 发布")
        }
        None => text!("{number}, not published", "第 {number} 周期, 未发布"),
    };
    let (start, end) = (window.start, window.end);
    Ok(vec![
        (Text::new("Cycle", "周期"), cycle_text),
        (Text::new("As of", "评价截止日"), Text::same(as_of)),
        (
            Text::new("Window", "评价期"),
            text!(
                "{months} months, from {start} until before {end}",
                "{months} 个月, {start} 起, 至 {end} 之前"
            ),
        ),
        (Text::new("Method", "方法"), Text::same(method.name)),
    ])
}

/// Hashes by which a cycle and its method are recognised.
///
/// # Errors
/// The manifest cannot be read.
pub fn hashes(cycle: &StoredCycle) -> Result<Vec<(Text, Text)>, CycleError> {
    let Manifest { engine, method, entitlements, .. } = Manifest::read(cycle)?;
    let mut hashes = vec![
        (Text::new("Manifest, SHA-256", "清单 SHA-256"), Text::same(cycle.commit.manifest_sha256.clone())),
        (Text::new("Method, SHA-256", "方法 SHA-256"), Text::same(method.sha256)),
    ];
    hashes.extend(entitlements.map(|catalogue| {
        (Text::new("Catalogue, SHA-256", "权益目录 SHA-256"), Text::same(catalogue.sha256))
    }));
    let program = format!("{} {}", engine.name, engine.version);
    hashes.push((Text::new("Computed by", "计算程序"), Text::same(program)));
    Ok(hashes)
}
