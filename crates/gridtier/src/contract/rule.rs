//! Rules that a row or table can break, with their stable codes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

crate::words! {
    /// How much a finding matters.
    Severity "severity" {
        /// Worth knowing.
        Info "info" "info" "提示",
        /// May change grades.
        Warning "warning" "warning" "警告",
        /// Rows were set aside.
        Error "error" "error" "错误",
    }
}

macro_rules! rules {
    ($($variant:ident $code:literal $severity:ident $en:literal $zh:literal,)+) => {
        /// A reason for which a row was set aside, or something noticed about a table. Scripts rely on its code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Rule {
            $(#[doc = $en] $variant,)+
        }

        /// Code, severity and meaning in English and Chinese, in the order of the enum.
        const RULES: &[(Rule, &str, Severity, &str, &str)] =
            &[$((Rule::$variant, $code, Severity::$severity, $en, $zh),)+];
    };
}

rules! {
    BadWidth "bad_width" Error "the CSV row has more or fewer cells than the header" "CSV 行的单元格数与表头不符",
    NullKey "null_key" Error "a key column is empty" "主键列为空",
    IdTooLong "id_too_long" Error "a key is longer than 128 bytes" "编号超过 128 字节",
    BadDate "bad_date" Error "a date cannot be read or lies outside 1970 to 2199" "日期无法识别，或不在 1970 至 2199 年之间",
    NullValue "null_value" Error "a required column is empty" "必填列为空",
    BadNumber "bad_number" Error "a number cannot be read" "数字无法识别",
    NotFinite "not_finite" Error "a number is NaN or infinite" "数值为 NaN 或无穷大",
    OutOfBounds "out_of_bounds" Error "a number is beyond the contract's bound" "数值超出合同规定的范围",
    Negative "negative" Error "a number is below zero where that cannot be" "不允许为负的数值小于零",
    BadEnum "bad_enum" Error "the word is not one of the column's words" "该列不认识的取值",
    InvalidQuality "invalid_quality" Error "the source marks the reading invalid" "数据源将读数标记为无效",
    Orphan "orphan" Error "the row names a customer or bill that is not among the accepted ones" "所指的客户或账单不在已接受之列",
    ConflictingReading "conflicting_reading" Error "the same meter and time came with different energies; none counts" "同一电表同一时刻电量不同，均不计入",
    DuplicateKey "duplicate_key" Error "the same key came with different contents; none counts" "同一主键内容不同，均不计入",
    IntegerId "integer_id" Warning "keys came as integers; leading zeros may be lost" "编号以整数给出，前导零可能已丢失",
    UnknownColumn "unknown_column" Info "a column that the contract does not name; ignored" "合同未规定的列，忽略",
    MissingColumn "missing_column" Warning "a file lacks a column that gridtier.toml names and other files have; its cells are read as empty" "文件缺少 gridtier.toml 声明而其他文件具有的列，按空处理",
    WidenedType "widened_type" Info "a column's type is wider in one file than in another" "某列在一个文件中的类型比另一个文件宽",
    UnknownReversal "unknown_reversal" Warning "a reversal names no accepted bill of the customer in the window; it counts in revenue only" "冲销没有指向该客户窗口内已接受的账单，只计入电费收入",
    ReversesIgnored "reverses_ignored" Warning "a bill of zero or more names a bill to reverse; the name is ignored" "金额不小于零的账单写有被冲销账单，忽略",
    MissingImpact "missing_impact" Warning "a confirmed fault has no customers affected or no minutes; it counts 0" "已认定的故障缺少影响户数或停电时长，按 0 计",
    UnitSuspect "unit_suspect" Warning "a month is above 900 times or below 1/900 of the customer's median month" "某月电量高于该客户中位月的 900 倍或低于其 1/900",
    EmptyTable "empty_table" Warning "the table exists, but none of its rows counts" "表存在但没有一行计入",
    DegenerateIndicator "degenerate_indicator" Warning "the indicator is the same for all ranked customers: each gets 50" "所有参与排名客户的该指标相同，均得 50 分",
    UnusedOverride "unused_override" Warning "an override names no graded customer, or has expired" "人工调整没有指向参评客户，或已过期",
    UnusedQuotas "unused_quotas" Warning "quotas are given for a stratum that does not exist, or that is pooled" "为不存在或已被合并的层设定了比例",
    WeightGuard "weight_guard" Warning "the points of an indicator, group or dimension are sparse, constant or mostly missing: its weight is limited" "指标、组或维度的得分稀疏、恒定或大多缺失，其权重受限",
    ClosedBeforeOpened "closed_before_opened" Error "the customer closed before it opened; declare sentinel dates in `nulls`" "销户日期早于立户日期；占位日期请在 `nulls` 中声明",
    BadInterval "bad_interval" Error "the interval does not end after it begins" "区间终点不晚于起点",
    RegisterDecrease "register_decrease" Error "the register falls without rollover or exchange" "示数下降，且不是翻转或换表",
    MultiplierChanged "multiplier_changed" Error "the multiplier changes without an exchange" "倍率变化但没有拆装记录",
    AfterRemoval "after_removal" Error "a reading lies after the removal of its meter" "电表拆除之后的示数",
    ErrorCell "error_cell" Error "the workbook cell holds an error, or a formula without a value" "工作簿单元格为错误值，或公式没有缓存值",
    BeforeOpening "before_opening" Warning "rows from before the customer opened belong to the number's earlier owner and do not count" "立户之前的记录属于原户主，不计入",
    SparseCadence "sparse_cadence" Info "customers read every second month or less often: their readings are spread over the months" "隔月或更长周期抄表的客户，其电量按天分摊到各月",
    OffSeason "off_season" Info "customers are not read off season: those months count as 0" "淡季不抄表的客户，这些月份按 0 计",
    UnbilledUse "unbilled_use" Warning "customers billed monthly have months with energy and without a bill" "按月出账的客户有用电但无账单的月份",
    ReversalMatched "reversal_matched" Info "reversals without a bill were matched to one of the opposite amount" "未指明账单的冲销已按相反金额匹配",
    SingleReading "single_reading" Warning "meters with one register reading: no energy follows from it" "只有一个示数的电表，无法得出电量",
    ReactiveDecrease "reactive_decrease" Warning "the reactive register falls: the interval has no reactive energy" "无功示数下降，该区间不计无功电量",
    LongInterval "long_interval" Warning "an interval is longer than 400 days" "区间长于 400 天",
    OverlappingIntervals "overlapping_intervals" Warning "intervals of one meter overlap; all count" "同一电表的区间重叠，均计入",
    PartsExceedTotal "parts_exceed_total" Warning "the parts by time of use are negative or exceed the active energy" "分时电量为负或超过总有功电量",
    HiddenCells "hidden_cells" Info "the sheet has hidden rows or columns; they are read" "工作表有隐藏的行或列，照常读取",
    OtherSheets "other_sheets" Info "workbooks have other visible sheets, which are not read" "工作簿还有其他可见的工作表，未读取",
    AmbiguousGrouping "ambiguous_grouping" Warning "every grouped number of the column has exactly one mark: it may be a decimal mark" "该列带分隔符的数字都只有一个分隔符，可能是小数点",
    MixedMonthForms "mixed_month_forms" Warning "months are written with and without two digits after the dot" "月份在点号后既有一位也有两位数字",
    EncodingGuessed "encoding_guessed" Warning "the encoding of a text is in doubt (read as GB18030 without a common Chinese character, as UTF-8 where GB18030 gives Chinese, or as declared where it is valid UTF-8): declare `encoding`" "文本编码存疑（按 GB18030 解码却没有常用汉字，按 UTF-8 解码而按 GB18030 才是中文，或按声明解码而本身是有效的 UTF-8），请声明 `encoding`",
    QuotedRows "quoted_rows" Warning "a quoted cell spans lines that look like rows of the table: is a quote missing, or one too many?" "带引号的单元格跨越了形似数据行的多行：是否缺少或多出引号",
    BadStatistics "bad_statistics" Warning "statistics of a row group contradict themselves and were ignored" "行组的统计信息自相矛盾，已忽略",
    DistantDate "distant_date" Warning "a day to pay or of a payment lies more than two years before the month of its bill, or is far in the future: it may stand for none" "缴费截止日或收费日期早于账单月份两年以上，或远在未来：可能是占位日期",
    LooksLikeRegister "looks_like_register" Warning "the monthly mean of some customers never falls: are these registers rather than energy?" "月均值只升不降的客户：可能是示数而非电量",
    RegisterWithFalls "register_with_falls" Warning "the monthly mean of some customers rises in every month but for a few deep falls: are these registers of meters that were exchanged?" "月均值逐月上升、仅有几次大幅回落的客户：可能是换过表的示数而非电量",
    NearZeroUse "near_zero_use" Warning "a month is above 0 and below 1 kWh, and below 1/900 of the customer's median month: is the unit right?" "某月电量大于 0 但不足 1 kWh，且低于该客户中位月的 1/900，单位是否有误",
    UnitInHeader "unit_in_header" Warning "the header of a column names another unit than the one in which it is read" "列名标明的单位与读取所用的单位不同",
    PriceSuspect "price_suspect" Warning "the average price of a customer is more than ten times out of bounds: is a unit wrong?" "客户的平均电价超出合理范围十倍以上，单位是否有误",
    LikelyRepeated "likely_repeated" Warning "rows seem to have been delivered twice under other keys, such as another meter, day or bill; all count" "记录疑似以不同的主键重复交付（另一电表、日期或账单），均计入",
    StampSuspect "stamp_suspect" Warning "readings seem to be stamped at the end of their interval, or in UTC: months are shifted" "读数时间疑似为区间终点或 UTC 时刻，月份会错位",
    MonthsApart "months_apart" Warning "bills fit the energy of the month before or after better than that of their own month" "账单与前一月或后一月电量的吻合程度高于本月",
    ImplausibleValue "implausible_value" Warning "a value is larger than anything of its kind: is a unit wrong, or does it stand for none?" "数值大于同类任何实际值：单位是否有误，或是否为占位值",
    UnlikelyRatio "unlikely_ratio" Warning "two columns that belong together are far apart: is a unit, sign or column wrong?" "相关的两列相差悬殊：单位、符号或列是否有误",
    AmountSuspect "amount_suspect" Warning "a month's bills are above 90 times or below 1/90 of the customer's median month while its energy is not" "某月账单高于该客户中位月的 90 倍或低于其 1/90，而电量并非如此",
    MissingMonths "missing_months" Warning "after its first month the table has months with next to no rows: is a file missing?" "首月之后有几乎没有记录的月份：是否缺少文件",
    ImplausiblePrice "implausible_price" Warning "the median average price of a use category is out of bounds: is a unit wrong?" "某用电类别平均电价的中位数超出合理范围，单位是否有误",
    LittleDelivered "little_delivered" Warning "the indicators whose tables were delivered have little of the weight" "已提供数据的指标权重过低",
    BadOrder "bad_order" Error "the times or counts of the row contradict their order" "该行的时间或数量顺序矛盾",
    NeverRestored "never_restored" Error "the interruption began over 30 days before the as-of day and has no end" "停电在截止日 30 天前开始而没有复电时间",
    UnknownService "unknown_service" Error "the service is not in the catalogue" "目录中没有该服务项目",
    NotYet "not_yet" Info "times at or after the as-of day have not happened and are read as empty" "截止日及以后的时间尚未发生，按空处理",
    Overlap "overlap" Info "interruptions of one customer overlap and are merged into one" "同一客户的停电时段重叠，合并为一次",
    CalendarMissing "calendar_missing" Warning "there is no calendar: working days are Monday to Friday" "没有工作日历，按周一至周五计工作日",
    OutOfScale "out_of_scale" Warning "an answer is no whole number of the scale: it is read as missing" "答案不是量表内的整数，按缺失处理",
    WeightsNot100 "weights_not_100" Warning "the weights of a respondent are not whole numbers that sum to 100: there is no weighted total" "受访者给出的权重不是合计为 100 的整数，不计算加权总分",
    EditedCatalogue "edited_catalogue" Warning "the catalogue of entitlements has the name and version of a shipped one but another text: give it its own version" "权益目录与随程序提供的目录名称和版本相同而内容不同，请更改版本",
}

impl Rule {
    /// All rules, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|(rule, ..)| *rule)
    }

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().1
    }

    /// How much a finding of this rule matters.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.entry().2
    }

    /// What the rule means, in one clause.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.entry().3
    }

    /// What the rule means, in Chinese.
    #[must_use]
    pub fn meaning_zh(self) -> &'static str {
        self.entry().4
    }

    fn entry(self) -> &'static (Self, &'static str, Severity, &'static str, &'static str) {
        &RULES[self as usize]
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::all()
            .find(|rule| rule.code() == code)
            .ok_or_else(|| D::Error::custom(format!("`{code}` is not the code of a rule")))
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::all().map(Self::code).collect::<Vec<_>>() })
    }
}
