"""Sums meter readings by customer and month with gridtier and with its peers, in turn, on the same files.

    python compare.py DATA [DATA ...] --start 2025-01 --months 12 --rounds 5

DATA are folders that `data.py` has written. Each program runs in a process of its own, with as many threads as there are
processors; the time is from the query to its result in memory, without start-up. First all results are compared: every
integer of every customer and month must agree. Then the programs run in turn. Printed are the median time, the median of
the ratios to gridtier round by round, and the peak memory of the process. gridtier runs with all its checks; `decode` is
its decoding of the same columns and nothing else, and `regrade` the whole job: hashing, summing, judging, publishing.
"""

import argparse
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


PEERS = {"DuckDB": duckdb, "ClickHouse": clickhouse, "Polars": polars, "DataFusion": datafusion}


# Our own jobs, by the names under which they are listed.
JOBS = {"gridtier": "kernel", "decode": "decode", "regrade": "regrade"}


def one_run(name, files, out):
    """In the child process: times one query, and writes its result as sorted CSV to `out` if given."""
    query = PEERS[name](files)
    begun = time.perf_counter()
    result = query()
    seconds = time.perf_counter() - begun
    if out:
        import polars as pl

        keys = [pl.col("customer_id").cast(pl.String), pl.col("month").cast(pl.Date).dt.strftime("%Y-%m")]
        sums = [pl.col(name).cast(pl.Int64) for name in ("active_wh", "reactive_varh", "readings")]
        pl.from_arrow(result).select(*keys, *sums).sort("customer_id", "month").write_csv(out)
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
        pattern = "**/*.parquet" if any((data / "meter_readings").glob("*/")) else "*.parquet"
        self.files = str((data / "meter_readings" / pattern).resolve())
        self.names = [*JOBS, *(PEERS if args.only is None else args.only)]

    def command(self, name, out=""):
        if name in JOBS:
            return [self.args.gridtier, JOBS[name], self.data, self.args.start, self.args.months, *([out] if out else [])]
        return [sys.executable, __file__, "--child", name, self.files, out]

    def run(self, name, out=""):
        return run_child([str(part) for part in self.command(name, out)])

    def check(self):
        """Exits unless every integer of every customer and month is the same."""
        with tempfile.TemporaryDirectory() as folder:
            contestants = [name for name in self.names if JOBS.get(name, "kernel") == "kernel"]
            outs = {name: pathlib.Path(folder) / f"{name}.csv" for name in contestants}
            for name, out in outs.items():
                self.run(name, out)
                # Compared as files: memory of this process would count in the peak of the next child, which begins as its fork.
                if not filecmp.cmp(outs["gridtier"], out, shallow=False):
                    sys.exit(f"{name} has another result than gridtier: {first_difference(outs['gridtier'], out)}")
            with open(outs["gridtier"]) as lines:
                count = sum(1 for _ in lines) - 1
            print(f"{self.data}: {', '.join(contestants)} agree on all {count} sums")

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
        return one_run(*sys.argv[2:5])
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
