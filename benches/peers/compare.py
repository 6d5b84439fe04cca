"""Sums meter readings, or bills and payments, with gridtier and with its peers, in turn, on the same files.

    python compare.py DATA [DATA ...] --start 2025-01 --months 12 --rounds 5

DATA are folders that `data.py` has written: of readings, summed by customer and month, or of bills and payments, joined and
summed by customer. Each program runs in a process of its own, with as many threads as there are
processors; the time is from the query to its result in memory, without start-up. First all results are compared: every
integer of every customer and month must agree. Then the programs run in turn. Printed are the median time, the median of
the ratios to gridtier round by round, and the peak memory of the process. gridtier runs with all its checks; `decode` is
its decoding of the same columns and nothing else, and `regrade` the whole job: hashing, summing, judging, publishing.

The peers' query for bills uses that no payment of this data is below zero and no bill is paid twice; gridtier, which cannot
know that, also finds reversals, repeated ids and rows that break a rule.
"""

import argparse
import datetime
import filecmp
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

THREADS = os.cpu_count() or 1
SQL = """
select customer_id, {month} as month, sum({active}) as active_wh, sum({reactive}) as reactive_varh, count(*) as readings
from {table} group by {keys}
"""


def thousandths(column, cast):
    # No reading is negative, so that rounding half up is rounding half away from zero, as gridtier does.
    return cast.format(f"floor({column} * 1000 + 0.5)")


def duckdb(files):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    query = SQL.format(
        month="date_trunc('month', read_at)",
        active=thousandths("active_kwh", "cast({} as bigint)"),
        reactive=thousandths("reactive_kvarh", "cast({} as bigint)"),
        table=f"read_parquet('{files}')",
        keys="all",
    )
    return lambda: connection.sql(query).to_arrow_table()


def clickhouse(files):
    import chdb

    query = SQL.format(
        month="toStartOfMonth(read_at)",
        active=thousandths("active_kwh", "toInt64({})"),
        reactive=thousandths("reactive_kvarh", "toInt64({})"),
        table=f"file('{files}', Parquet)",
        keys="customer_id, month",
    )
    return lambda: chdb.query(f"{query} settings max_threads = {THREADS}", "ArrowTable")


def datafusion(files):
    import datafusion

    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(THREADS))
    context.register_parquet("readings", str(pathlib.Path(files).parent))
    query = SQL.format(
        month="date_trunc('month', read_at)",
        active=thousandths("active_kwh", "cast({} as bigint)"),
        reactive=thousandths("reactive_kvarh", "cast({} as bigint)"),
        table="readings",
        keys="customer_id, date_trunc('month', read_at)",
    )
    return lambda: context.sql(query).to_arrow_table()


def polars(files):
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as pl

    def sum_of_thousandths(column):
        return (pl.col(column) * 1000 + 0.5).floor().cast(pl.Int64).sum()

    query = (
        pl.scan_parquet(files)
        .group_by("customer_id", pl.col("read_at").dt.truncate("1mo").alias("month"))
        .agg(
            active_wh=sum_of_thousandths("active_kwh"),
            reactive_varh=sum_of_thousandths("reactive_kvarh"),
            readings=pl.len(),
        )
    )
    return lambda: query.collect(engine="streaming").to_arrow()


BILLS_SQL = """
with paid as (
    select bill_id, sum(fen) as fen, sum(case when paid_on <= due_on then fen else 0 end) as on_time_fen,
        sum(fen * (date '{end}' - greatest(paid_on, due_on))) as fen_days
    from (
        select bill_id, due_on, paid_on, cast(amount * 100 as bigint) as fen
        from '{data}/payments.parquet' join '{data}/bills.parquet' using (bill_id) where paid_on < date '{end}'
    ) group by bill_id
), due as (
    select customer_id, billing_month, cast(amount_due * 100 as bigint) as fen, due_on < date '{end}' as is_due,
        date '{end}' - due_on as days, coalesce(paid.fen, 0) as paid_fen, coalesce(on_time_fen, 0) as on_time_fen,
        coalesce(fen_days, 0) as fen_days
    from (select *, cast(amount_due * 100 as bigint) as fen from '{data}/bills.parquet') left join paid using (bill_id)
)
select customer_id, sum(fen) as billed_fen, count(distinct billing_month) as billed_months,
    sum(case when is_due then 1 else 0 end) as due_bills, sum(case when is_due then fen else 0 end) as due_fen,
    sum(case when is_due then on_time_fen else 0 end) as on_time_fen,
    sum(case when is_due then fen * days - fen_days else 0 end) as overdue_fen_days,
    sum(case when is_due then fen - paid_fen else 0 end) as unpaid_fen
from due group by customer_id
"""


def duckdb_bills(data, end):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}")
    query = BILLS_SQL.format(data=data, end=end)
    return lambda: connection.sql(query).to_arrow_table()


def polars_bills(data, end):
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as pl

    def fen(column):
        return (pl.col(column) * 100).cast(pl.Int64)

    day = datetime.date.fromisoformat(end)
    bills = pl.scan_parquet(f"{data}/bills.parquet").with_columns(due_fen=fen("amount_due"))
    payments = pl.scan_parquet(f"{data}/payments.parquet").filter(pl.col("paid_on") < day)
    days_paid = (day - pl.max_horizontal("paid_on", "due_on")).dt.total_days()
    paid = (
        payments.with_columns(fen=fen("amount"))
        .join(bills.select("bill_id", "due_on"), on="bill_id")
        .group_by("bill_id")
        .agg(
            paid_fen=pl.col("fen").sum(),
            on_time=pl.col("fen").filter(pl.col("paid_on") <= pl.col("due_on")).sum(),
            fen_days=(pl.col("fen") * days_paid).sum(),
        )
    )
    is_due, none = pl.col("due_on") < day, pl.col("paid_fen", "on_time", "fen_days").fill_null(0)
    overdue = pl.col("due_fen") * (day - pl.col("due_on")).dt.total_days() - pl.col("fen_days")
    query = (
        bills.join(paid, on="bill_id", how="left")
        .with_columns(none)
        .group_by("customer_id")
        .agg(
            billed_fen=pl.col("due_fen").sum(),
            billed_months=pl.col("billing_month").n_unique(),
            due_bills=is_due.sum(),
            due_fen=pl.col("due_fen").filter(is_due).sum(),
            on_time_fen=pl.col("on_time").filter(is_due).sum(),
            overdue_fen_days=overdue.filter(is_due).sum(),
            unpaid_fen=(pl.col("due_fen") - pl.col("paid_fen")).filter(is_due).sum(),
        )
    )
    return lambda: query.collect(engine="streaming").to_arrow()


class Readings:
    """Readings, summed by customer and month."""

    peers = {"DuckDB": duckdb, "ClickHouse": clickhouse, "Polars": polars, "DataFusion": datafusion}
    # Our own jobs, by the names under which they are listed. The first gives the sums.
    jobs = {"gridtier": "kernel", "decode": "decode", "regrade": "regrade"}
    sums = ("active_wh", "reactive_varh", "readings")
    keys = ("customer_id", "month")

    @staticmethod
    def arguments(data, args):
        pattern = "**/*.parquet" if any((data / "meter_readings").glob("*/")) else "*.parquet"
        return [str((data / "meter_readings" / pattern).resolve())]


class Bills:
    """Bills and payments, joined and summed by customer."""

    peers = {"DuckDB": duckdb_bills, "Polars": polars_bills}
    jobs = {"gridtier": "facts", "regrade": "regrade"}
    sums = ("billed_fen", "billed_months", "due_bills", "due_fen", "on_time_fen", "overdue_fen_days", "unpaid_fen")
    keys = ("customer_id",)

    @staticmethod
    def arguments(data, args):
        year, month = map(int, args.start.split("-"))
        years, rest = divmod(month - 1 + args.months, 12)
        return [str(data.resolve()), f"{year + years}-{rest + 1:02}-01"]


TASKS = {task.__name__: task for task in (Readings, Bills)}
PEERS = sorted({peer for task in TASKS.values() for peer in task.peers})


def one_run(task, name, out, *arguments):
    """In the child process: times one query, and writes its result as sorted CSV to `out` if given."""
    task = TASKS[task]
    query = task.peers[name](*arguments)
    begun = time.perf_counter()
    result = query()
    seconds = time.perf_counter() - begun
    if out:
        import polars as pl

        keys = {"customer_id": pl.col("customer_id").cast(pl.String), "month": pl.col("month").cast(pl.Date).dt.strftime("%Y-%m")}
        sums = [pl.col(name).cast(pl.Int64) for name in task.sums]
        pl.from_arrow(result).select(*(keys[key] for key in task.keys), *sums).sort(task.keys).write_csv(out)
    print(json.dumps({"seconds": seconds}))


def run_child(command):
    """The seconds that a child process prints, and its peak memory in MiB."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return json.loads(output.strip().splitlines()[-1])["seconds"], usage.ru_maxrss / 1024


def first_difference(expected, actual):
    with open(expected) as expected, open(actual) as actual:
        return next((pair for pair in zip(expected, actual) if pair[0] != pair[1]), "it has more or fewer lines")


class Contest:
    def __init__(self, data, args):
        self.data, self.args = data, args
        self.task = Bills if (data / "bills.parquet").exists() else Readings
        peers = [peer for peer in self.task.peers if args.only is None or peer in args.only]
        self.names = [*self.task.jobs, *peers]

    def command(self, name, out=""):
        if name in self.task.jobs:
            job = self.task.jobs[name]
            return [self.args.gridtier, job, self.data, self.args.start, self.args.months, *([out] if out else [])]
        arguments = self.task.arguments(self.data, self.args)
        return [sys.executable, __file__, "--child", self.task.__name__, name, out, *arguments]

    def run(self, name, out=""):
        return run_child([str(part) for part in self.command(name, out)])

    def check(self):
        """Exits unless every integer is the same."""
        with tempfile.TemporaryDirectory() as folder:
            contestants = [name for name in self.names if name == "gridtier" or name in self.task.peers]
            outs = {name: pathlib.Path(folder) / f"{name}.csv" for name in contestants}
            for name, out in outs.items():
                self.run(name, out)
                # Compared as files: memory of this process would count in the peak of the next child, which begins as its fork.
                if not filecmp.cmp(outs["gridtier"], out, shallow=False):
                    sys.exit(f"{name} has another result than gridtier: {first_difference(outs['gridtier'], out)}")
            with open(outs["gridtier"]) as lines:
                count = sum(1 for _ in lines) - 1
            print(f"{self.data}: {', '.join(contestants)} agree on all {count} rows of sums")

    def time(self):
        runs = {name: [] for name in self.names}
        for _ in range(self.args.rounds):
            for name in self.names:
                runs[name].append(self.run(name))
        print(f"{'':12} {'seconds':>8} {'ratio':>6} {'peak MiB':>9}")
        for name in self.names:
            ratios = [run[0] / base[0] for base, run in zip(runs["gridtier"], runs[name])]
            seconds = statistics.median(run[0] for run in runs[name])
            peak = max(run[1] for run in runs[name])
            print(f"{name:12} {seconds:8.2f} {statistics.median(ratios):6.2f} {peak:9.0f}", flush=True)


def main():
    if sys.argv[1:2] == ["--child"]:
        return one_run(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", type=pathlib.Path)
    parser.add_argument("--gridtier", required=True, help="the program that `cargo bench --bench gridtier-peer --no-run` names")
    parser.add_argument("--start", default="2025-01")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=PEERS, help="run only these peers; without a name gridtier alone, as on data with faults, at which the peers stop")
    args = parser.parse_args()
    for data in args.data:
        contest = Contest(data, args)
        contest.check()
        contest.time()


if __name__ == "__main__":
    main()
