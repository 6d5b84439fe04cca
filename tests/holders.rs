//! Accounts of one legal customer that are graded as one, from files to entitlements.

use std::fs;

use serde_json::Value;

use crate::support::{Published, write};
use crate::utility::{BILLS, CUSTOMERS, Utility};

/// Accounts 0001 and 0002 have the holder H1; account 0003 has no holder.
fn utility() -> Utility {
    let utility = held(Utility::small());
    utility.published(&["--method", "holders.toml"]);
    utility
}

/// A utility with these holders, and a method `holders.toml` that grades them.
fn held(utility: Utility) -> Utility {
    let header = CUSTOMERS.replace("opened_on", "holder_id,opened_on");
    let rows = [("0001", "H1"), ("0002", "H1"), ("0003", "")]
        .map(|(id, holder)| format!("{id},commercial_industrial,low_voltage,{holder},2010-01-01,false\n"));
    let utility = utility.and("customers.csv", header + &rows.concat());
    let paper = utility.done(&["method", "show", "paper"]);
    let method = paper.replace("min_delivered_weight = 0.5", "min_delivered_weight = 0");
    let method = format!("grading_unit = \"holder\"\n{method}");
    fs::write(utility.path().join("holders.toml"), method).unwrap();
    utility
}

fn json(utility: &Utility, args: &[&str]) -> Value {
    serde_json::from_str(&utility.done(&[args, &["--store", "store", "--format", "json"]].concat())).unwrap()
}

#[test]
fn accounts_of_one_holder_are_one_customer_and_either_id_explains_it() {
    let utility = utility();
    let ids = |table: &str, column| utility.table(table).texts(column);
    let some = |ids: &[&str]| ids.iter().map(|id| Some((*id).to_owned())).collect::<Vec<_>>();
    assert_eq!(ids("tiers", "customer_id"), some(&["0003", "H1"]));
    assert_eq!(ids("members", "account_id"), some(&["0001", "0002", "0003"]));
    assert_eq!(ids("members", "customer_id"), some(&["H1", "H1", "0003"]));
    assert_eq!(ids("facts", "customer_id"), some(&["0001", "0002", "0003"]), "facts stay by account");
    // The sums of the accounts' own annual energies: 1,272 and 2,472 kWh, and 3,672.
    let energies = utility.table("indicators").numbers("annual_energy");
    assert_eq!(energies, [Some(3_672.0), Some(1_272.0 + 2_472.0)]);
    let by_holder = json(&utility, &["explain", "H1"]);
    for account in ["0001", "0002"] {
        let by_account = json(&utility, &["explain", account]);
        for key in ["tier", "score_e6", "rank", "items"] {
            assert_eq!(by_account[key], by_holder[key], "{account}: {key}");
        }
        assert_ne!(by_account["tier"], Value::Null);
    }
    let entitled = |id: &str| utility.done(&["entitlements", "customer", id, "--store", "store"]);
    assert!(entitled("0001").contains("0001"), "{}", entitled("0001"));
}

/// A policy with one promise, whose breach costs the energy that was not supplied.
const ENERGY_POLICY: &str = r#"
format = 1
name = "energy"
version = "1"
effective_from = 2025-01-01
source = "test"

[[promise]]
id = "restore"
service = "S07"
measure = "restoration"
limit = 60
compensation = { rule = "energy" }
"#;

#[test]
fn an_account_is_compensated_for_its_own_energy_and_not_for_its_holders() {
    let bills: String = (1..=12)
        .flat_map(|month| {
            [("0001", 100), ("0002", 300), ("0003", 200)]
                .map(|(id, yuan)| format!("{id}-{month},{id},2025-{month:02},{yuan},2025-{month:02}-25,\n"))
        })
        .collect();
    let utility = held(Utility::small().and("bills.csv", format!("{BILLS}{bills}")));
    write(utility.path(), "energy.toml", ENERGY_POLICY);
    write(
        utility.path(),
        "log/outages.csv",
        "outage_id,started_at,kind,cause,responsibility\nO1,2025-12-10 10:00:00,fault,cable,utility\n",
    );
    let rows: String = ["0001", "0002", "0003"]
        .map(|id| format!("O1,{id},2025-12-10 10:00:00,2025-12-12 10:00:00\n"))
        .concat();
    let header = "outage_id,customer_id,started_at,restored_at\n";
    write(utility.path(), "log/interruptions.csv", format!("{header}{rows}"));
    let amounts = |options: &[&str], out: &str| {
        utility.published(options);
        let ask = ["service", "promises", "log", "--store", "store", "--period", "2025-12"];
        utility.done(&[&ask[..], &["--policy", "energy.toml", "-o", out]].concat());
        let breaches = Published::read(&utility.path().join(out).join("breaches.parquet"));
        breaches.integers("compensation_fen")
    };
    let (by_account, by_holder) =
        (amounts(&[], "accounts"), amounts(&["--method", "holders.toml"], "holders"));
    assert_eq!(by_holder, by_account);
    assert!(by_account[0] < by_account[1] && by_account[0] > Some(0), "{by_account:?}");
}
