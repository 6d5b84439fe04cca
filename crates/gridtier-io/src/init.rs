//! Drafts `gridtier.toml` from a folder of exports.
//!
//! The first hours with a new tool go into finding out which of one's files is which table, what the columns are called,
//! and which words need a mapping. [`draft`] looks at the names, types and values of a folder and writes down what it
//! finds, each line with its reason. A line that is not certain becomes a comment: with a wrong guess of a unit or a word,
//! customers would be graded wrongly without an error. The dictionary of names is data (`names.toml`). Nothing here changes
//! the data.

mod names;
mod fit;
mod excerpt;
mod guess;
mod relate;
mod draft;
mod read;

use std::collections::BTreeMap;
use std::path::Path;

use gridtier::contract::ColumnKind;
use gridtier::error::Refusal;
use gridtier::text::Lang;

pub use draft::Draft;
use draft::Findings;
use guess::FolderGuess;

/// Drafts the `gridtier.toml` of a folder, with comments in one language.
///
/// # Errors
/// The folder cannot be listed.
pub fn draft(root: &Path, lang: Lang) -> Result<Draft, Refusal> {
    let (deliveries, mut unreadable) = read::deliveries(root)?;
    let excerpts: Vec<_> = deliveries.iter().map(|delivery| delivery.excerpt.clone()).collect();
    let folder = guess::folder(&excerpts);
    let mut words = BTreeMap::new();
    for guess in &folder.tables {
        for found in &guess.columns {
            let is_coded =
                matches!(found.column.kind, ColumnKind::Word(_) | ColumnKind::Flag | ColumnKind::PowerFactor);
            if !is_coded {
                continue;
            }
            match deliveries[guess.delivery].words(found.own) {
                Ok(Some(counts)) => drop(words.insert((guess.table, found.column.name), counts)),
                Ok(None) => {}
                Err(fault) => unreadable.push((excerpts[guess.delivery].path.clone(), fault.what)),
            }
        }
    }
    let FolderGuess { possible, tables: guesses } = folder;
    Ok(draft::draft(&Findings { deliveries: &excerpts, possible, guesses, unreadable, words }, lang))
}

#[cfg(test)]
mod tests;
