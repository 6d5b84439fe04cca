//! The parser of conditions.
//!
//! `or` binds weakest, then `and`, then `not`; parentheses group. Words and days are in double or single quotes.

use super::{Field, FieldKind, Op, Predicate};
use crate::checked_toml::did_you_mean;
use crate::text;
use crate::text::Text;
use crate::unit::day_of_date;

/// What is wrong, and what to do about it.
type ConditionFault = (Text, Text);

/// Deepest nesting. It bounds the recursion, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 64;
/// Most tokens, also to bound the recursion: a chain of `and` makes a deep tree too.
const TOKENS_MAX: usize = 1_000;

/// What is expected at some place, in English and Chinese.
type Wanted = (&'static str, &'static str);

const CONNECTIVE: Wanted = ("`and`, `or` or the end", "`and`、`or` 或结尾");
const MISSING: Wanted = ("`missing`", "`missing`");
const OPEN: Wanted = ("`(`", "`(`");
const CLOSE: Wanted = ("`)`", "`)`");
const NEXT: Wanted = ("`,` or `)`", "`,` 或 `)`");
const COLUMN: Wanted = ("a column", "列名");
const COMPARISON: Wanted = ("a comparison", "比较");

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(f64),
    Op(Op),
    Open,
    Close,
    Comma,
}

/// Parses a condition over `fields`.
pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Predicate, ConditionFault> {
    let mut reader = ConditionParser { text, tokens: tokens(text)?, at: 0, depth: 0, fields };
    let part = reader.either()?;
    match reader.next() {
        None => Ok(part),
        Some(token) => Err(reader.unexpected(Some(token), CONNECTIVE)),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, ConditionFault> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => quoted(text, rest, first)?,
            '0'..='9' | '-' | '.' => number(text, rest)?,
            _ if first.is_alphabetic() || first == '_' => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest[..length].to_owned()), length)
            }
            _ => operator(text, rest)?,
        };
        tokens.push(token);
        if tokens.len() > TOKENS_MAX {
            return Err((
                text!("a condition has more than {TOKENS_MAX} words", "条件超过 {TOKENS_MAX} 个词"),
                text!("make it simpler", "请简化"),
            ));
        }
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, rest: &str, quote: char) -> Result<(Token, usize), ConditionFault> {
    match rest[1..].find(quote) {
        Some(length) => Ok((Token::Text(rest[1..=length].to_owned()), length + 2)),
        None => Err((
            text!("`{text}` has a quote that is not closed", "`{text}` 的引号没有闭合"),
            text!("close it", "请补上引号"),
        )),
    }
}

fn number(text: &str, rest: &str) -> Result<(Token, usize), ConditionFault> {
    let length =
        rest.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(rest.len());
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err((
            text!(
                "`{found}` in `{text}` is not a number",
                "`{text}` 中的 `{found}` 不是数字",
                found = &rest[..length]
            ),
            text!(
                "write it like 1000 or 0.85; put words and days in quotes",
                "数字写作 1000 或 0.85；词和日期放在引号中"
            ),
        )),
    }
}

fn operator(text: &str, rest: &str) -> Result<(Token, usize), ConditionFault> {
    const OPS: [(&str, Op); 6] =
        [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("=", Op::Eq), ("<", Op::Lt), (">", Op::Gt)];
    let found = OPS.iter().find(|(sign, _)| rest.starts_with(sign));
    found.map(|(sign, op)| (Token::Op(*op), sign.len())).ok_or_else(|| {
        let sign: String = rest.chars().take(1).collect();
        (
            text!("`{sign}` in `{text}` is not understood", "无法识别 `{text}` 中的 `{sign}`"),
            text!("operators are = != < <= > >=", "运算符有 = != < <= > >="),
        )
    })
}

struct ConditionParser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    fields: &'a [Field],
}

impl ConditionParser<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes the next token if it is this keyword. Returns whether it was.
    fn keyword(&mut self, word: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == word);
        self.at += usize::from(is_it);
        is_it
    }

    fn unexpected(&self, token: Option<Token>, wanted: Wanted) -> ConditionFault {
        let found = match token {
            None => text!("ends", "已结束"),
            Some(Token::Name(name)) => text!("has `{name}`", "是 `{name}`"),
            Some(Token::Text(text)) => text!("has \"{text}\"", "是 \"{text}\""),
            Some(Token::Number(number)) => text!("has {number}", "是 {number}"),
            Some(Token::Op(_)) => text!("has an operator", "是运算符"),
            Some(Token::Open | Token::Close) => text!("has a parenthesis", "是括号"),
            Some(Token::Comma) => text!("has a comma", "是逗号"),
        };
        let (text, wanted) = (self.text, Text::from(wanted));
        let what = text!(
            "`{text}` {found} where {wanted} should be",
            "`{text}` 中应为{wanted}的位置{found}";
            found, wanted
        );
        (what, text!("write {wanted} there", "请在该处写{wanted}"; wanted))
    }

    fn either(&mut self) -> Result<Predicate, ConditionFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((
                text!("`{text}` is nested too deeply", "`{text}` 嵌套过深", text = self.text),
                text!("make it simpler", "请简化"),
            ));
        }
        let mut part = self.both()?;
        while self.keyword("or") {
            part = Predicate::Or(Box::new(part), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(part)
    }

    fn both(&mut self) -> Result<Predicate, ConditionFault> {
        let mut part = self.single()?;
        while self.keyword("and") {
            part = Predicate::And(Box::new(part), Box::new(self.single()?));
        }
        Ok(part)
    }

    fn single(&mut self) -> Result<Predicate, ConditionFault> {
        let mut negated = false;
        while self.keyword("not") {
            negated = !negated;
        }
        let part = match self.next() {
            Some(Token::Open) => {
                let part = self.either()?;
                match self.next() {
                    Some(Token::Close) => part,
                    other => return Err(self.unexpected(other, CLOSE)),
                }
            }
            Some(Token::Name(name)) if name == "always" => Predicate::Always,
            Some(Token::Name(name)) => self.about(&name)?,
            other => return Err(self.unexpected(other, COLUMN)),
        };
        Ok(if negated { Predicate::Not(Box::new(part)) } else { part })
    }

    /// Parses what follows the name of a column: a comparison, `in` or `is missing`.
    fn about(&mut self, name: &str) -> Result<Predicate, ConditionFault> {
        let Some(at) = self.fields.iter().position(|field| field.name == name) else {
            let what = text!(
                "`{name}` in `{text}` is neither a column of customers nor an indicator",
                "`{text}` 中的 `{name}` 既不是客户表的列，也不是指标",
                text = self.text
            );
            return Err((what, did_you_mean(name, self.fields.iter().map(|field| field.name.as_str()))));
        };
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("missing") {
                let token = self.next();
                return Err(self.unexpected(token, MISSING));
            }
            let missing = Predicate::Missing(at);
            return Ok(if negated { Predicate::Not(Box::new(missing)) } else { missing });
        }
        if self.keyword("in") {
            return self.among(at);
        }
        match self.tokens.get(self.at) {
            Some(Token::Op(op)) => {
                let op = *op;
                self.at += 1;
                self.compared(at, op)
            }
            _ if self.fields[at].kind == FieldKind::Flag => Ok(Predicate::Flag(at)),
            other => Err(self.unexpected(other.cloned(), COMPARISON)),
        }
    }

    fn compared(&mut self, at: usize, op: Op) -> Result<Predicate, ConditionFault> {
        let field = &self.fields[at];
        match (field.kind, self.next()) {
            (FieldKind::Words(_) | FieldKind::Text, Some(Token::Text(word))) => {
                if !matches!(op, Op::Eq | Op::Ne) {
                    let (name, text) = (&field.name, self.text);
                    let what = text!("`{name}` in `{text}` has no order", "`{text}` 中的 `{name}` 没有大小");
                    return Err((what, text!("compare words by = or !=", "词只能用 = 或 != 比较")));
                }
                self.known_word(at, &word)?;
                Ok(Predicate::Word(at, op, word))
            }
            (FieldKind::Number, Some(Token::Number(number))) => Ok(Predicate::Number(at, op, number)),
            (FieldKind::Day, Some(Token::Text(text))) => match text.parse() {
                Ok(date) => Ok(Predicate::Day(at, op, day_of_date(date))),
                Err(_) => Err((
                    text!(
                        "\"{text}\" in `{whole}` is not a day",
                        "`{whole}` 中的 \"{text}\" 不是日期",
                        whole = self.text
                    ),
                    text!("write it like \"2026-01-01\"", "请写作 \"2026-01-01\""),
                )),
            },
            (FieldKind::Flag, _) => Err((
                text!(
                    "`{name}` in `{text}` is a flag, which cannot be compared",
                    "`{text}` 中的 `{name}` 为是或否，不能比较",
                    name = field.name,
                    text = self.text
                ),
                text!("write `{name}` or `not {name}`", "请写 `{name}` 或 `not {name}`", name = field.name),
            )),
            (kind, other) => Err(self.unexpected(other, wanted(kind))),
        }
    }

    fn among(&mut self, at: usize) -> Result<Predicate, ConditionFault> {
        let kind = self.fields[at].kind;
        match self.next() {
            Some(Token::Open) => {}
            other => return Err(self.unexpected(other, OPEN)),
        }
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        loop {
            match (kind, self.next()) {
                (FieldKind::Words(_) | FieldKind::Text, Some(Token::Text(word))) => {
                    self.known_word(at, &word)?;
                    words.push(word);
                }
                (FieldKind::Number, Some(Token::Number(number))) => numbers.push(number),
                (FieldKind::Flag | FieldKind::Day, _) => {
                    let (name, text) = (&self.fields[at].name, self.text);
                    let what =
                        text!("`{name}` in `{text}` takes no `in`", "`{text}` 中的 `{name}` 不能用 `in`");
                    return Err((what, text!("use comparisons joined by `or`", "请用 `or` 连接多个比较")));
                }
                (kind, other) => return Err(self.unexpected(other, wanted(kind))),
            }
            match self.next() {
                Some(Token::Comma) => {}
                Some(Token::Close) => break,
                other => return Err(self.unexpected(other, NEXT)),
            }
        }
        Ok(if kind == FieldKind::Number {
            Predicate::AmongNumbers(at, numbers)
        } else {
            Predicate::AmongWords(at, words)
        })
    }

    fn known_word(&self, at: usize, word: &str) -> Result<(), ConditionFault> {
        match self.fields[at].kind {
            FieldKind::Words(words) if words.position(word).is_none() => {
                let (name, text) = (&self.fields[at].name, self.text);
                let what = text!(
                    "`{name}` in `{text}` is never \"{word}\"",
                    "`{text}` 中的 `{name}` 没有取值 \"{word}\""
                );
                Err((what, did_you_mean(word, words.codes.iter().copied())))
            }
            _ => Ok(()),
        }
    }
}

fn wanted(kind: FieldKind) -> Wanted {
    match kind {
        FieldKind::Words(_) | FieldKind::Text => ("a word in quotes", "引号中的词"),
        FieldKind::Number => ("a number", "数字"),
        FieldKind::Day => ("a day in quotes", "引号中的日期"),
        FieldKind::Flag => CONNECTIVE,
    }
}
