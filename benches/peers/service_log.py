"""Writes an invented service log of the customers of a table, as a data folder that `gridtier service` opens.

    python service_log.py CUSTOMERS.csv DIR --interruptions 50000000 --deliveries 10000000 --contacts 1000000

The seed determines every byte. Rows are spread evenly over the months `--first` to `--last`; an outage interrupts
neighbouring customers. Two in a hundred thousand rows of interruptions each are without an end, end before they begin,
name an unknown outage, or are repeated with or without a difference.
"""

import argparse
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

ROW_GROUP = 1 << 20
DAY, HOUR, PRIME = 86400, 3600, 1_000_003
KINDS = ["fault", "planned", "temporary", "rationing"]
CAUSES = ["lightning", "cable", "transformer", "maintenance", "tree", "third party digging", "overload", "animal"]
RESPONSIBLE = ["utility", "customer", "force_majeure", "third_party"]
SERVICES = {"S05": 0.2, "S07": 0.4, "S12": 0.1, "S24": 0.1, "S10": 0.05, "S18": 0.03, "S22": 0.03, "S01": 0.05,
            "S03": 0.0398, "S09": 5e-5, "S13": 5e-5, "S14": 5e-5, "S16": 5e-5}
CHANNELS = ["visit", "phone", "sms", "email", "wechat", "app", "letter", "hall"]
CONTACTS = {"complaint": 0.25, "report": 0.3, "query": 0.35, "suggestion": 0.05, "praise": 0.05}
TOPICS = ["outage", "billing", "connection", "voltage", "attitude", "noise"]
OUTCOMES = ["upheld", "partly", "not_upheld", "withdrawn"]
CALENDAR = "day,kind\n2028-01-03,holiday\n2028-12-25,holiday\n2028-12-30,workday\n"
CHECKS = """check_id,checked_on,subject,standard,sampled,failed
C1,2028-12-10,delivery,visits,50,3
C2,2028-11-10,contact,calls,40,1
"""
CORRECTIONS = """correction_id,opened_on,about,ref,action,due_on,done_on,result
R1,2028-12-11,delivery,C1,train,2028-12-25,,
R2,2028-11-11,contact,C2,train,2028-11-25,2028-12-02,effective
"""


def second(month, later=0):
    return int((np.datetime64(month, "M") + later).astype("datetime64[s]").astype(np.int64))


def ids(prefix, numbers, width):
    texts = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, texts, "")


def times(seconds, empty=None):
    return pa.array(seconds.astype(np.int64) * 1_000_000, pa.timestamp("us"), mask=empty)


def words(known, places, empty=None):
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=empty), pa.array(list(known)))


def unless(empty, texts):
    return pc.if_else(pa.array(empty), pa.scalar(None, pa.string()), texts)


class Log:
    def __init__(self, args):
        self.args = args
        self.draw = np.random.default_rng(args.seed)
        self.start, self.end = second(args.first), second(args.last, 1)
        options = pa.csv.ConvertOptions(include_columns=["customer_id"], column_types={"customer_id": pa.string()})
        table = pa.csv.read_csv(args.customers, convert_options=options)
        self.customers = pc.unique(table["customer_id"])

    def write(self, name, tables):
        writer = None
        for table in tables:
            writer = writer or pq.ParquetWriter(self.args.dir / f"{name}.parquet", table.schema, compression="zstd")
            writer.write_table(table, row_group_size=ROW_GROUP)
        writer.close()

    def pieces(self, rows):
        return ((first, min(ROW_GROUP, rows - first)) for first in range(0, rows, ROW_GROUP))

    def customer(self, places):
        return self.customers.take(pa.array(places % len(self.customers)))

    def outages(self):
        many, draw = max(1, self.args.interruptions // self.args.per_outage), self.draw
        self.begun = np.sort(draw.integers(self.start, self.end, many))
        kind = draw.choice(4, many, p=[0.55, 0.3, 0.1, 0.05])
        self.length = np.minimum((60 * np.exp(draw.normal(3.8, 1.3, many))).astype(np.int64), 7 * DAY)
        self.size = np.maximum(1, draw.poisson(self.args.per_outage, many))
        self.first = draw.integers(0, len(self.customers), many)
        self.ends = np.cumsum(self.size)
        is_told = ((kind == 1) | (kind == 2)) & (draw.random(many) < 0.7)
        promised = self.begun + (self.length * draw.uniform(0.7, 1.6, many)).astype(np.int64)
        yield pa.table({
            "outage_id": ids("O", np.arange(many), 8),
            "started_at": times(self.begun),
            "kind": words(KINDS, kind),
            "cause": words(CAUSES, draw.integers(0, 8, many), draw.random(many) < 0.1),
            "responsibility": words(RESPONSIBLE, draw.choice(4, many, p=[0.8, 0.08, 0.04, 0.08])),
            "announced_at": times(self.begun - draw.integers(0, 14 * DAY, many), ~is_told),
            "promised_at": times(promised, draw.random(many) < 0.2),
            "plan_at": times(self.begun + draw.integers(600, 5 * HOUR, many), draw.random(many) < 0.5),
        })

    def interruptions(self):
        total = int(self.ends[-1])
        order = self.draw.permutation(total) if self.args.shuffle else None
        for first, rows in self.pieces(total):
            row = np.arange(first, first + rows) if order is None else order[first:first + rows]
            outage = np.searchsorted(self.ends, row, side="right")
            into = row - (self.ends[outage] - self.size[outage])
            start = self.begun[outage] + row * 7919 % 240
            length = (self.length[outage] * (0.4 + (row * 104729 % 1000) / 1000)).astype(np.int64)
            fate = row * 2654435761 % PRIME
            open_ = ((fate < 20) & (start < self.end - 40 * DAY)) | ((fate < 400_000) & (start > self.end - DAY))
            end = np.where((fate >= 20) & (fate < 40), start - 60, start + np.maximum(20, length))
            named = np.where((fate >= 40) & (fate < 60), len(self.begun) + 5, outage)
            table = pa.table({
                "outage_id": ids("O", named, 8),
                "customer_id": self.customer(self.first[outage] + into),
                "started_at": times(start),
                "restored_at": times(end, open_),
            })
            copies = table.take(pa.array(np.flatnonzero((fate >= 60) & (fate < 100))))
            later = pc.add(copies["restored_at"], pa.scalar(60_000_000, pa.duration("us")))
            differs = pa.array(np.arange(len(copies)) < len(copies) // 2)
            restored = pc.if_else(differs, later, copies["restored_at"])
            yield pa.concat_tables([table, copies.set_column(3, "restored_at", restored)])

    def deliveries(self):
        draw, shares = self.draw, np.array(list(SERVICES.values()))
        for first, rows in self.pieces(self.args.deliveries):
            service = draw.choice(len(SERVICES), rows, p=shares / shares.sum())
            is_notice, outage = service == 1, draw.integers(0, len(self.begun), rows)
            into = draw.integers(0, 1 << 30, rows)
            customer = np.where(is_notice, self.first[outage] + into % self.size[outage], into)
            ahead = np.maximum(self.begun[outage] - draw.integers(0, 10 * DAY, rows), self.start)
            created = np.where(is_notice, ahead, draw.integers(self.start, self.end, rows))
            sent = created + draw.integers(0, HOUR, rows)
            done = sent + draw.integers(0, DAY, rows)
            fate, number = draw.random(rows), first + np.arange(rows)
            read = done + np.where(draw.integers(0, PRIME, rows) < 20, -5, draw.integers(0, DAY, rows))
            number -= (draw.integers(0, PRIME, rows) < 3) & (number > 0)
            is_planned = np.isin(service, [0, 4, 5])
            yield pa.table({
                "delivery_id": ids("D", number, 9),
                "created_at": times(created),
                "customer_id": unless(service >= 9, self.customer(customer)),
                "service": words(SERVICES, service),
                "channel": words(CHANNELS, np.where(service == 0, 0, draw.integers(1, 8, rows))),
                "ref": unless(~is_notice, ids("O", outage, 8)),
                "planned_at": times(created + draw.integers(0, 5 * DAY, rows), ~is_planned),
                "sent_at": times(sent, fate >= 0.97),
                "delivered_at": times(done, fate >= 0.9),
                "read_at": times(read, fate >= 0.45),
                "failed_at": times(sent + 600, (fate < 0.9) | (fate >= 0.95)),
                "units": pa.array(np.round(draw.uniform(0.5, 3, rows), 1), mask=draw.random(rows) < 0.8),
                "cost": pa.array(np.round(draw.uniform(1, 90, rows), 2), mask=draw.random(rows) < 0.7),
                "fee": pa.array(np.round(draw.uniform(0, 20, rows), 2), mask=draw.random(rows) < 0.9),
                "satisfied": pa.array(draw.random(rows) < 0.9, mask=draw.random(rows) < 0.6),
            })

    def contacts(self):
        draw = self.draw
        for first, rows in self.pieces(self.args.contacts):
            received = draw.integers(self.start, self.end, rows)
            contacted = received + draw.integers(0, 2 * DAY, rows)
            analysed = contacted + draw.integers(0, DAY, rows)
            answered = analysed + draw.integers(0, 6 * DAY, rows)
            closed = answered + draw.integers(0, 3 * DAY, rows)
            fate = draw.random(rows)
            kind = draw.choice(5, rows, p=list(CONTACTS.values()))
            yield pa.table({
                "contact_id": ids("K", first + np.arange(rows), 8),
                "received_at": times(received),
                "customer_id": unless(draw.random(rows) < 0.05, self.customer(draw.integers(0, 1 << 30, rows))),
                "kind": words(CONTACTS, kind),
                "channel": words(["phone", "wechat", "hall", "app"], draw.integers(0, 4, rows)),
                "topic": words(TOPICS, draw.integers(0, 6, rows), draw.random(rows) < 0.1),
                "first_contact_at": times(contacted, fate > 0.98),
                "analysed_at": times(analysed, fate > 0.97),
                "answered_at": times(answered, fate > 0.96),
                "closed_at": times(closed, fate > 0.95),
                "passed_on_at": times(received + 2 * HOUR, draw.random(rows) > 0.05),
                "called_back_at": times(closed + draw.integers(0, 5 * DAY, rows), fate > 0.7),
                "outcome": words(OUTCOMES, draw.integers(0, 4, rows), fate > 0.95),
                "satisfied": pa.array(draw.random(rows) < 0.8, mask=draw.random(rows) < 0.5),
            })


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("customers", help="a CSV file with the column customer_id")
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--interruptions", type=int, default=50_000_000)
    parser.add_argument("--deliveries", type=int, default=10_000_000)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--per-outage", type=int, default=100, help="customers, on average")
    parser.add_argument("--first", default="2024-01")
    parser.add_argument("--last", default="2028-12")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shuffle", action="store_true", help="rows of interruptions in any order")
    args = parser.parse_args()
    args.dir.mkdir(parents=True)
    log = Log(args)
    for name in ["outages", "interruptions", "deliveries", "contacts"]:
        log.write(name, getattr(log, name)())
    for name, text in [("calendar", CALENDAR), ("checks", CHECKS), ("corrections", CORRECTIONS)]:
        (args.dir / f"{name}.csv").write_text(text)


main()
