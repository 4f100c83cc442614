//! A JSON value with the path at which it was found.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::op::Millis;
use super::program::ProgramError;

/// About 31 years; all times of a program together stay far below what virtual time can name.
const MILLIS_MAX: u64 = 1_000_000_000_000;

/// A value somewhere in a program.
#[derive(Clone, Debug)]
pub(super) struct Field<'json> {
    pub(super) value: &'json Value,
    path: String,
}

impl<'json> Field<'json> {
    pub(super) fn root(value: &'json Value) -> Self {
        Field { value, path: String::new() }
    }

    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Result<T, ProgramError> {
        let place = if self.path.is_empty() { "the top" } else { &self.path };
        Err(ProgramError::Meaning { place: place.to_string(), message: message.into() })
    }

    fn expected<T>(&self, what: &str) -> Result<T, ProgramError> {
        let is = match self.value {
            Value::Null => "null".to_string(),
            Value::Bool(_) | Value::Number(_) => self.value.to_string(),
            Value::String(text) => format!("the text {text:?}"),
            Value::Array(_) => "a list".to_string(),
            Value::Object(_) => "an object".to_string(),
        };
        self.wrong(format!("this must be {what}, and is {is}"))
    }

    pub(super) fn object(&self) -> Result<&'json Map<String, Value>, ProgramError> {
        match self.value {
            Value::Object(map) => Ok(map),
            _ => self.expected("an object"),
        }
    }

    /// The values of an object with their names.
    pub(super) fn entries(&self) -> Result<Vec<(Rc<str>, Field<'json>)>, ProgramError> {
        let entries = self.object()?.iter();
        Ok(entries.map(|(name, value)| (Rc::from(name.as_str()), self.inside(name, value))).collect())
    }

    fn inside(&self, name: &str, value: &'json Value) -> Field<'json> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Field { value, path: format!("{}{dot}{name}", self.path) }
    }

    pub(super) fn items(&self) -> Result<Vec<Field<'json>>, ProgramError> {
        match self.value {
            Value::Array(items) => {
                let field = |(position, value)| Field { value, path: format!("{}[{position}]", self.path) };
                Ok(items.iter().enumerate().map(field).collect())
            }
            _ => self.expected("a list"),
        }
    }

    /// A field of an object that need not be there.
    pub(super) fn find(&self, name: &str) -> Result<Option<Field<'json>>, ProgramError> {
        Ok(self.object()?.get(name).map(|value| self.inside(name, value)))
    }

    pub(super) fn need(&self, name: &str) -> Result<Field<'json>, ProgramError> {
        match self.find(name)? {
            Some(field) => Ok(field),
            None => self.wrong(format!("the field {name:?} is missing")),
        }
    }

    pub(super) fn text(&self) -> Result<Rc<str>, ProgramError> {
        match self.value {
            Value::String(text) => Ok(text.as_str().into()),
            _ => self.expected("a text"),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<Rc<str>>, ProgramError> {
        self.items()?.iter().map(Field::text).collect()
    }

    pub(super) fn flag(&self) -> Result<bool, ProgramError> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            _ => self.expected("true or false"),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, ProgramError> {
        match self.value.as_i64() {
            Some(number) => Ok(number),
            None => self.expected("an integer of 64 bits"),
        }
    }

    pub(super) fn count(&self) -> Result<u64, ProgramError> {
        match self.value.as_u64() {
            Some(number) => Ok(number),
            None => self.expected("an integer that is not negative"),
        }
    }

    pub(super) fn millis(&self) -> Result<Millis, ProgramError> {
        match self.value.as_u64() {
            Some(millis) if millis <= MILLIS_MAX => Ok(Millis(millis)),
            _ => self.expected(&format!("whole milliseconds from 0 to {MILLIS_MAX}")),
        }
    }
}
