use arrow_array::cast::AsArray;
use gridtier::source::Source;

use super::*;
use crate::test_folder::TestFolder;

const INSTRUMENT: &str = "id = \"i\"\nkind = \"plain\"\nscale = [1, 7]\noutcomes = [\"again\"]\n[[dimension]]\nid = \"x\"\n\
                          [[item]]\nid = 1\ndimension = \"x\"\n[[item]]\nid = 2\ndimension = \"x\"\n";

fn instrument() -> Instrument {
    Instrument::parse("i.toml", INSTRUMENT).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn columns_of_the_instrument_are_read_and_others_are_unknown() {
    let data = TestFolder::with(
        "responses.csv",
        "response_id,returned_on,customer_id,q1, Q2 ,phone\nr1,2026-05-01,,5,-,138\n",
    )
    .and("gridtier.toml", "format = 1\nnulls = [\"-\"]\n");
    let folder = open(data.path(), &instrument()).unwrap();
    assert!(folder.has_column(Table::Responses, "Q1") && folder.has_column(Table::Responses, "Q2"));
    assert!(!folder.has_column(Table::Responses, "again") && !folder.has_column(Table::Responses, "phone"));
    let nulls = folder.declared().of(Table::Responses).nulls;
    assert_eq!(nulls.get("Q2").map(Vec::as_slice), Some(&["-".to_owned()][..]));
    let part = folder.parts(Table::Responses).unwrap().unwrap()[0];
    let mut answers = Vec::new();
    folder
        .read(Table::Responses, part, &["response_id", "Q1", "Q2", "again"], &mut |batch| {
            assert!(batch.column("again").is_none());
            for name in ["Q1", "Q2"] {
                let column =
                    arrow_cast::cast(batch.column(name).unwrap(), &arrow_schema::DataType::Utf8).unwrap();
                answers.push(column.as_string::<i32>().value(0).trim().to_owned());
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(answers, ["5", "-"]);
    let unknown: Vec<String> =
        folder.notices(Table::Responses).into_iter().map(|(_, _, example)| example).collect();
    assert!(unknown.iter().any(|example| example.contains("phone")), "{unknown:?}");
    assert!(!unknown.iter().any(|example| example.to_lowercase().contains("q1")), "{unknown:?}");
}

#[test]
fn columns_of_the_instrument_may_have_names_of_the_utilitys_own() {
    let config = "format = 1\n[tables.responses.columns]\nresponse_id = \"答卷编号\"\nQ1 = \"第一题\"\n";
    let data = TestFolder::with("responses.csv", "答卷编号,returned_on,第一题,Q2\nr1,2026-05-01,5,6\n")
        .and("gridtier.toml", config);
    let folder = open(data.path(), &instrument()).unwrap();
    assert!(folder.has_column(Table::Responses, "Q1") && folder.has_column(Table::Responses, "Q2"));
    assert_eq!(folder.notices(Table::Responses), []);
    let part = folder.parts(Table::Responses).unwrap().unwrap()[0];
    let mut answer = None;
    let mut read = |batch: gridtier::source::Batch| {
        let column = arrow_cast::cast(batch.column("Q1").unwrap(), &arrow_schema::DataType::Utf8).unwrap();
        answer = Some(column.as_string::<i32>().value(0).to_owned());
        Ok(())
    };
    folder.read(Table::Responses, part, &["response_id", "Q1"], &mut read).unwrap();
    assert_eq!(answer.as_deref(), Some("5"));
}

#[test]
fn a_plan_reads_no_answers() {
    let data = TestFolder::with("responses.csv", "another,instrument\n1,2\n");
    let folder = open_customers(data.path()).unwrap();
    assert!(folder.parts(Table::Responses).unwrap().is_none());
    assert!(open(data.path(), &instrument()).is_err());
}
