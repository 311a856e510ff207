//! A line of the user's own making: text with `%{field}` in it.
//!
//! Owns the syntax. Values stand as in every format that is not made for programs of one kind.

use std::str::FromStr;

use super::{Context, plain};
use crate::cat::Field;
use crate::cat::field::UnknownField;
use crate::zone::Zone;

/// A line with fields in it.
#[derive(Clone, Debug)]
pub struct Template {
    /// Each field with the text before it.
    pieces: Vec<(String, Field)>,
    rest: String,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No such field.
    #[error("{0}")]
    Field(#[from] UnknownField),
    /// A `%{` without its `}`.
    #[error("the %{{ at byte {0} has no }}")]
    Open(usize),
    /// A `%` that begins nothing.
    #[error("the % at byte {0} begins neither %{{field}} nor %%")]
    Percent(usize),
    /// A `\` that begins nothing.
    #[error("the \\ at byte {0} begins none of \\n, \\t and \\\\")]
    Backslash(usize),
}

impl Template {
    /// The fields that it has.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.pieces.iter().map(|(_, field)| field)
    }

    /// Writes the line of a telegram; `-` stands for what it does not tell.
    pub(super) fn write(&self, context: &Context<'_>, zone: &impl Zone, out: &mut Vec<u8>) {
        for (text, field) in &self.pieces {
            out.extend_from_slice(text.as_bytes());
            match context.value(field) {
                Some(value) => out.extend_from_slice(plain(&value, zone).as_bytes()),
                None => out.push(b'-'),
            }
        }
        out.extend_from_slice(self.rest.as_bytes());
        out.push(b'\n');
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(format: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut text, mut at) = (Vec::new(), String::new(), 0);
        while let Some(next) = format[at..].chars().next() {
            let rest = &format[at..];
            if let Some(field) = rest.strip_prefix("%{") {
                let (name, _) = field.split_once('}').ok_or(TemplateError::Open(at))?;
                pieces.push((std::mem::take(&mut text), name.parse()?));
                at += "%{}".len() + name.len();
                continue;
            }
            let (character, length) = match rest.as_bytes() {
                [b'%', b'%', ..] => ('%', 2),
                [b'\\', b'n', ..] => ('\n', 2),
                [b'\\', b't', ..] => ('\t', 2),
                [b'\\', b'\\', ..] => ('\\', 2),
                [b'%', ..] => return Err(TemplateError::Percent(at)),
                [b'\\', ..] => return Err(TemplateError::Backslash(at)),
                _ => (next, next.len_utf8()),
            };
            text.push(character);
            at += length;
        }
        Ok(Self { pieces, rest: text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_fields_are_told_apart() {
        let template: Template = "50%% of %{power_w} W\\t\\\\é%{gas_m3}\\n".parse().unwrap();
        let names: Vec<&str> = template.fields().map(Field::name).collect();
        assert_eq!(names, ["power_w", "gas_m3"]);
        let texts: Vec<&str> = template.pieces.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!((texts, template.rest.as_str()), (vec!["50% of ", " W\t\\é"], "\n"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let error = |format: &str| format.parse::<Template>().unwrap_err();
        assert_eq!(error("é %{power_w"), TemplateError::Open(3));
        assert_eq!(error("%{power_w} %d"), TemplateError::Percent(11));
        assert_eq!(error("100%"), TemplateError::Percent(3));
        assert_eq!(error("%{power_w}\\x"), TemplateError::Backslash(10));
        assert!(error("%{watt}").to_string().starts_with("there is no field \"watt\""));
    }
}
