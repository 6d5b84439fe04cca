//! Exports of real systems, case by case: how they write dates, numbers, words and keys, and what is declared about these.
//! The numbers are those of the cases in the list of bad input; damaged files are in `bad_files` and `junk`, folders with
//! reported faults in `faults`.

use crate::support::Published;
use crate::utility::{AS_OF, BILLS, CUSTOMERS, INCIDENTS, READINGS, Utility};

/// One export of a table of the small utility, and what a check says about it.
struct Export {
    what: &'static str,
    table: &'static str,
    header: &'static str,
    rows: &'static str,
    /// What `gridtier.toml` says below `format = 1`.
    declared: &'static str,
    /// Rows that count and rows that are rejected.
    counted: u64,
    rejected: u64,
    /// A rule with the number of its rows.
    finding: Option<(&'static str, u64)>,
}

const CLOSED: &str = "customer_id,use_category,supply_level,opened_on,closed_on,aged_transformer_area\n";
const CODED: &str =
    "customer_id,use_category,supply_level,opened_on,aged_transformer_area,importance_level\n";
const LINES: &str = "INVOICE,LINE,customer_id,billing_month,amount_due,due_on\n";

const EXPORTS: &[Export] = &[
    Export {
        what: "4: a register that passes its last digit",
        table: "register_readings",
        header: "customer_id,meter_id,read_at,register_kwh,register_digits\n",
        rows: "0001,R1,2025-01-01,999900,6\n0001,R1,2025-02-01,100,6\n0001,R1,2025-03-01,300,6\n",
        declared: "",
        counted: 3,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "31: years of two digits in a column that places nothing",
        table: "customers",
        header: CLOSED,
        rows: "0001,other,low_voltage,10/05/03,,false\n0002,other,low_voltage,2010-05-03,27/12/31,false\n\
               0003,other,low_voltage,2010-05-03,,false\n",
        declared: "",
        counted: 1,
        rejected: 2,
        finding: Some(("bad_date", 2)),
    },
    Export {
        what: "31: years of two digits by a declared pattern",
        table: "customers",
        header: CUSTOMERS,
        rows: "0001,other,low_voltage,03.05.10,false\n0002,other,low_voltage,03.05.75,false\n",
        declared: "[tables.customers.dates]\nopened_on = \"%d.%m.%y\"\n",
        counted: 2,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "31: a year of two digits under a pattern for four",
        table: "customers",
        header: CUSTOMERS,
        rows: "0001,other,low_voltage,03.05.10,false\n0002,other,low_voltage,03.05.2010,false\n",
        declared: "[tables.customers.dates]\nopened_on = \"%d.%m.%Y\"\n",
        counted: 1,
        rejected: 1,
        finding: Some(("bad_date", 1)),
    },
    Export {
        what: "31: a day that stands for none",
        table: "customers",
        header: CLOSED,
        rows: "0001,other,low_voltage,2010-05-03,1900-01-01,false\n0002,other,low_voltage,2010-05-03,,false\n",
        declared: "",
        counted: 1,
        rejected: 1,
        finding: Some(("closed_before_opened", 1)),
    },
    Export {
        what: "31: the same, declared",
        table: "customers",
        header: CLOSED,
        rows: "0001,other,low_voltage,2010-05-03,1900-01-01,false\n0002,other,low_voltage,2010-05-03,无,false\n",
        declared: "[tables.customers]\nnulls = { closed_on = [\"1900-01-01\", \"无\"] }\n",
        counted: 2,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "31: bills due on no day",
        table: "bills",
        header: BILLS,
        rows: "1,0001,2025-01,5,9999-12-31,\n2,0001,2025-02,5,2025-03-20,\n",
        declared: "",
        counted: 1,
        rejected: 1,
        finding: Some(("bad_date", 1)),
    },
    Export {
        what: "32: a group of thousands that begins with 0",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,2025-01-01,\"0,200\",,\n0001,M1,2025-02-01,\"200\",,\n",
        declared: "",
        counted: 1,
        rejected: 1,
        finding: Some(("bad_number", 1)),
    },
    Export {
        what: "32: the mirror, with the comma declared",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,2025-01-01,0.200,,\n0001,M1,2025-02-01,\"200,5\",,\n",
        declared: "[tables.meter_readings]\ndecimal_mark = \",\"\n",
        counted: 1,
        rejected: 1,
        finding: Some(("bad_number", 1)),
    },
    Export {
        what: "32: numbers that all have one mark",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,2025-01-01,\"1,234\",,\n0001,M1,2025-02-01,\"2,500\",,\n",
        declared: "",
        counted: 2,
        rejected: 0,
        finding: Some(("ambiguous_grouping", 1)),
    },
    Export {
        what: "36: an offset in a declared pattern",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,31.12.2024 16:00 +0000,5,,\n0001,M1,30.11.2025 23:00 +0800,7,,\n",
        declared: "zone = \"Asia/Shanghai\"\n[tables.meter_readings.dates]\nread_at = \"%d.%m.%Y %H:%M %z\"\n",
        counted: 2,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "37: what happened under the owner before",
        table: "incidents",
        header: INCIDENTS,
        rows: "1,0001,2009-12-31,theft,customer,confirmed,5\n2,0001,2025-03-01,theft,customer,confirmed,5\n",
        declared: "",
        counted: 1,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "39: flags as doubles, and columns without a name or with one name",
        table: "customers",
        header: "customer_id,use_category,supply_level,opened_on,aged_transformer_area,,,remark,remark\n",
        rows: "0001,other,low_voltage,2010-01-01,0.0,,,a,b\n0002,other,low_voltage,2010-01-01,1.0,,,,\n",
        declared: "",
        counted: 2,
        rejected: 0,
        finding: Some(("unknown_column", 3)),
    },
    Export {
        what: "40: October as a number",
        table: "bills",
        header: BILLS,
        rows: "1,0001,2025.1,5,2025-11-20,\n2,0001,2025.11,5,2025-12-20,\n3,0001,2025.09,5,2025-10-20,\n",
        declared: "",
        counted: 2,
        rejected: 1,
        finding: Some(("mixed_month_forms", 1)),
    },
    Export {
        what: "45: times as systems write them",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,20250131093000,1,,\n0001,M1,20250228T0930,2,,\n0001,M1,2025年3月31日 09时30分,3,,\n\
               0001,M1,2025年4月30日,4,,\n0001,M1,2025/5/1 9:30,5,,\n",
        declared: "",
        counted: 5,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "46: footnotes at numbers",
        table: "meter_readings",
        header: READINGS,
        rows: "0001,M1,2025-01-01,10²,,\n0001,M1,2025-02-01,12①,,\n0001,M1,2025-03-01,½,,\n0001,M1,2025-04-01,5₃,,\n\
               0001,M1,2025-05-01,１２．５,,\n",
        declared: "",
        counted: 1,
        rejected: 4,
        finding: Some(("bad_number", 4)),
    },
    Export {
        what: "51: keys in two columns",
        table: "bills",
        header: LINES,
        rows: "7,1,0001,2025-01,5,2025-02-20\n7,2,0001,2025-01,6,2025-02-20\n7,2,0001,2025-01,6,2025-02-20\n",
        declared: "[tables.bills.columns]\nbill_id = [\"INVOICE\", \"LINE\"]\n",
        counted: 2,
        rejected: 0,
        finding: None,
    },
    Export {
        what: "words for numbers, a constant and own spellings",
        table: "customers",
        header: CODED,
        rows: "0001,大工业,高压,2010-01-01,否,无\n0002,大工业,高压,2010-01-01,是,无\n",
        declared: "[tables.customers]\nnulls = [\"无\"]\n[tables.customers.words.use_category]\n\"大工业\" = \
                   \"large_industrial\"\n[tables.customers.words.supply_level]\n\"高压\" = \"high_voltage\"\n\
                   [tables.customers.words.aged_transformer_area]\n\"是\" = true\n\"否\" = false\n",
        counted: 2,
        rejected: 0,
        finding: None,
    },
];

#[test]
fn every_kind_of_export_is_read_or_set_aside_by_name() {
    for export in EXPORTS {
        let checked = Utility::small()
            .and(&format!("{}.csv", export.table), format!("{}{}", export.header, export.rows))
            .and("gridtier.toml", format!("format = 1\n{}", export.declared))
            .checked();
        let [_, counted, _, rejected, _] = checked.tally(export.table);
        assert_eq!(
            (counted, rejected),
            (export.counted, export.rejected),
            "{}: {}",
            export.what,
            checked.output
        );
        if let Some((rule, rows)) = export.finding {
            assert_eq!(
                checked.finding(export.table, rule),
                rows,
                "{}: {rule}: {}",
                export.what,
                checked.output
            );
        }
    }
}

/// The energy of customer 0001 by month, in Wh.
fn months(utility: &Utility) -> Vec<(String, String)> {
    utility.published(&[]);
    let rows = utility.table("monthly_usage").rows_of(&["customer_id", "month", "active_wh"]);
    let own = rows.into_iter().filter(|row| row[0].as_deref() == Some("0001"));
    own.map(|row| (row[1].clone().unwrap_or_default(), row[2].clone().unwrap_or_default())).collect()
}

fn month(month: &str, wh: u64) -> (String, String) {
    (format!("2025-{month}-01"), wh.to_string())
}

#[test]
fn rows_35_and_38_the_clock_and_the_stamp_decide_the_month() {
    let readings = format!("{READINGS}0001,M1,2025-01-31 20:00,1,,\n0001,M1,2025-03-01 00:00,2,,\n");
    let declared = |keys: &str| {
        let utility = Utility::small().and("meter_readings.csv", &readings);
        utility.and(
            "gridtier.toml",
            format!("format = 1\nzone = \"Asia/Shanghai\"\n[tables.meter_readings]\n{keys}"),
        )
    };
    assert_eq!(months(&declared("timestamps = \"local\"\n")), [month("01", 1_000), month("03", 2_000)]);
    assert_eq!(months(&declared("timestamps = \"instant\"\n")), [month("02", 1_000), month("03", 2_000)]);
    assert_eq!(months(&declared("stamp = \"end\"\n")), [month("01", 1_000), month("02", 2_000)]);
    let config = "format = 1\n[tables.meter_readings]\ntimestamps = \"instant\"\n";
    Utility::small().and("gridtier.toml", config).refused(&["gridtier.toml:", "zone"]);
    let config = "format = 1\n[tables.meter_readings.dates]\nread_at = \"%d.%m.%Y %z\"\n";
    Utility::small().and("gridtier.toml", config).refused(&["gridtier.toml:", "zone"]);
}

#[test]
fn row_34_the_folder_of_a_lakehouse_table_is_refused_with_the_command_that_writes_a_copy() {
    for mark in ["_delta_log/0.json", ".hoodie/hoodie.properties", "metadata/v1.metadata.json"] {
        let utility = Utility::small()
            .without("meter_readings.csv")
            .and("meter_readings/part-0.csv", format!("{READINGS}0001,M1,2025-01-01,1,,\n"))
            .and(&format!("meter_readings/{mark}"), "{}");
        utility.refused(&["table meter_readings", "would count again", "write a plain copy"]);
    }
}

#[test]
fn row_41_text_that_was_read_in_the_wrong_encoding_is_reported() {
    let header = CUSTOMERS.replace("opened_on", "region,opened_on");
    let row = |region: &[u8]| [b"0001,other,low_voltage,", region, b",2010-01-01,false\n"].concat();
    let with =
        |region: &[u8]| Utility::small().and("customers.csv", [header.as_bytes(), &row(region)].concat());
    for (region, doubts) in [
        (&b"K\xF6ln Stra\xDFe"[..], 1),
        // 農業 in Big5, 农业 in GBK, the same in UTF-8; the bytes of the second are UTF-8 too.
        (b"\xB9\xA7\xB7\x7E", 1),
        (b"\xC5\xA9\xD2\xB5", 1),
        ("农业".as_bytes(), 0),
        (b"North", 0),
    ] {
        let checked = with(region).checked();
        assert_eq!(checked.finding("customers", "encoding_guessed"), doubts, "{region:x?}");
    }
    let declared = "format = 1\n[tables.customers]\nencoding = \"latin-1\"\n";
    let checked = with(b"K\xF6ln").and("gridtier.toml", declared).checked();
    assert_eq!(checked.finding("customers", "encoding_guessed"), 0);
}

#[test]
fn rows_43_and_52_what_steers_a_terminal_or_a_shell_is_shown_as_text() {
    let customers = format!("{CUSTOMERS}a'b;c\u{1b}[31m,other,low_voltage,2010-01-01,false\n");
    let readings =
        format!("{READINGS}a'b;c\u{1b}[31m,M1,2025-01-01,1,,\nno\u{1b}[2Jbody,M1,2025-01-01,1,,\n");
    let utility = Utility::small().and("customers.csv", customers).and("meter_readings.csv", readings);
    let check = utility.run(&["check", "data", "--as-of", AS_OF]);
    utility.published(&["--accept-findings=test"]);
    let grade = utility.run(&[
        "regrade",
        "data",
        "--as-of",
        AS_OF,
        "--store",
        "other",
        "--method",
        "few-tables.toml",
        "--accept-findings=test",
    ]);
    for output in [&check.stdout, &check.stderr, &grade.stdout, &grade.stderr] {
        assert!(!output.contains('\u{1b}'), "{output:?}");
    }
    assert!(grade.stdout.contains(r"gridtier explain $'a\'b;c\u001b[31m' --store"), "{}", grade.stdout);
}

#[test]
fn row_44_a_grading_of_an_earlier_day_does_not_become_the_current_one() {
    let utility = Utility::small();
    let later = utility.published(&[]);
    let earlier =
        ["regrade", "data", "--as-of", "2025-12-01", "--store", "store", "--method", "few-tables.toml"];
    let output = utility.done(&earlier);
    assert!(output.contains("current"), "{output}");
    assert_eq!(utility.path().join(utility.done(&["path", "--store", "store"]).trim()), later);
    utility.done(&[&earlier[..], &["--make-current"]].concat());
    assert_ne!(utility.path().join(utility.done(&["path", "--store", "store"]).trim()), later);
    assert!(Published::read(&later.join("tiers.parquet")).rows() > 0);
}
