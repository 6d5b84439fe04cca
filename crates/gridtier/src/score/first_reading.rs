//! The first reading of the indicators, which decides who is ranked and finds what points are fitted to.
//!
//! Patterns of missing values, who is ranked, and the counts from which quantiles follow are found in one pass, while the
//! values of a block of customers are in the cache. The second reading, which needs the quantiles, computes scores.

use rayon::prelude::*;

use super::pattern::{self, PatternTable, Patterns, RowNumbering};
use super::quantile::{self, Marks, OrderWindow, SAMPLE};
use super::{Provisional, known_weight, provisional};
use crate::index::index;
use crate::indicator::IndicatorColumn;
use crate::method::{Method, Normalise, Scale};
use crate::vectors::{Pass, Vectors};

/// The population before it is known who is ranked.
#[derive(Clone, Copy)]
pub(super) struct FirstReading<'a> {
    pub method: &'a Method,
    pub columns: &'a [IndicatorColumn],
    /// For each indicator, whether the data that it needs were delivered.
    pub delivered: &'a [bool],
    /// Customer numbers, ascending.
    pub population: &'a [u32],
    /// For each position, whether too few months are covered to rank the customer.
    pub short_history: &'a [bool],
}

/// What the first reading finds.
pub(super) struct ReadIndicators {
    pub patterns: Patterns,
    /// For each pattern, the number of ranked customers that have it.
    pub ranked_by_pattern: Vec<u64>,
    /// For each position, why the customer is not ranked.
    pub provisional: Vec<Option<Provisional>>,
    /// For each indicator that is fitted to two quantiles, the windows around them with the values of the ranked customers.
    pub marks: Vec<Option<Marks>>,
}

/// The windows around two quantiles of the indicator at a place.
#[derive(Clone)]
struct MarkedPlace {
    place: usize,
    windows: Marks,
}

impl FirstReading<'_> {
    /// Reads the indicators once.
    pub fn run(self, vectors: Vectors) -> ReadIndicators {
        let marked = self.marked_places();
        let mut patterns = vec![0; self.population.len()];
        let mut provisional = vec![None; self.population.len()];
        let blocks: Vec<ReadBlock> = patterns
            .par_chunks_mut(pattern::BLOCK)
            .zip(provisional.par_chunks_mut(pattern::BLOCK))
            .zip(
                self.population.par_chunks(pattern::BLOCK).zip(self.short_history.par_chunks(pattern::BLOCK)),
            )
            .map(|((patterns, provisional), (population, short_history))| {
                let part = FirstReading { population, short_history, ..self };
                vectors.run(FirstReadingPass { part, marked: marked.clone(), patterns, provisional })
            })
            .collect();
        let mut marks: Vec<Option<Marks>> = vec![None; self.columns.len()];
        let (mut tables, mut ranked_by_table) = (Vec::new(), Vec::new());
        for ReadBlock { table, ranked_by_pattern, marked } in blocks {
            tables.push(table);
            ranked_by_table.push(ranked_by_pattern);
            for MarkedPlace { place, windows } in marked {
                match &mut marks[place] {
                    Some(all) => all.iter_mut().zip(windows).for_each(|(all, more)| all.join(more)),
                    none => *none = Some(windows),
                }
            }
        }
        let (patterns, renumbered) = Patterns::joined(self.columns, tables, patterns);
        let mut ranked_by_pattern = vec![0; patterns.len()];
        for (&pattern, more) in renumbered.iter().flatten().zip(ranked_by_table.iter().flatten()) {
            ranked_by_pattern[index(pattern)] += more;
        }
        ReadIndicators { patterns, ranked_by_pattern, provisional, marks }
    }

    /// The indicators that are fitted to quantiles, with empty windows around those of a sample of the ranked customers.
    fn marked_places(&self) -> Vec<MarkedPlace> {
        let quantiles = self.method.indicators.iter().map(|spec| match spec.normalise {
            Some(Normalise::MinMax(_, Scale::Quantiles(low, high))) => Some([low, high]),
            _ => None,
        });
        let wanted: Vec<(usize, [f64; 2])> =
            quantiles.enumerate().filter_map(|(place, quantiles)| Some((place, quantiles?))).collect();
        let step = self.population.len() / SAMPLE;
        let mut sample: Vec<u32> = Vec::new();
        if step >= 2 && !wanted.is_empty() {
            let numbers: Vec<u32> = self.population.iter().step_by(step).copied().collect();
            let patterns = Patterns::of(self.columns, &numbers);
            let enough: Vec<bool> = (0..patterns.len())
                .map(|pattern| {
                    let known =
                        known_weight(|place| patterns.value(pattern, place), self.method, self.delivered);
                    provisional(false, known, self.method).is_none()
                })
                .collect();
            let short = self.short_history.iter().step_by(step);
            let all = numbers.iter().zip(&patterns.by_position).zip(short);
            let ranked = all.filter(|((_, pattern), short)| enough[index(**pattern)] && !**short);
            sample.extend(ranked.map(|((&number, _), _)| number));
        }
        wanted
            .into_iter()
            .map(|(place, quantiles)| {
                let column = &self.columns[place];
                let values = sample.iter().filter_map(|&number| column.known(index(number))).collect();
                MarkedPlace { place, windows: OrderWindow::around(values, quantiles) }
            })
            .collect()
    }
}

/// What the first reading finds in one block of customers.
struct ReadBlock {
    table: PatternTable,
    /// For each pattern of the table, the number of ranked customers that have it.
    ranked_by_pattern: Vec<u64>,
    marked: Vec<MarkedPlace>,
}

/// The first reading of one block of customers.
struct FirstReadingPass<'a> {
    part: FirstReading<'a>,
    marked: Vec<MarkedPlace>,
    patterns: &'a mut [u32],
    provisional: &'a mut [Option<Provisional>],
}

impl Pass for FirstReadingPass<'_> {
    type Output = ReadBlock;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { part, mut marked, patterns, provisional } = self;
        let mut numbering = RowNumbering::new(part.columns);
        let (mut lacking, mut ranked_by_pattern) = (Vec::new(), Vec::new());
        let mut left_out = [0; pattern::ROWS];
        let mut scratch = Vec::new();
        let people = part.population.chunks(pattern::ROWS).zip(part.short_history.chunks(pattern::ROWS));
        let found = patterns.chunks_mut(pattern::ROWS).zip(provisional.chunks_mut(pattern::ROWS));
        for ((numbers, short_history), (patterns, provisional)) in people.zip(found) {
            numbering.number(part.columns, numbers, patterns);
            lack(&part, &numbering.known, &mut lacking);
            ranked_by_pattern.resize(lacking.len(), 0);
            let rows = patterns.iter().zip(short_history).zip(provisional.iter_mut().zip(&mut left_out));
            for ((&pattern, &short), (why, left_out)) in rows {
                *why = if short { Some(Provisional::ShortHistory) } else { lacking[index(pattern)] };
                *left_out = if why.is_some() { u64::MAX } else { 0 };
                ranked_by_pattern[index(pattern)] += u64::from(why.is_none());
            }
            for MarkedPlace { place, windows } in &mut marked {
                let values = part.columns[*place].gather(numbers, &mut scratch);
                quantile::add(windows, values, &left_out);
            }
        }
        ReadBlock { table: numbering.known, ranked_by_pattern, marked }
    }
}

/// Extends `lacking` by new patterns: why customers with a pattern are not ranked, if their history is long enough.
fn lack(part: &FirstReading, known: &PatternTable, lacking: &mut Vec<Option<Provisional>>) {
    for pattern in lacking.len()..known.len() {
        let weight = known_weight(|place| known.value(pattern, place), part.method, part.delivered);
        lacking.push(provisional(false, weight, part.method));
    }
}
