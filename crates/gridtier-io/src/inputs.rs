//! Whether a folder holds the files that a cycle was computed from.

use gridtier::error::Refusal;
use gridtier::text;
use gridtier::text::Text;

use crate::cycle::Manifest;
use crate::folder::{DataFolder, Input};

/// Which files of a folder are not those of a manifest; `None` if it holds those and no others.
///
/// # Errors
/// A file of the folder cannot be hashed.
pub(crate) fn other_inputs(manifest: &Manifest, folder: &DataFolder) -> Result<Option<Text>, Refusal> {
    let inputs = folder.inputs()?;
    let published: Vec<&Input> = manifest.inputs.iter().map(|entry| &entry.input).collect();
    let mut others: Vec<&str> = Vec::new();
    for input in &published {
        if !inputs.iter().any(|found| found.path == input.path && found.sha256 == input.sha256) {
            others.push(&input.path);
        }
    }
    for found in inputs {
        if !published.iter().any(|input| input.path == found.path) {
            others.push(&found.path);
        }
    }
    if others.is_empty() {
        return Ok(None);
    }
    let names = others.join(", ");
    Ok(Some(text!(
        "these files are not the ones that the cycle was computed from: {names}; give the folder as it was then",
        "以下文件不是该周期计算时所用的文件: {names}; 请提供当时的数据文件夹"
    )))
}
