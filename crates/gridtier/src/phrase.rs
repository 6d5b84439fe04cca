//! Sentences that come in English only, in Chinese: those of libraries, and examples as cycles store them.
//!
//! A form is an English sentence with placeholders and its Chinese counterpart. What has no form stays as it is, in
//! brackets where it stands in a Chinese sentence.

use crate::text::Text;

/// A sentence in English and in Chinese. `{}` stands for any text, `{#}` for a whole number; `{0}` is the first of them.
pub type Form = (&'static str, &'static str);

/// What the libraries say that read TOML, parquet, Arrow, zip archives and SQL.
const LIBRARIES: &[Form] = &[
    // TOML; what it expects comes behind a comma.
    ("duplicate key", "键重复"),
    ("unclosed table", "表名的括号没有闭合"),
    ("unclosed array table", "表数组的括号没有闭合"),
    ("unclosed array", "数组没有闭合"),
    ("unclosed inline table", "行内表没有闭合"),
    ("invalid boolean", "布尔值应为 true 或 false"),
    ("invalid basic string", "字符串没有闭合或含有无效字符"),
    ("invalid literal string", "字符串没有闭合或含有无效字符"),
    ("invalid multi-line basic string", "多行字符串没有闭合或含有无效字符"),
    ("invalid multi-line literal string", "多行字符串没有闭合或含有无效字符"),
    ("string values must be quoted", "文本必须加引号"),
    ("missing comma between array elements", "数组元素之间缺少逗号"),
    ("missing comma between key-value pairs", "键值对之间缺少逗号"),
    ("missing assignment between key-value pairs", "键和值之间缺少等号"),
    ("extra assignment between key-value pairs", "键和值之间多了等号"),
    ("extra comma in array", "数组中多了逗号"),
    ("extra comma in inline table", "行内表中多了逗号"),
    ("extra `=`", "多了等号"),
    ("unexpected `=` in array", "数组中不能有等号"),
    ("key with no value", "键后面没有值"),
    ("missing value", "缺少值"),
    ("missing value for key", "键缺少值"),
    ("missing key for inline table element", "行内表的值缺少键"),
    ("invalid unquoted key", "键含有必须加引号的字符"),
    ("unquoted keys cannot be empty", "键不能为空"),
    ("invalid key-value pair", "键值对有误"),
    ("invalid value", "值有误"),
    ("invalid number", "数字有误"),
    ("invalid integer", "整数有误"),
    ("invalid datetime", "日期有误"),
    ("unexpected leading zero", "数字不能以零开头"),
    ("redundant numeric sign", "数字的符号多余"),
    ("`_` may only go between digits", "下划线只能在数字之间"),
    ("integer number overflowed", "整数过大"),
    ("floating-point number overflowed", "数字过大"),
    ("unexpected content", "有多余的内容"),
    ("unexpected content between comment and newline", "注释与换行之间有多余的内容"),
    ("unexpected key or value", "有多余的键或值"),
    ("missing escaped value", "反斜杠后面缺少字符"),
    ("too few unicode value digits", "Unicode 编号的位数不足"),
    ("carriage return must be followed by newline", "回车后面必须是换行"),
    ("cannot recurse further; max recursion depth met", "嵌套过深"),
    ("recursion limit", "嵌套过深"),
    ("missing field `{}`", "缺少 `{0}`"),
    ("unknown field `{}`", "未知的键 `{0}`"),
    ("unknown variant `{}`", "不能是 `{0}`"),
    ("invalid type: {}", "类型有误：{0}"),
    // Parquet and Arrow.
    ("Invalid Parquet file. Corrupt footer", "不是 parquet 文件，或文件尾已损坏"),
    ("Invalid Parquet file. Size is smaller than footer", "不是 parquet 文件：比文件尾还短"),
    ("Page CRC checksum mismatch", "数据页的校验和（CRC）不符"),
    ("could not parse parquet metadata", "无法解析文件尾的元数据"),
    ("Required field {} is missing", "文件尾缺少必需的字段 {0}"),
    ("The codec type {} is not supported yet", "不支持压缩方式 {0}"),
    ("Disabled feature at compile time: {}", "不支持压缩方式 {0}"),
    ("Encoding {} is not supported", "不支持编码 {0}"),
    ("Not enough bytes to decode", "数据不足，无法解码"),
    ("Invalid page header", "数据页的页头有误"),
    ("invalid level length", "级别数据的长度有误"),
    ("not enough data to read levels", "级别数据不足"),
    ("EOF: {}", "文件过早结束：{0}"),
    ("underlying snap error: {}", "snappy 数据已损坏"),
    ("underlying IO error: {}", "读取数据时出错：{0}"),
    // Zip archives, and so workbooks.
    ("invalid Zip archive: Could not find EOCD", "压缩包不完整：找不到结尾的目录"),
    ("Could not find EOCD", "压缩包不完整：找不到结尾的目录"),
    ("invalid Zip archive: {}", "压缩包有误：{0}"),
    ("specified file not found in archive", "压缩包中缺少文件"),
    ("Invalid checksum", "校验和不符"),
    ("unexpected end of file", "文件过早结束"),
    ("failed to fill whole buffer", "文件过早结束"),
    ("stream did not contain valid UTF-8", "内容不是 UTF-8 文本"),
    ("byte {#} is not {} text", "第 {0} 字节不是 {1} 文本"),
    // SQL.
    ("unable to find column \"{}\"{}", "没有列 `{0}`"),
    ("sql parser error: {}", "表达式语法错误：{0}"),
    ("Unterminated string literal{}", "文本的引号没有闭合"),
    ("Expected: {}, found: EOF", "表达式不完整，此处应为 {0}"),
    ("Expected: {}, found: {} at Line: {#}, Column: {#}", "第 {3} 个字符处应为 {0}，而不是 {1}"),
    ("Expected: {}, found: {}", "此处应为 {0}，而不是 {1}"),
    ("an expression", "表达式"),
    ("an expression:", "表达式"),
    ("unsupported function '{}'", "不支持函数 {0}"),
    ("cannot compare string with numeric type ({})", "文本不能与数字（{0}）比较"),
    ("arithmetic on string and numeric not allowed, try an explicit cast first", "文本不能与数字一起运算"),
    ("{} operation not supported for dtypes `{}` and `{}`", "{0} 运算不支持类型 {1} 和 {2}"),
    ("{} operation not supported for dtype `{}`", "{0} 运算不支持类型 {1}"),
];

/// A message of a library, in both languages. What has no Chinese form stays as it is.
#[must_use]
pub fn of_library(message: &str) -> Text {
    Text::new(message.to_owned(), library_in_chinese(message).unwrap_or_else(|| message.to_owned()))
}

fn library_in_chinese(message: &str) -> Option<String> {
    if let Some((values, zh)) = matching(LIBRARIES, message) {
        // A message may hold another one.
        let values: Vec<String> = values
            .into_iter()
            .map(|value| {
                let inner = (value != message).then(|| library_in_chinese(value)).flatten();
                inner.unwrap_or_else(|| value.to_owned())
            })
            .collect();
        return Some(filled(zh, &values.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    // TOML and serde: what was expected instead.
    let (what, expected) = message.split_once(", expected ")?;
    Some(format!("{}，应为 {}", in_chinese(LIBRARIES, what)?, expected.replace(" or ", " 或 ")))
}

/// A sentence in Chinese by the first form that it has.
#[must_use]
pub fn in_chinese(forms: &[Form], english: &str) -> Option<String> {
    let (values, zh) = matching(forms, english)?;
    Some(filled(zh, &values))
}

fn matching<'t>(forms: &[Form], english: &'t str) -> Option<(Vec<&'t str>, &'static str)> {
    forms.iter().find_map(|(en, zh)| Some((values(en, english)?, *zh)))
}

fn filled(zh: &str, values: &[&str]) -> String {
    // Split before the values go in, because values may contain braces.
    let mut pieces = zh.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (number, rest) = piece.split_once('}').unwrap_or(("", piece));
        let value = number.parse().ok().and_then(|number: usize| values.get(number));
        text + value.unwrap_or(&"") + rest
    })
}

/// What stands for the placeholders of a form, if a text has that form.
#[must_use]
pub fn values<'t>(form: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = form.split('{');
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    for piece in pieces {
        let (kind, after) = piece.split_once('}')?;
        let end = if after.is_empty() { rest.len() } else { rest.find(after)? };
        let value = &rest[..end];
        if value.is_empty() || (kind == "#" && !value.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        values.push(value);
        rest = &rest[end + after.len()..];
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_toml_are_told_in_chinese() {
        for text in [
            "a = 1\na = 2",
            "[a\nb = 1",
            "a = tru",
            "a = [1",
            "a = [1 2]",
            "a = \"x",
            "a = 'x",
            "a =",
            "a",
            "a = x",
            "a b = 1",
            "a = { b = 1",
            "a = 01",
            "a = 1 2",
            "[[a]\nb = 1",
            "= 1",
            "a = 1__0",
            "a = \"\\q\"",
        ] {
            let error = toml::de::DeTable::parse(text).unwrap_err();
            let told = of_library(error.message());
            assert!(told.zh.chars().any(|c| c > '\u{2fff}'), "{text:?}: {}", told.en);
        }
    }

    #[test]
    fn faults_of_files_and_of_sql_are_told_in_chinese_with_their_values() {
        for (en, zh) in [
            ("Page CRC checksum mismatch", "数据页的校验和（CRC）不符"),
            ("EOF: Not enough bytes to decode", "文件过早结束：数据不足，无法解码"),
            ("Required field num_rows is missing", "文件尾缺少必需的字段 num_rows"),
            ("duplicate key", "键重复"),
            ("unclosed table, expected `]`", "表名的括号没有闭合，应为 `]`"),
            ("invalid Zip archive: Could not find EOCD", "压缩包不完整：找不到结尾的目录"),
            (
                "sql parser error: Expected: an expression, found: EOF",
                "表达式语法错误：表达式不完整，此处应为 表达式",
            ),
            ("a message that nobody knows", "a message that nobody knows"),
        ] {
            assert_eq!(of_library(en).zh, zh);
        }
    }

    #[test]
    fn every_form_of_a_library_finds_its_own_values() {
        for (en, zh) in LIBRARIES {
            let message = en.replace("{#}", "7").replace("{}", "x");
            let found = values(en, &message).unwrap_or_else(|| panic!("{en}"));
            assert!(zh.matches('{').count() <= found.len(), "{zh}");
        }
    }
}
