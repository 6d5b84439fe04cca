//! Grouping rows by a number, with several threads.

use rayon::prelude::*;

use crate::index::index;

/// The most threads that group rows: each of them reads the numbers of all rows.
const THREADS_MAX: usize = 4;

/// Positions of rows by group.
#[derive(Debug)]
pub(super) struct Groups {
    /// For each group, the end of its positions.
    pub ends: Vec<u32>,
    /// The positions, by group; ascending within one.
    pub positions: Vec<u32>,
}

/// How many of `groups` each thread takes.
pub(super) fn of_each_thread(groups: usize) -> usize {
    groups.div_ceil(rayon::current_num_threads().min(THREADS_MAX)).max(1)
}

/// The number of a row that is in no group.
pub(super) const NONE: u32 = u32::MAX;

/// Groups rows by their numbers; those with a number of `groups` or more are left out.
pub(super) fn group(groups: usize, numbers: &[u32]) -> Groups {
    let of_each = of_each_thread(groups);
    let mut ends = vec![0_u32; groups];
    let counts: Vec<usize> = (ends.par_chunks_mut(of_each).enumerate())
        .map(|(chunk, ends)| {
            let mut count = 0;
            for &number in numbers {
                if let Some(end) = ends.get_mut(index(number).wrapping_sub(chunk * of_each)) {
                    *end += 1;
                    count += 1;
                }
            }
            count
        })
        .collect();
    let mut positions = vec![0; counts.iter().sum()];
    let mut rest = &mut positions[..];
    let mut own = Vec::with_capacity(counts.len());
    let mut before = 0_u32;
    for (ends, count) in ends.chunks_mut(of_each).zip(counts) {
        let (positions, others) = rest.split_at_mut(count);
        own.push((ends, positions, before));
        rest = others;
        before += u32::try_from(count).expect("rows have positions of 32 bits");
    }
    own.into_par_iter().enumerate().for_each(|(chunk, (ends, positions, before))| {
        let mut start = 0;
        ends.iter_mut().for_each(|end| start += std::mem::replace(end, start));
        // Each end is the start until the rows of its group are counted over.
        for (position, &number) in (0..).zip(numbers) {
            if let Some(end) = ends.get_mut(index(number).wrapping_sub(chunk * of_each)) {
                positions[index(*end)] = position;
                *end += 1;
            }
        }
        ends.iter_mut().for_each(|end| *end += before);
    });
    Groups { ends, positions }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_grouped_as_by_a_stable_sort(
            groups in 0..12_usize,
            numbers in prop::collection::vec(prop_oneof![4 => 0..13_u32, 1 => Just(NONE)], 0..60),
            threads in 1..6_usize,
        ) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| group(groups, &numbers));
            let rows = (0..).zip(&numbers).map(|(row, number)| (*number, row));
            let mut expected: Vec<(u32, u32)> = rows.filter(|(number, _)| index(*number) < groups).collect();
            expected.sort();
            let positions: Vec<u32> = expected.iter().map(|(_, row)| *row).collect();
            prop_assert_eq!(found.positions, positions);
            let end = |group: usize| expected.partition_point(|(of, _)| index(*of) <= group) as u32;
            prop_assert_eq!(found.ends, (0..groups).map(end).collect::<Vec<_>>());
        }
    }
}
