//! From a condition's text to its parts.
//!
//! `or` binds weakest, then `and`, then `not`; parentheses as usual. Words and days stand in double or single quotes.

use super::{Field, Kind, Op, Part};
use crate::checked_toml::did_you_mean;
use crate::unit::day_of_date;

/// What is wrong, and what to do.
type Fault = (String, String);

/// Deepest nesting, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 64;
/// Most words and signs, for the same reason: a chain of `and` nests too.
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

/// Checks a condition over `fields`.
pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Part, Fault> {
    let mut reader = Reader { text, tokens: tokens(text)?, at: 0, depth: 0, fields };
    let part = reader.either()?;
    match reader.next() {
        None => Ok(part),
        Some(token) => Err(reader.unexpected(Some(token), "`and`, `or` or the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
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

fn quoted(text: &str, rest: &str, quote: char) -> Result<(Token, usize), Fault> {
    match rest[1..].find(quote) {
        Some(length) => Ok((Token::Text(rest[1..=length].to_owned()), length + 2)),
        None => Err((format!("`{text}` has a quote that is not closed"), "close it".into())),
    }
}

fn number(text: &str, rest: &str) -> Result<(Token, usize), Fault> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err((
            format!("`{}` in `{text}` is no number", &rest[..length]),
            "write it like 1000 or 0.85; words and days stand in quotes".into(),
        )),
    }
}

fn operator(text: &str, rest: &str) -> Result<(Token, usize), Fault> {
    const OPS: [(&str, Op); 6] =
        [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("=", Op::Eq), ("<", Op::Lt), (">", Op::Gt)];
    let found = OPS.iter().find(|(sign, _)| rest.starts_with(sign));
    found.map(|(sign, op)| (Token::Op(*op), sign.len())).ok_or_else(|| {
        let sign: String = rest.chars().take(1).collect();
        (format!("`{sign}` in `{text}` is not understood"), "operators are = != < <= > >=".into())
    })
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    fields: &'a [Field],
}

impl Reader<'_> {
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

    fn unexpected(&self, token: Option<Token>, wanted: &str) -> Fault {
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

    fn either(&mut self) -> Result<Part, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((format!("`{}` is nested too deeply", self.text), "make it simpler".into()));
        }
        let mut part = self.both()?;
        while self.keyword("or") {
            part = Part::Or(Box::new(part), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(part)
    }

    fn both(&mut self) -> Result<Part, Fault> {
        let mut part = self.single()?;
        while self.keyword("and") {
            part = Part::And(Box::new(part), Box::new(self.single()?));
        }
        Ok(part)
    }

    fn single(&mut self) -> Result<Part, Fault> {
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
            Some(Token::Name(name)) if name == "always" => Part::Always,
            Some(Token::Name(name)) => self.about(&name)?,
            other => return Err(self.unexpected(other, "a column")),
        };
        Ok(if negated { Part::Not(Box::new(part)) } else { part })
    }

    /// What is said about a column.
    fn about(&mut self, name: &str) -> Result<Part, Fault> {
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
            let missing = Part::Missing(at);
            return Ok(if negated { Part::Not(Box::new(missing)) } else { missing });
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
            _ if self.fields[at].kind == Kind::Flag => Ok(Part::Flag(at)),
            other => Err(self.unexpected(other.cloned(), "a comparison")),
        }
    }

    fn compared(&mut self, at: usize, op: Op) -> Result<Part, Fault> {
        let field = &self.fields[at];
        match (field.kind, self.next()) {
            (Kind::Words(_) | Kind::Text, Some(Token::Text(word))) => {
                if !matches!(op, Op::Eq | Op::Ne) {
                    let what = format!("`{}` in `{}` has no order", field.name, self.text);
                    return Err((what, "compare words by = or !=".into()));
                }
                self.known_word(at, &word)?;
                Ok(Part::Word(at, op, word))
            }
            (Kind::Number, Some(Token::Number(number))) => Ok(Part::Number(at, op, number)),
            (Kind::Day, Some(Token::Text(text))) => match text.parse() {
                Ok(date) => Ok(Part::Day(at, op, day_of_date(date))),
                Err(_) => Err((
                    format!("\"{text}\" in `{}` is no day", self.text),
                    "write it like \"2026-01-01\"".into(),
                )),
            },
            (Kind::Flag, _) => Err((
                format!("`{}` in `{}` is yes or no, and is not compared", field.name, self.text),
                format!("write `{0}` or `not {0}`", field.name),
            )),
            (kind, other) => Err(self.unexpected(other, wanted(kind))),
        }
    }

    fn among(&mut self, at: usize) -> Result<Part, Fault> {
        let kind = self.fields[at].kind;
        match self.next() {
            Some(Token::Open) => {}
            other => return Err(self.unexpected(other, "`(`")),
        }
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        loop {
            match (kind, self.next()) {
                (Kind::Words(_) | Kind::Text, Some(Token::Text(word))) => {
                    self.known_word(at, &word)?;
                    words.push(word);
                }
                (Kind::Number, Some(Token::Number(number))) => numbers.push(number),
                (Kind::Flag | Kind::Day, _) => {
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
        Ok(if kind == Kind::Number { Part::AmongNumbers(at, numbers) } else { Part::AmongWords(at, words) })
    }

    fn known_word(&self, at: usize, word: &str) -> Result<(), Fault> {
        match self.fields[at].kind {
            Kind::Words(words) if words.position(word).is_none() => {
                let what = format!("`{}` in `{}` is never \"{word}\"", self.fields[at].name, self.text);
                Err((what, did_you_mean(word, words.codes.iter().copied())))
            }
            _ => Ok(()),
        }
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Words(_) | Kind::Text => "a word in quotes",
        Kind::Number => "a number",
        Kind::Day => "a day in quotes",
        Kind::Flag => "`and`, `or` or the end",
    }
}
