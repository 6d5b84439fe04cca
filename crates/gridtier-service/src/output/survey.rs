//! The tables of a survey and of its plan.

use gridtier::index::count;
use gridtier::output::Output;
use gridtier::word::Word;

use super::{FLAG, INTEGER, NUMBER, TEXT, flags, full, integers, nullable, numbers, table, text};
use crate::base::Base;
use crate::survey::counts::CountsRow;
use crate::survey::evaluation::SurveyResults;
use crate::survey::hypothesis::TestRow;
use crate::survey::plan::{SampleRow, SurveyPlan, SurveyPlanRow};
use crate::survey::scale::AlphaRow;
use crate::survey::scores::ScoreRow;
use crate::survey::structure::StructureRow;

/// The tables of a survey.
#[must_use]
pub fn tables(results: &SurveyResults) -> Vec<Output<'_>> {
    vec![
        counts(&results.counts),
        scores(&results.scores),
        tests(&results.tests),
        alphas(&results.alphas),
        structure(&results.structure),
    ]
}

/// The tables of a plan.
#[must_use]
pub fn plan_tables<'a>(plan: &'a SurveyPlan, base: &'a Base) -> Vec<Output<'a>> {
    vec![plan_table(&plan.rows), sample(&plan.sample, base)]
}

fn whole(length: usize) -> Option<i64> {
    i64::try_from(count(length)).ok()
}

fn counts(rows: &[CountsRow]) -> Output<'_> {
    let fields = vec![
        full("group_by", TEXT),
        full("group", TEXT),
        nullable("sent", INTEGER),
        full("returned", INTEGER),
        full("valid", INTEGER),
        full("few_answers", INTEGER),
        full("straight_line", INTEGER),
        nullable("not_invited", INTEGER),
        nullable("response_rate", NUMBER),
        nullable("valid_rate", NUMBER),
    ];
    table("counts", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.group_by.as_str()))),
            text(rows.iter().map(|row| Some(&*row.group))),
            integers(rows.iter().map(|row| row.sent)),
            integers(rows.iter().map(|row| Some(row.returned))),
            integers(rows.iter().map(|row| Some(row.valid))),
            integers(rows.iter().map(|row| Some(row.few_answers))),
            integers(rows.iter().map(|row| Some(row.straight_line))),
            integers(rows.iter().map(|row| row.not_invited)),
            numbers(rows.iter().map(|row| row.response_rate)),
            numbers(rows.iter().map(|row| row.valid_rate)),
        ]
    })
}

fn scores(rows: &[ScoreRow]) -> Output<'_> {
    let fields = vec![
        full("measure", TEXT),
        full("level", TEXT),
        full("id", TEXT),
        full("group_by", TEXT),
        full("group", TEXT),
        full("n", INTEGER),
        nullable("population", INTEGER),
        nullable("coverage", NUMBER),
        nullable("mean", NUMBER),
        nullable("sd", NUMBER),
        nullable("se", NUMBER),
        nullable("lo", NUMBER),
        nullable("hi", NUMBER),
        nullable("rank", INTEGER),
        full("withheld", FLAG),
    ];
    table("scores", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.measure.code()))),
            text(rows.iter().map(|row| Some(row.level.code()))),
            text(rows.iter().map(|row| Some(row.id.as_str()))),
            text(rows.iter().map(|row| Some(row.group_by.as_str()))),
            text(rows.iter().map(|row| Some(&*row.group))),
            integers(rows.iter().map(|row| Some(row.n))),
            integers(rows.iter().map(|row| row.population)),
            numbers(rows.iter().map(|row| row.coverage)),
            numbers(rows.iter().map(|row| row.mean)),
            numbers(rows.iter().map(|row| row.sd)),
            numbers(rows.iter().map(|row| row.se)),
            numbers(rows.iter().map(|row| row.interval.map(|interval| interval.lo))),
            numbers(rows.iter().map(|row| row.interval.map(|interval| interval.hi))),
            integers(rows.iter().map(|row| row.rank)),
            flags(rows.iter().map(|row| Some(row.is_withheld))),
        ]
    })
}

fn tests(rows: &[TestRow]) -> Output<'_> {
    let fields = vec![
        full("test", TEXT),
        full("measure", TEXT),
        full("level", TEXT),
        full("id", TEXT),
        full("group_by", TEXT),
        nullable("group_a", TEXT),
        nullable("group_b", TEXT),
        full("n", INTEGER),
        nullable("statistic", NUMBER),
        nullable("df1", NUMBER),
        nullable("df2", NUMBER),
        nullable("z", NUMBER),
        full("p", NUMBER),
        nullable("p_adj", NUMBER),
        nullable("effect", NUMBER),
    ];
    table("tests", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.test.code()))),
            text(rows.iter().map(|row| Some(row.measure.code()))),
            text(rows.iter().map(|row| Some(row.level.code()))),
            text(rows.iter().map(|row| Some(row.id.as_str()))),
            text(rows.iter().map(|row| Some(row.group_by.as_str()))),
            text(rows.iter().map(|row| row.group_a.as_deref())),
            text(rows.iter().map(|row| row.group_b.as_deref())),
            integers(rows.iter().map(|row| whole(row.result.n))),
            numbers(rows.iter().map(|row| row.result.statistic)),
            numbers(rows.iter().map(|row| row.result.df1)),
            numbers(rows.iter().map(|row| row.result.df2)),
            numbers(rows.iter().map(|row| row.result.z)),
            numbers(rows.iter().map(|row| Some(row.result.p))),
            numbers(rows.iter().map(|row| row.result.p_adjusted)),
            numbers(rows.iter().map(|row| row.result.effect)),
        ]
    })
}

fn alphas(rows: &[AlphaRow]) -> Output<'_> {
    let fields = vec![
        full("form", TEXT),
        full("scale", TEXT),
        nullable("item", TEXT),
        full("k", INTEGER),
        full("n", INTEGER),
        nullable("alpha", NUMBER),
        nullable("lo", NUMBER),
        nullable("hi", NUMBER),
        nullable("r_rest", NUMBER),
        nullable("alpha_without", NUMBER),
    ];
    table("alphas", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.form.code()))),
            text(rows.iter().map(|row| Some(row.scale.as_str()))),
            text(rows.iter().map(|row| row.item.as_deref())),
            integers(rows.iter().map(|row| whole(row.k))),
            integers(rows.iter().map(|row| whole(row.n))),
            numbers(rows.iter().map(|row| row.alpha)),
            numbers(rows.iter().map(|row| row.interval.map(|interval| interval.lo))),
            numbers(rows.iter().map(|row| row.interval.map(|interval| interval.hi))),
            numbers(rows.iter().map(|row| row.r_rest)),
            numbers(rows.iter().map(|row| row.alpha_without)),
        ]
    })
}

fn structure(rows: &[StructureRow]) -> Output<'_> {
    let fields = vec![
        full("form", TEXT),
        full("item", TEXT),
        full("scale", TEXT),
        full("own", FLAG),
        full("n", INTEGER),
        nullable("r", NUMBER),
        nullable("misfit", FLAG),
    ];
    table("structure", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.form.code()))),
            text(rows.iter().map(|row| Some(row.item.as_str()))),
            text(rows.iter().map(|row| Some(row.scale.as_str()))),
            flags(rows.iter().map(|row| Some(row.is_own))),
            integers(rows.iter().map(|row| whole(row.n))),
            numbers(rows.iter().map(|row| row.r)),
            flags(rows.iter().map(|row| row.is_misfit)),
        ]
    })
}

fn plan_table(rows: &[SurveyPlanRow]) -> Output<'_> {
    let fields = vec![
        full("tier", TEXT),
        full("use_category", TEXT),
        full("population", INTEGER),
        full("opted_out", INTEGER),
        full("sample", INTEGER),
        full("to_ask", INTEGER),
    ];
    table("plan", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.tier.code()))),
            text(rows.iter().map(|row| Some(row.use_category.code()))),
            integers(rows.iter().map(|row| Some(row.population))),
            integers(rows.iter().map(|row| Some(row.opted_out))),
            integers(rows.iter().map(|row| Some(row.sample))),
            integers(rows.iter().map(|row| Some(row.to_ask))),
        ]
    })
}

fn sample<'a>(rows: &'a [SampleRow], base: &'a Base) -> Output<'a> {
    let fields = vec![full("customer_id", TEXT), full("tier", TEXT), full("use_category", TEXT)];
    table("sample", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(base.id(row.customer)))),
            text(rows.iter().map(|row| Some(row.tier.code()))),
            text(rows.iter().map(|row| Some(row.use_category.code()))),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{base, day, member};
    use crate::group::Groups;
    use crate::survey::evaluation::{SurveyInput, evaluate};
    use crate::survey::frame::Frame;
    use crate::survey::instrument::Instrument;
    use crate::survey::plan::plan;
    use crate::survey::respondent::Responses;

    fn names(output: &Output) -> (&'static str, String) {
        let names: Vec<&str> = output.schema.fields().iter().map(|field| field.name().as_str()).collect();
        (output.name, names.join(" "))
    }

    #[test]
    fn files_and_columns_are_those_of_the_page_and_rows_fit_them() {
        let graded = crate::base::Member { tier: Some(gridtier::method::Tier::Special), ..member("East") };
        let base = base(vec![("1", graded)]);
        let instrument = Instrument::shipped("servqual").unwrap().unwrap();
        let responses = Responses {
            ids: vec!["r".into()],
            returned_on: vec![day("2026-05-31")],
            customers: vec![None],
            columns: instrument.columns().into_iter().map(|name| (name, vec![None])).collect(),
        };
        let groups = Groups::of(&base);
        let survey = SurveyInput {
            instrument: &instrument,
            base: &base,
            groups: &groups,
            as_of: day("2026-06-01"),
            responses: &responses,
            invitations: None,
            min_cell: 10,
        };
        let results = evaluate(survey);
        let plan = plan(&Frame::of(&base, day("2026-06-01")), 1, 60);
        let tables: Vec<Output> = tables(&results).into_iter().chain(plan_tables(&plan, &base)).collect();
        let expected = [
            (
                "counts",
                "group_by group sent returned valid few_answers straight_line not_invited response_rate valid_rate",
            ),
            (
                "scores",
                "measure level id group_by group n population coverage mean sd se lo hi rank withheld",
            ),
            ("tests", "test measure level id group_by group_a group_b n statistic df1 df2 z p p_adj effect"),
            ("alphas", "form scale item k n alpha lo hi r_rest alpha_without"),
            ("structure", "form item scale own n r misfit"),
            ("plan", "tier use_category population opted_out sample to_ask"),
            ("sample", "customer_id tier use_category"),
        ];
        assert_eq!(
            tables.iter().map(names).collect::<Vec<_>>(),
            expected.map(|(name, columns)| (name, columns.to_owned()))
        );
        let rows: Vec<usize> =
            tables.into_iter().map(|table| table.batches.map(|batch| batch.num_rows()).sum()).collect();
        // Counts of all and five unknown groups; 3 measures of 22 + 5 + 1 and two weighted totals, for all and the frame.
        assert_eq!(rows, [6, 2 * (3 * 28 + 2), 0, 2 * (22 + 22 + 6), 2 * 22 * 5, 1, 1]);
    }
}
