"""Writes invented meter readings in one of the layouts that utilities send, as a data folder that gridtier opens.

    python data.py DIR --layout days --customers 100000 --start 2025-01 --months 12

The seed determines every byte. Written are `customers.parquet` and `meter_readings/`, or with `--bills` bills and payments in
place of all readings but one of each customer: a bill for each customer and month, due on the 25th of the next month; of 100 bills 3 are unpaid, 10 are
paid in two parts, and 10 late.
"""

import argparse
import datetime
import decimal
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

LAYOUTS = {
    "days": "a file for each month, each day a row group with every id in its dictionary, in the order of ids",
    "registered": "as days, customers in one random order that is the same every day",
    "reordered": "as days, customers in a new random order every day",
    "weeks": "a file for each month, row groups of a million rows, ids in dictionaries",
    "plain": "as weeks, ids as plain text",
    "integers": "as weeks, ids as 64-bit integers",
    "hive": "as weeks, in folders month=2025-01",
    "customers": "one file, sorted by customer and time, row groups of a million rows",
    "shuffled": "a file for each month, rows in any order, ids in dictionaries",
}
# Layouts in which a row group is a day.
DAILY = ("days", "registered", "reordered")
ROW_GROUP = 1_000_000


def month_starts(start, months):
    year, month = map(int, start.split("-"))
    for later in range(months + 1):
        years, rest = divmod(month - 1 + later, 12)
        yield datetime.date(year + years, rest + 1, 1)


def make_ids(customers, as_integers):
    numbers = np.arange(customers, dtype=np.int64) + 10_000_000_001
    return pa.array(numbers) if as_integers else pa.array(numbers).cast(pa.string())


def id_column(ids, customers, plain, in_first_order):
    if plain:
        return ids.take(pa.array(customers))
    if in_first_order:
        # Each customer has one row: a dictionary in the order of first appearance, as writers make it from plain text.
        everybody = pa.array(np.arange(len(customers), dtype=np.int32))
        return pa.DictionaryArray.from_arrays(everybody, ids.take(pa.array(customers)))
    return pa.DictionaryArray.from_arrays(pa.array(customers.astype(np.int32)), ids)


def table(ids, customers, days, rng, plain, in_first_order, faults):
    """One reading for each of `customers` (positions in `ids`) and `days` (days since 1970)."""
    rows = len(customers)
    level = 2.0 + (customers % 97) * 0.37
    active = np.round(level * rng.gamma(2.0, 1.0, rows), 3)
    reactive = np.round(active * rng.random(rows), 3)
    if faults:
        kinds = rng.random(rows)
        active[kinds < faults / 2] = -1.0
        active[(kinds >= faults / 2) & (kinds < faults)] = np.nan
    times = pa.array(days.astype("datetime64[D]").astype("datetime64[us]"))
    return pa.table(
        {
            "customer_id": id_column(ids, customers, plain, in_first_order),
            "read_at": times,
            "active_kwh": active,
            "reactive_kvarh": reactive,
        }
    )


def writer(path, schema, plain):
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=["read_at"] if plain else ["customer_id", "read_at"],
        dictionary_pagesize_limit=64 << 20,
        store_schema=False,
    )


def write_months(folder, args, ids, rng):
    plain = args.layout in ("plain", "integers")
    starts = list(month_starts(args.start, args.months))
    epoch = datetime.date(1970, 1, 1)
    everybody = np.arange(args.customers)
    if args.layout == "registered":
        everybody = rng.permutation(everybody)
    for first, following in zip(starts, starts[1:]):
        name = f"{first:%Y-%m}"
        path = folder / f"month={name}" / "part.parquet" if args.layout == "hive" else folder / f"{name}.parquet"
        days = [1] if args.cadence == "monthly" else range(1, (following - first).days + 1)
        numbers = [(first - epoch).days + day - 1 for day in days]
        out = None
        for chunk in chunks(numbers, args):
            if args.layout == "reordered":
                everybody = rng.permutation(everybody)
            customers = np.tile(everybody, len(chunk))
            when = np.repeat(np.array(chunk), args.customers)
            if args.layout == "shuffled":
                order = rng.permutation(len(customers))
                customers, when = customers[order], when[order]
            rows = table(ids, customers, when, rng, plain, args.layout in DAILY, args.faults)
            out = out or writer(path, rows.schema, plain)
            out.write_table(rows, row_group_size=args.customers if args.layout in DAILY else ROW_GROUP)
        out.close()


def chunks(numbers, args):
    if args.layout in DAILY:
        return [[day] for day in numbers]
    if args.layout == "shuffled":
        return [numbers]
    most = max(1, 8 * ROW_GROUP // args.customers)
    return [numbers[at : at + most] for at in range(0, len(numbers), most)]


def write_by_customer(folder, args, ids, rng):
    starts = list(month_starts(args.start, args.months))
    epoch = datetime.date(1970, 1, 1)
    if args.cadence == "monthly":
        days = np.array([(first - epoch).days for first in starts[:-1]])
    else:
        days = np.arange((starts[0] - epoch).days, (starts[-1] - epoch).days)
    out = None
    step = max(1, 8 * ROW_GROUP // len(days))
    for first in range(0, args.customers, step):
        some = np.arange(first, min(first + step, args.customers))
        rows = table(ids, np.repeat(some, len(days)), np.tile(days, len(some)), rng, False, False, args.faults)
        out = out or writer(folder / "readings.parquet", rows.schema, False)
        out.write_table(rows, row_group_size=ROW_GROUP)
    out.close()


def write_bills(args, ids, rng):
    """Bills and payments of every month, in the order of months and of customers, or in any order."""
    starts = list(month_starts(args.start, args.months))
    epoch = datetime.date(1970, 1, 1)
    count, number, order = args.customers, 0, rng.permutation
    ids = ids.cast(pa.string())
    bills, payments = [], []
    for first, following in zip(starts, starts[1:]):
        bill = pc.binary_join_element_wise(f"B{first:%Y%m}", ids, "")
        due = (following - epoch).days + 24
        fen = 1 + rng.gamma(2.0, 20_000.0, count).astype(np.int64)
        bills.append(
            {
                "bill_id": bill,
                "customer_id": ids,
                "billing_month": days_as_dates(np.full(count, (first - epoch).days)),
                "amount_due": money(fen),
                "due_on": days_as_dates(np.full(count, due)),
            }
        )
        kinds = rng.random(count)
        paid = np.flatnonzero(kinds >= 0.03)
        in_parts = np.flatnonzero((kinds >= 0.03) & (kinds < 0.13))
        of = np.sort(np.concatenate([paid, in_parts]))
        is_second = np.concatenate([[False], of[1:] == of[:-1]])
        in_two = np.isin(of, in_parts)
        part = np.where(in_two, np.where(is_second, fen[of] - fen[of] // 2, fen[of] // 2), fen[of])
        days_late = np.where(rng.random(len(of)) < 0.1, rng.integers(1, 90, len(of)), -rng.integers(0, 20, len(of)))
        numbers = pc.utf8_lpad(pa.array(np.arange(number, number + len(of))).cast(pa.string()), 10, "0")
        number += len(of)
        payments.append(
            {
                "payment_id": pc.binary_join_element_wise("P", numbers, ""),
                "bill_id": bill.take(pa.array(of)),
                "paid_on": days_as_dates(due + days_late),
                "amount": money(part),
            }
        )
    for name, months in (("bills", bills), ("payments", payments)):
        rows = pa.concat_tables([pa.table(month) for month in months])
        if args.bills == "shuffled":
            rows = rows.take(pa.array(order(len(rows))))
        pq.write_table(rows, args.dir / f"{name}.parquet", compression="zstd", row_group_size=ROW_GROUP)


def days_as_dates(days):
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def money(fen):
    """Fen as CNY, exactly."""
    hundredth = pa.scalar(decimal.Decimal("0.01"), pa.decimal128(3, 2))
    return pc.multiply(pa.array(fen).cast(pa.decimal128(19, 0)), hundredth).cast(pa.decimal128(14, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--layout", choices=LAYOUTS, default="days", help="; ".join(f"{k}: {v}" for k, v in LAYOUTS.items()))
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--start", default="2025-01", help="first month")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--cadence", choices=["daily", "monthly"], default="daily")
    parser.add_argument("--faults", type=float, default=0.0, help="share of readings that break a rule")
    parser.add_argument("--bills", choices=["sorted", "shuffled"], help="write bills and payments instead, in this order of rows")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    ids = make_ids(args.customers, args.layout == "integers")
    args.dir.mkdir(parents=True, exist_ok=True)
    count = args.customers
    pq.write_table(
        pa.table(
            {
                "customer_id": ids.cast(pa.string()),
                "use_category": ["residential"] * count,
                "supply_level": ["residential"] * count,
                "opened_on": pa.array([datetime.date(2010, 1, 1)] * count),
                "aged_transformer_area": [False] * count,
            }
        ),
        args.dir / "customers.parquet",
    )
    folder = args.dir / "meter_readings"
    if args.bills:
        # No folder is graded without readings.
        args.cadence, args.months, months = "monthly", 1, args.months
        write_months(folder, args, ids, rng)
        args.months = months
        return write_bills(args, ids, rng)
    (write_by_customer if args.layout == "customers" else write_months)(folder, args, ids, rng)


if __name__ == "__main__":
    main()
