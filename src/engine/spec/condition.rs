//! The grammar of conditions: comparisons joined by `and`. `exclude` compares axes, `sweep show --where` columns.
//!
//! ```text
//! condition  = comparison { "and" comparison }
//! comparison = operand operator operand
//! operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
//! operand    = name | number | word | 'quoted word'
//! ```
//!
//! What a name is, whoever asks decides. In `exclude` a word is an axis if an axis of the sweep has that name. The
//! left side of a comparison names an axis, or a key that the base states (an axis that a flag with one value has
//! ended). A comparison with an axis that means nothing in a cell is false there.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

/// `a < b and c = d`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub Vec<Comparison>);

/// `a < b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Left side.
    pub left: Operand,
    /// How the sides are compared.
    pub operator: Operator,
    /// Right side.
    pub right: Operand,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A name or a bare word.
    Word(String),
    /// A word in quotes, never a name.
    Quoted(String),
    /// A whole number from 0: seeds have more digits than a floating-point number keeps.
    Integer(u64),
    /// Any other number.
    Number(f64),
}

/// How two values are compared. Words know only equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Why a text is no condition. The remedy quotes the text.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("bad condition `{text}`: {problem}; write for example `rate_per_s > 4 and mode = mono`")]
pub struct ConditionError {
    text: String,
    problem: String,
}

impl Operator {
    const SYMBOLS: [(&'static str, Self); 7] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Whether values in this order satisfy the comparison.
    pub fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// Whether it needs values with an order.
    pub fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = Self::SYMBOLS.iter().rev().find(|(_, operator)| operator == self);
        f.write_str(symbol.map_or("", |(symbol, _)| symbol))
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Operand(Operand),
    Operator(Operator),
    And,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The text does not follow the grammar.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let fail =
            |problem: &str| ConditionError { text: text.to_owned(), problem: problem.into() };
        let tokens = tokens(text).map_err(|problem| fail(&problem))?;
        let comparisons = tokens.split(|token| *token == Token::And).map(|part| match part {
            [Token::Operand(left), Token::Operator(operator), Token::Operand(right)] => {
                Ok(Comparison { left: left.clone(), operator: *operator, right: right.clone() })
            }
            [] => Err(fail("a comparison is missing")),
            _ => Err(fail("a comparison is a name, an operator and a value")),
        });
        comparisons.collect::<Result<_, _>>().map(Self)
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = next_token(rest, first)?;
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The token at the beginning of `rest`, and its length in bytes.
fn next_token(rest: &str, first: char) -> Result<(Token, usize), String> {
    if let Some((symbol, operator)) =
        Operator::SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol))
    {
        return Ok((Token::Operator(*operator), symbol.len()));
    }
    if first == '\'' || first == '"' {
        let length = rest[1..].find(first).ok_or("a quote is not closed")?;
        let word = rest[1..=length].to_owned();
        return Ok((Token::Operand(Operand::Quoted(word)), length + 2));
    }
    let length =
        rest.find(|c: char| c.is_whitespace() || "=!<>'\"".contains(c)).unwrap_or(rest.len());
    let word = &rest[..length];
    match word {
        "" => Err(format!("unexpected `{first}`")),
        "and" => Ok((Token::And, length)),
        "or" | "not" => Err(format!(
            "`{word}` is not known: comparisons are joined by `and`, and `exclude` takes several conditions"
        )),
        _ => Ok((Token::Operand(number_or_word(word)), length)),
    }
}

fn number_or_word(word: &str) -> Operand {
    if let Ok(number) = word.parse() {
        return Operand::Integer(number);
    }
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Operand::Number(number),
        _ => Operand::Word(word.to_owned()),
    }
}
