//! Charts about service: due against delivered, complaints that wait, topics.

use crate::chart::{Axis, Bars, Chart, HeatMap, HeatScale, Plot};
use crate::table::{ColumnFormat, DataColumn, DataTable};
use gridtier::text::Text;

/// Due against delivered, from a table with the service and tier, what was due and what was delivered.
#[must_use]
pub fn due_and_delivered(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("items", "项"), ColumnFormat::Integer);
    Chart::new(
        Text::coded("due_and_delivered", "Due against delivered", "应做与已做"),
        Text::new(
            "Two bars for each service and tier: what was due, and what was delivered of it, late or not.",
            "每项服务、每个等级两条：应做，以及已做（含逾期）。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}

/// The share of cases in which each promise was kept to each class, from a table with the promise and a column of
/// shares for each class.
#[must_use]
pub fn promises_kept(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("share kept", "兑现率"), ColumnFormat::Share);
    Chart::new(
        Text::coded("promises_kept", "Promises kept to industry and to households", "对工业与居民的承诺兑现率"),
        Text::new(
            "A bar for each class: the share of cases in which the promise was kept. A dash means that there was no case.",
            "每类客户一条：承诺兑现的比例。短横表示没有应兑现的情形。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}

/// The share of cases in which each promise was kept to each class, month by month, from a table with the promise and class,
/// and a column of shares for each month.
#[must_use]
pub fn promises_by_month(table: DataTable) -> Chart {
    let month =
        |column: Option<&DataColumn>| column.and_then(|column| column.title.code.clone()).unwrap_or_default();
    let [first, last] = [table.columns.get(1), table.columns.last()].map(month);
    let map = HeatMap {
        row_title: Text::new("promise and class", "承诺与用电类别"),
        column_title: Text::new(
            format!("months from {first} to {last}"),
            format!("月份（{first} 至 {last}）"),
        ),
        ..HeatMap::of_table(&table, ColumnFormat::Share, HeatScale::All)
    };
    Chart::new(
        Text::coded("promises_by_month", "Promises kept by class and month", "各类客户逐月承诺兑现率"),
        Text::new(
            "A cell for each month: the share of cases in which the promise was kept, darker for more. A promise over a year \
             is held against the twelve months to the end of the month. A dash means that there was no case.",
            "每月一格：承诺兑现的比例，颜色越深比例越高。按年计的承诺取截至当月末的十二个月。短横表示没有应兑现的情形。",
        ),
        Plot::HeatMap(map),
        table,
    )
    .for_pages()
}

/// Complaints that are not closed, from a table with the days of waiting and their number.
#[must_use]
pub fn ageing(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("complaints", "件"), ColumnFormat::Integer);
    Chart::new(
        Text::coded("complaints_waiting", "How long complaints have been waiting", "未办结投诉的等待时长"),
        Text::new(
            "A bar for each span of days: complaints that are not closed on the as-of day.",
            "每个天数区间一条：截止日尚未办结的投诉。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}

/// The Pareto chart of topics, from a table with the topic, its share, and the share of all down to it.
#[must_use]
pub fn complaint_topics(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("share", "占比"), ColumnFormat::Share);
    Chart::new(
        Text::coded("complaint_topics", "What customers complain of most", "投诉集中在哪些方面"),
        Text::new(
            "Two bars for each topic: its share of all complaints, and the share with all topics above it. The topics down \
             to 80 % are the vital few.",
            "每类两条：占全部投诉的比例，以及与其上各类的累计占比。累计 80 % 以内的为主要问题。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}
