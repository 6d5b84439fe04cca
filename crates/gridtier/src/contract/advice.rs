//! What to do about each rule that a row or table breaks, in one clause.

use super::rule::Rule;
use crate::text::Text;

impl Rule {
    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> Text {
        let (en, zh) = self
            .of_cells()
            .or_else(|| self.of_related_rows())
            .or_else(|| self.of_tables())
            .or_else(|| self.of_readings_and_files())
            .or_else(|| self.of_comparisons())
            .or_else(|| self.of_service())
            .unwrap_or_else(|| self.of_results());
        Text::new(en, zh)
    }

    /// For rules that set rows aside because of their own cells.
    fn of_cells(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::BadWidth => (
                "quote the cells that contain the delimiter, and export as many cells in each row as in the header",
                "请给含分隔符的单元格加引号，并使每行的单元格数与表头相同",
            ),
            Self::NullKey | Self::NullValue => (
                "fill the cells, or leave out rows of totals; if the file has the column under another name, map it in \
                 gridtier.toml",
                "请填写单元格，或去掉合计行；若文件中该列另有名称，请在 gridtier.toml 中写明",
            ),
            Self::IdTooLong => (
                "map the column of ids: this one holds other text",
                "请映射正确的编号列：该列存放的是其他文本",
            ),
            Self::BadDate => (
                "declare how the dates are written under `dates`, such as paid_on = \"%d/%m/%Y\", and what stands for none \
                 under `nulls`",
                "请在 `dates` 中声明日期写法，例如 paid_on = \"%d/%m/%Y\"；表示空值的写法请在 `nulls` 中声明",
            ),
            Self::BadNumber => (
                "export plain numbers without units or notes; if the comma is the decimal mark, declare `decimal_mark`",
                "请导出不带单位和注释的数字；若逗号是小数点，请声明 `decimal_mark`",
            ),
            Self::NotFinite => (
                "look for a division by zero in the export, and leave unknown values empty",
                "请检查导出中是否有除以零，未知的值请留空",
            ),
            Self::OutOfBounds => (
                "check the unit that the table declares, and mend the value in the source",
                "请检查该表声明的单位，并在数据源中更正该值",
            ),
            Self::Negative => (
                "correct the value in the source; where energy fed in is netted, declare `net_export = true` for meter_readings",
                "请在数据源中更正；若电量为上网抵扣后的净值，请为 meter_readings 声明 `net_export = true`",
            ),
            Self::BadEnum => (
                "say under `words` of the column what the word means; `gridtier init DATA -o draft.toml` drafts it",
                "请在该列的 `words` 中说明该词的含义；`gridtier init DATA -o draft.toml` 可起草",
            ),
            Self::InvalidQuality => {
                ("deliver a valid or estimated reading where there is one", "如有有效或估算读数，请一并提供")
            }
            _ => return None,
        })
    }

    /// For rules that set rows aside because they do not agree with others.
    fn of_related_rows(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Orphan => (
                "export customers, bills and the other tables at one time; if ids have lost zeros in front, declare `pad`",
                "请同时导出客户、账单和其他各表；若编号丢失了前导零，请声明 `pad`",
            ),
            Self::ConflictingReading => (
                "export each reading once; if a meter has several channels, name all key columns, such as meter_id = [\"METER\", \
                 \"CHANNEL\"]",
                "每个读数只导出一次；若电表有多个通道，请写明所有主键列，例如 meter_id = [\"METER\", \"CHANNEL\"]",
            ),
            Self::DuplicateKey => (
                "export each row once; if the key is in several columns, name them all, such as bill_id = [\"INVOICE\", \"LINE\"]",
                "每行只导出一次；若主键由多列组成，请全部写明，例如 bill_id = [\"INVOICE\", \"LINE\"]",
            ),
            Self::ClosedBeforeOpened => (
                "declare the day that stands for none, such as nulls.closed_on = [\"1900-01-01\"], or correct the days",
                "请声明表示空值的日期，例如 nulls.closed_on = [\"1900-01-01\"]，或更正日期",
            ),
            Self::BadInterval => (
                "map beginning and end of the interval the right way round",
                "请检查区间的起点和终点是否对调",
            ),
            Self::RegisterDecrease => (
                "deliver the exchange as rows `removed` and `installed`, and `register_digits` for rollovers",
                "换表请提供 `removed` 和 `installed` 两行，翻转请提供 `register_digits`",
            ),
            Self::MultiplierChanged | Self::AfterRemoval => (
                "deliver the exchange as rows `removed` and `installed`",
                "换表请提供 `removed` 和 `installed` 两行",
            ),
            Self::ErrorCell => (
                "mend the formula, or save the workbook in a spreadsheet program so that values are stored",
                "请更正公式，或在电子表格程序中保存工作簿以存储计算结果",
            ),
            _ => return None,
        })
    }

    /// For findings about tables, which set no row aside.
    fn of_tables(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::IntegerId => (
                "export ids as text; if zeros in front are lost, declare the length under `pad`",
                "请以文本导出编号；若前导零已丢失，请在 `pad` 中声明位数",
            ),
            Self::UnknownColumn => (
                "nothing, unless one of them is meant for a column of the contract: map it in gridtier.toml",
                "无需处理；若其中某列应对应合同中的列，请在 gridtier.toml 中写明",
            ),
            Self::MissingColumn => (
                "correct the name in the header of the file, or export the column in every file; if cells are meant to be empty, \
                 give a value under `constants`",
                "请更正文件表头中的列名，或在每个文件中导出该列；若确无该列，请在 `constants` 中给出其值",
            ),
            Self::WidenedType => (
                "nothing; export one type to be rid of the notice",
                "无需处理；各文件以同一类型导出即可消除提示",
            ),
            Self::UnknownReversal => (
                "deliver the bill that is reversed, under the id that the reversal names",
                "请提供被冲销的账单，其编号应与冲销所写一致",
            ),
            Self::ReversesIgnored => (
                "leave `reverses` empty on bills, or give the reversal its negative amount",
                "普通账单的 `reverses` 请留空，冲销账单请给出负金额",
            ),
            Self::MissingImpact => (
                "deliver affected_customers and outage_minutes of confirmed faults",
                "请提供已认定故障的 affected_customers 和 outage_minutes",
            ),
            Self::UnitSuspect => (
                "check the months in the table unit_suspects; if a table is in MWh, declare its `energy_unit`",
                "请核对 unit_suspects 表中的月份；若某表以 MWh 计，请声明 `energy_unit`",
            ),
            Self::NearZeroUse => (
                "nothing if the premises were empty; if some files are in MWh or 万kWh, deliver all in one unit and declare `energy_unit`",
                "若用电处所空置，无需处理；若部分文件以 MWh 或 万kWh 计，请统一单位并声明 `energy_unit`",
            ),
            Self::UnitInHeader => (
                "declare the unit of the table, such as energy_unit = \"MWh\" or money_unit = \"万元\", also where the header is wrong; convert a unit that cannot be declared before the export",
                "请声明该表的单位，例如 energy_unit = \"MWh\" 或 money_unit = \"万元\"；列名有误时也请声明；不能声明的单位请在导出前换算",
            ),
            Self::EmptyTable => (
                "see its rejects, or check the months that were exported",
                "请查看该表被剔除的行，或检查导出的月份",
            ),
            Self::BeforeOpening => (
                "nothing if the number had another customer before; else correct opened_on",
                "若该户号此前属于其他客户，无需处理；否则请更正 opened_on",
            ),
            Self::SparseCadence | Self::OffSeason | Self::ReversalMatched => {
                ("nothing, if it is so in fact", "若情况属实，无需处理")
            }
            Self::UnbilledUse => (
                "deliver the bills of these months: they count as months without revenue",
                "请提供这些月份的账单：目前按无电费收入计",
            ),
            _ => return None,
        })
    }

    /// For findings about readings and about the form of files, which set no row aside.
    fn of_readings_and_files(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::SingleReading => (
                "deliver the reading before or after, also from outside the window",
                "请提供前一次或后一次示数，可在窗口之外",
            ),
            Self::ReactiveDecrease => (
                "deliver the exchange of the reactive register as rows `removed` and `installed`",
                "无功表换表请提供 `removed` 和 `installed` 两行",
            ),
            Self::LongInterval => (
                "check read_at and read_until; deliver shorter intervals where there are some",
                "请检查 read_at 和 read_until；如有更短的区间请提供",
            ),
            Self::OverlappingIntervals => (
                "deliver each interval once: energy that is in two rows counts twice",
                "每个区间只提供一次：同时在两行中的电量会计两次",
            ),
            Self::PartsExceedTotal => (
                "check that the parts by time of use are of the same interval and unit as active_kwh",
                "请检查分时电量与 active_kwh 是否为同一区间和单位",
            ),
            Self::HiddenCells => (
                "show the hidden rows and columns, and delete those that are not meant",
                "请显示隐藏的行列，并删除不应计入的部分",
            ),
            Self::OtherSheets => (
                "nothing, unless the table goes on there: deliver each sheet as a file of its own, or declare `sheet` to be rid of the \
                 notice",
                "若该表的数据不在其中，无需处理；否则请将每个工作表另存为文件一并提供；声明 `sheet` 可消除提示",
            ),
            Self::AmbiguousGrouping => (
                "look at the values; if the mark is the decimal mark, declare `decimal_mark`",
                "请查看数值；若该符号是小数点，请声明 `decimal_mark`",
            ),
            Self::MixedMonthForms => (
                "export months as 2025-10: as a number, 2025.10 becomes 2025.1",
                "请以 2025-10 的形式导出月份：作为数字，2025.10 会变成 2025.1",
            ),
            Self::EncodingGuessed => (
                "look at names in the result; declare `encoding` for the table",
                "请查看结果中的名称，并为该表声明 `encoding`",
            ),
            Self::QuotedRows => (
                "look at the cell in the file: remove the stray quote, or double the quotes inside cells; its lines do not count \
                 as rows",
                "请查看文件中的该单元格：去掉多余的引号，或将单元格内的引号写成两个；其中各行未作为数据行计入",
            ),
            Self::BadStatistics => (
                "write the file again, with another version of the program that wrote it",
                "请换一个版本的写出程序重新写出该文件",
            ),
            Self::DistantDate => (
                "if the day stands for none, declare it under `nulls`, such as due_on = [\"1970-01-01\"]; else correct it",
                "若该日期表示空值，请在 `nulls` 中声明，例如 due_on = [\"1970-01-01\"]；否则请更正",
            ),
            _ => return None,
        })
    }

    /// For findings about rows that look wrong beside those of other customers, months or tables.
    fn of_comparisons(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::LikelyRepeated => (
                "deliver each row once; write ids in one way, and if two files hold the same rows, leave one out",
                "每条记录只提供一次；统一编号写法，若两个文件含有相同记录，请去掉其中一个",
            ),
            Self::MissingMonths => (
                "see whether the files of these months are in the folder and named as the others, and, if the last months \
                 are missing, whether the as-of month is too late",
                "请检查这些月份的文件是否在文件夹中，且命名与其他月份一致；若缺少的是最后几个月，请核对 --as-of 是否晚于数据",
            ),
            Self::StampSuspect => (
                "if the times are the ends of the intervals, declare stamp = \"end\" for meter_readings; if they are UTC, declare \
                 timestamps = \"instant\" and `zone`",
                "若时间为区间终点，请为 meter_readings 声明 stamp = \"end\"；若为 UTC 时刻，请声明 timestamps = \"instant\" 和 `zone`",
            ),
            Self::MonthsApart => (
                "compare a bill and a reading of one month: if readings are stamped at the end, declare stamp = \"end\"; map as \
                 billing_month the month in which the energy was used",
                "请核对同一月的账单与读数：若读数时间为区间终点，请声明 stamp = \"end\"；billing_month 应为用电所在月",
            ),
            Self::LooksLikeRegister | Self::RegisterWithFalls => (
                "if the column holds registers of the counter, deliver it as the table register_readings",
                "若该列是电表示数，请作为 register_readings 表提供",
            ),
            _ => return None,
        })
    }

    /// For rules of the service log and of surveys.
    fn of_service(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::BadOrder => (
                "correct the times in the export: each step comes at or after the one before, and no more failed than were \
                 sampled",
                "请在导出中更正：后一步的时间不早于前一步，不合格数不大于抽查数",
            ),
            Self::NeverRestored => ("give the time at which the supply was restored", "请补充复电时间"),
            Self::UnknownService => (
                "write the service's id as in the catalogue, or map the utility's words under `words`",
                "请按目录写服务编号，或在 `words` 中映射",
            ),
            Self::NotYet => ("nothing, unless the as-of day is wrong", "无需处理，除非截止日有误"),
            Self::Overlap => (
                "nothing; the merged interruption has the first one's outage",
                "无需处理；合并后的停电归于第一次停电",
            ),
            Self::CalendarMissing => (
                "deliver the table `calendar` with the year's holidays and moved working days",
                "请提供 `calendar` 表，写明当年的放假与调休上班日",
            ),
            Self::OutOfScale => (
                "write answers as whole numbers of the instrument's scale, and leave out what was not answered",
                "请按量表填写整数，未答的留空",
            ),
            Self::WeightsNot100 => {
                ("ask for whole weights that sum to 100", "请让受访者给出合计为 100 的整数权重")
            }
            _ => return None,
        })
    }

    /// For findings about methods, results and catalogues.
    fn of_results(self) -> (&'static str, &'static str) {
        match self {
            Self::DegenerateIndicator => (
                "nothing, if it is so in fact; else see whether its table is complete",
                "若情况属实，无需处理；否则请检查其数据表是否完整",
            ),
            Self::UnusedOverride => (
                "remove it from the method, or correct customer and day",
                "请从评价方法中删除，或更正客户和日期",
            ),
            Self::UnusedQuotas => (
                "correct the name of the stratum in `quotas_by_stratum`",
                "请更正 `quotas_by_stratum` 中的层名",
            ),
            Self::WeightGuard => (
                "deliver more of its data, or give the weight in the method",
                "请补充其数据，或在评价方法中直接给出权重",
            ),
            Self::PriceSuspect => (
                "compare a bill and a reading of the customer; declare `energy_unit` and `money_unit`, or mend the customer's rows",
                "请核对该客户的一张账单和一条读数；声明 `energy_unit` 和 `money_unit`，或更正该客户的数据",
            ),
            Self::ImplausibleValue => (
                "mend the value, declare the unit, or declare under `nulls` what stands for none",
                "请更正该值，或声明单位；若为占位值，请在 `nulls` 中声明",
            ),
            Self::UnlikelyRatio | Self::AmountSuspect => (
                "compare one row of both: declare `energy_unit` and `money_unit` of the tables, or mend the rows",
                "请核对两者各一行：声明各表的 `energy_unit` 和 `money_unit`，或更正数据",
            ),
            Self::ImplausiblePrice => (
                "check the units of energy and money: declare `energy_unit` and `money_unit` of the tables",
                "请检查电量和金额的单位，并为各表声明 `energy_unit` 和 `money_unit`",
            ),
            Self::LittleDelivered => (
                "deliver the tables of these indicators, or weigh others in the method",
                "请提供这些指标所需的表，或在评价方法中调整权重",
            ),
            Self::EditedCatalogue => {
                ("give the catalogue a name or version of its own", "请为权益目录另起名称或版本")
            }
            // Rows and tables have theirs above: a test walks all rules.
            _ => ("", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_to_do_in_both_languages() {
        for rule in Rule::all() {
            let Text { en, zh, .. } = rule.advice();
            assert!(!en.trim().is_empty(), "{rule} has no advice");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{rule}: {zh}");
            assert!(!en.ends_with('.') && !zh.ends_with('。'), "{rule}: a clause, not a sentence");
        }
    }
}
