//! The parser of conditions.
//!
//! `or` binds weakest, then `and`, then `not`; parentheses group. Words and days are in double or single quotes.

use super::{Field, FieldKind, Op, Predicate};
use crate::checked_toml::did_you_mean;
use crate::unit::day_of_date;

/// What is wrong, and what to do.
type ConditionFault = (String, String);

/// Deepest nesting; bounds the recursion, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 64;
/// Most tokens, for the same reason: a chain of `and` makes a deep tree too.
const TOKENS_MAX: usize = 1_000;

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
        Some(token) => Err(reader.unexpected(Some(token), "`and`, `or` or the end")),
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
            return Err((format!("a condition has more than {TOKENS_MAX} words"), "make it simpler".into()));
        }
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, rest: &str, quote: char) -> Result<(Token, usize), ConditionFault> {
    match rest[1..].find(quote) {
        Some(length) => Ok((Token::Text(rest[1..=length].to_owned()), length + 2)),
        None => Err((format!("`{text}` has a quote that is not closed"), "close it".into())),
    }
}

fn number(text: &str, rest: &str) -> Result<(Token, usize), ConditionFault> {
    let length =
        rest.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(rest.len());
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err((
            format!("`{}` in `{text}` is no number", &rest[..length]),
            "write it like 1000 or 0.85; words and days stand in quotes".into(),
        )),
    }
}

fn operator(text: &str, rest: &str) -> Result<(Token, usize), ConditionFault> {
    const OPS: [(&str, Op); 6] =
        [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("=", Op::Eq), ("<", Op::Lt), (">", Op::Gt)];
    let found = OPS.iter().find(|(sign, _)| rest.starts_with(sign));
    found.map(|(sign, op)| (Token::Op(*op), sign.len())).ok_or_else(|| {
        let sign: String = rest.chars().take(1).collect();
        (format!("`{sign}` in `{text}` is not understood"), "operators are = != < <= > >=".into())
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

    /// Takes the next token if it is this keyword.
    fn keyword(&mut self, word: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == word);
        self.at += usize::from(is_it);
        is_it
    }

    fn unexpected(&self, token: Option<Token>, wanted: &str) -> ConditionFault {
        let found = match token {
            None => "ends".to_owned(),
            Some(Token::Name(name)) => format!("has `{name}`"),
            Some(Token::Text(text)) => format!("has \"{text}\""),
            Some(Token::Number(number)) => format!("has {number}"),
            Some(Token::Op(_)) => "has an operator".to_owned(),
            Some(Token::Open | Token::Close) => "has a parenthesis".to_owned(),
            Some(Token::Comma) => "has a comma".to_owned(),
        };
        (format!("`{}` {found} where {wanted} should be", self.text), format!("write {wanted} there"))
    }

    fn either(&mut self) -> Result<Predicate, ConditionFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((format!("`{}` is nested too deeply", self.text), "make it simpler".into()));
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
                    other => return Err(self.unexpected(other, "`)`")),
                }
            }
            Some(Token::Name(name)) if name == "always" => Predicate::Always,
            Some(Token::Name(name)) => self.about(&name)?,
            other => return Err(self.unexpected(other, "a column")),
        };
        Ok(if negated { Predicate::Not(Box::new(part)) } else { part })
    }

    /// A comparison, `in` or `is missing` after the name of a column.
    fn about(&mut self, name: &str) -> Result<Predicate, ConditionFault> {
        let Some(at) = self.fields.iter().position(|field| field.name == name) else {
            let what = format!("`{name}` in `{}` is no column of customers and no indicator", self.text);
            return Err((what, did_you_mean(name, self.fields.iter().map(|field| field.name.as_str()))));
        };
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("missing") {
                let token = self.next();
                return Err(self.unexpected(token, "`missing`"));
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
            other => Err(self.unexpected(other.cloned(), "a comparison")),
        }
    }

    fn compared(&mut self, at: usize, op: Op) -> Result<Predicate, ConditionFault> {
        let field = &self.fields[at];
        match (field.kind, self.next()) {
            (FieldKind::Words(_) | FieldKind::Text, Some(Token::Text(word))) => {
                if !matches!(op, Op::Eq | Op::Ne) {
                    let what = format!("`{}` in `{}` has no order", field.name, self.text);
                    return Err((what, "compare words by = or !=".into()));
                }
                self.known_word(at, &word)?;
                Ok(Predicate::Word(at, op, word))
            }
            (FieldKind::Number, Some(Token::Number(number))) => Ok(Predicate::Number(at, op, number)),
            (FieldKind::Day, Some(Token::Text(text))) => match text.parse() {
                Ok(date) => Ok(Predicate::Day(at, op, day_of_date(date))),
                Err(_) => Err((
                    format!("\"{text}\" in `{}` is no day", self.text),
                    "write it like \"2026-01-01\"".into(),
                )),
            },
            (FieldKind::Flag, _) => Err((
                format!("`{}` in `{}` is yes or no, and is not compared", field.name, self.text),
                format!("write `{0}` or `not {0}`", field.name),
            )),
            (kind, other) => Err(self.unexpected(other, wanted(kind))),
        }
    }

    fn among(&mut self, at: usize) -> Result<Predicate, ConditionFault> {
        let kind = self.fields[at].kind;
        match self.next() {
            Some(Token::Open) => {}
            other => return Err(self.unexpected(other, "`(`")),
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
                    let what = format!("`{}` in `{}` takes no `in`", self.fields[at].name, self.text);
                    return Err((what, "use comparisons joined by `or`".into()));
                }
                (kind, other) => return Err(self.unexpected(other, wanted(kind))),
            }
            match self.next() {
                Some(Token::Comma) => {}
                Some(Token::Close) => break,
                other => return Err(self.unexpected(other, "`,` or `)`")),
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
                let what = format!("`{}` in `{}` is never \"{word}\"", self.fields[at].name, self.text);
                Err((what, did_you_mean(word, words.codes.iter().copied())))
            }
            _ => Ok(()),
        }
    }
}

fn wanted(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Words(_) | FieldKind::Text => "a word in quotes",
        FieldKind::Number => "a number",
        FieldKind::Day => "a day in quotes",
        FieldKind::Flag => "`and`, `or` or the end",
    }
}
