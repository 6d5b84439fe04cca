//! Parses a [`Handbook`] and names every part that has no text.

use gridtier::checked_toml::{CheckedToml, Fault, Faults, schema_of_input};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use serde_json::Value;

use super::raw::HandbookFile;
use super::{CommonQuestion, Completeness, Department, EquipmentSupplier, Handbook, HandbookPart};

impl Handbook {
    /// The handbook's text. `name` is that of the file, for messages.
    ///
    /// # Errors
    /// Everything that is wrong with the text, by line, with what to do about it; unless it is a draft, also every part
    /// and every entry without a text.
    pub fn parse(name: &str, text: &str, completeness: Completeness) -> Result<Self, Faults> {
        let (document, faults) = CheckedToml::survey(name, text, &handbook_schema())?;
        let file: HandbookFile = match document.read() {
            Ok(file) => file,
            // Values of a wrong type are among the faults of the schema already, with what to do about them.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let mut build = HandbookBuild { document: &document, faults, in_one_language: Vec::new() };
        let handbook = build.handbook(&file);
        if completeness == Completeness::Whole {
            build.completeness(&handbook);
        }
        build.in_one_language.sort_unstable();
        let in_one_language = build.in_one_language;
        document.faults(build.faults)?;
        Ok(Self { in_one_language, ..handbook })
    }
}

/// The JSON Schema of `handbook.toml`.
#[must_use]
pub fn handbook_schema() -> Value {
    schema_of_input::<HandbookFile>()
}

/// The construction in progress.
struct HandbookBuild<'a, 't> {
    document: &'a CheckedToml<'t>,
    faults: Vec<Fault>,
    in_one_language: Vec<usize>,
}

impl HandbookBuild<'_, '_> {
    fn handbook(&mut self, file: &HandbookFile) -> Handbook {
        let departments = file.department.iter().enumerate().map(|(place, department)| {
            let place = place.to_string();
            let [name, duties] = ["name", "duties"].map(|key| ["department", &place, key]);
            Department {
                name: self.text(&name, &department.name, &department.name_zh),
                duties: self.text(&duties, &department.duties, &department.duties_zh),
            }
        });
        let departments = departments.collect();
        let questions = file.question.iter().enumerate().map(|(place, question)| {
            let place = place.to_string();
            let [ask, answer] = ["ask", "answer"].map(|key| ["question", &place, key]);
            CommonQuestion {
                ask: self.text(&ask, &question.ask, &question.ask_zh),
                answer: self.text(&answer, &question.answer, &question.answer_zh),
            }
        });
        let questions = questions.collect();
        let suppliers = file.supplier.iter().enumerate().map(|(place, supplier)| {
            let place = place.to_string();
            let [name, about] = ["name", "about"].map(|key| ["supplier", &place, key]);
            EquipmentSupplier {
                name: self.text(&name, &supplier.name, &supplier.name_zh),
                about: self.text(&about, &supplier.about, &supplier.about_zh),
            }
        });
        let suppliers = suppliers.collect();
        Handbook {
            utility: self.text(&["utility"], &file.utility, &file.utility_zh),
            issued_on: file.issued_on.map(|day| day.0),
            service_area: self.text(&["service_area"], &file.service_area, &file.service_area_zh),
            departments,
            questions,
            suppliers,
            fault_hotline: self.text(&["fault_hotline"], &file.fault_hotline, &file.fault_hotline_zh),
            service_hotline: self.text(&["service_hotline"], &file.service_hotline, &file.service_hotline_zh),
            complaints: self.text(&["complaints"], &file.complaints, &file.complaints_zh),
            in_one_language: Vec::new(),
        }
    }

    /// A text in both languages. One that is given in one language stands in both, and its line is noted.
    fn text(&mut self, path: &[&str], en: &str, zh: &str) -> Text {
        let (en, zh) = (en.trim().to_owned(), zh.trim().to_owned());
        match (en.is_empty(), zh.is_empty()) {
            (true, true) => Text::default(),
            (false, false) => Text::new(en, zh),
            (is_missing, _) => {
                let mut path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
                if let Some(key) = path.last_mut().filter(|_| is_missing) {
                    key.push_str("_zh");
                }
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                self.in_one_language.push(self.document.line(&path));
                Text::same(if is_missing { zh } else { en })
            }
        }
    }

    /// Reports every part and every entry without a text.
    fn completeness(&mut self, handbook: &Handbook) {
        use HandbookPart::{
            Answers, Departments, Duties, FaultHotline, Questions, ServiceArea, ServiceHotline, Suppliers,
        };
        self.alone(ServiceArea, "service_area", &handbook.service_area);
        let departments = &handbook.departments;
        self.list(Departments, ["department", "name"], departments.iter().map(|department| &department.name));
        self.list(Duties, ["department", "duties"], departments.iter().map(|department| &department.duties));
        let questions = &handbook.questions;
        self.list(Questions, ["question", "ask"], questions.iter().map(|question| &question.ask));
        self.list(Answers, ["question", "answer"], questions.iter().map(|question| &question.answer));
        self.list(Suppliers, ["supplier", "name"], handbook.suppliers.iter().map(|supplier| &supplier.name));
        self.alone(FaultHotline, "fault_hotline", &handbook.fault_hotline);
        self.alone(ServiceHotline, "service_hotline", &handbook.service_hotline);
    }

    fn alone(&mut self, part: HandbookPart, key: &str, text: &Text) {
        if text.is_empty() && self.document.is_sound(&[key]) {
            self.empty_part(
                part,
                &[key],
                text!("write `{key}` and `{key}_zh`", "请写 `{key}` 和 `{key}_zh`"),
            );
        }
    }

    fn list<'h>(
        &mut self,
        part: HandbookPart,
        [list, key]: [&str; 2],
        texts: impl Iterator<Item = &'h Text>,
    ) {
        // A stand-in for a wrong value has no text of its own.
        if !self.document.is_sound(&[list]) {
            return;
        }
        let empty: Vec<bool> = texts.map(Text::is_empty).collect();
        if empty.iter().all(|is_empty| *is_empty) {
            let fix = text!(
                "add entries [[{list}]] with `{key}` and `{key}_zh`",
                "请加写 [[{list}]]，并写 `{key}` 和 `{key}_zh`"
            );
            self.empty_part(part, &[list], fix);
            return;
        }
        for place in empty.iter().enumerate().filter_map(|(place, is_empty)| is_empty.then_some(place)) {
            let (number, place) = (place + 1, place.to_string());
            let what =
                text!("[[{list}]] number {number} has no `{key}`", "第 {number} 个 [[{list}]] 没有 `{key}`");
            let fix = text!(
                "write `{key}` and `{key}_zh`, or remove the entry; --draft accepts it as it is",
                "请写 `{key}` 和 `{key}_zh`，或删去该项；草稿可用 --draft"
            );
            let line = self.document.line(&[list, &place, key]);
            self.faults.push(Fault { line, what, fix });
        }
    }

    fn empty_part(&mut self, part: HandbookPart, path: &[&str], fix: Text) {
        let number = part.position() + 1;
        let title = Text::of_word(part);
        let what = text!(
            "part {number} of the handbook, {title}, is empty",
            "手册第 {number} 部分“{title}”为空";
            title
        );
        let fix = text!("{fix}; --draft marks the part as to be written", "{fix}；草稿可用 --draft，该部分注明待补充"; fix);
        self.faults.push(Fault { line: self.document.line(path), what, fix });
    }
}
