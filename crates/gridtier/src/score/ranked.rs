//! The numbers of the ranked customers, found only if something asks for them: quantiles and scores do without, and for
//! ten million customers the list takes 40 MB.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::Provisional;
use crate::mcda;

/// The ranked customers of a population.
pub struct RankedCustomers<'a> {
    population: &'a [u32],
    provisional: &'a [Option<Provisional>],
    numbers: OnceLock<Vec<u32>>,
}

impl<'a> RankedCustomers<'a> {
    /// The ranked ones of a population, which is given by number; `provisional` tells why a customer is not ranked.
    pub fn new(population: &'a [u32], provisional: &'a [Option<Provisional>]) -> Self {
        Self { population, provisional, numbers: OnceLock::new() }
    }

    /// The numbers of the ranked customers, ascending.
    pub fn numbers(&self) -> &[u32] {
        self.numbers.get_or_init(|| self.found())
    }

    fn found(&self) -> Vec<u32> {
        let blocks: Vec<Vec<u32>> = self
            .population
            .par_chunks(mcda::BLOCK)
            .zip(self.provisional.par_chunks(mcda::BLOCK))
            .map(|(numbers, why)| {
                let mut ranked = Vec::with_capacity(numbers.len());
                let all = numbers.iter().zip(why).filter(|(_, why)| why.is_none());
                ranked.extend(all.map(|(number, _)| *number));
                ranked
            })
            .collect();
        blocks.concat()
    }
}
