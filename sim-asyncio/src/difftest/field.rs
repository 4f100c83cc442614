//! A JSON value with the path at which it was found.

use std::rc::Rc;

use super::json::{Json, Place, Value};
use super::op::Millis;
use super::program::ProgramError;

/// About 31 years; all times of a program together stay far below what virtual time can name.
const MILLIS_MAX: u64 = 1_000_000_000_000;

/// A value somewhere in a program.
#[derive(Clone, Copy)]
pub(super) struct Field<'json> {
    json: &'json Json,
    number: usize,
}

impl<'json> Field<'json> {
    pub(super) fn root(json: &'json Json) -> Self {
        Field { json, number: 0 }
    }

    fn value(&self) -> &'json Value {
        &self.json.node(self.number).value
    }

    /// Where it is: `procs.P0[2].ms`.
    fn path(&self) -> String {
        let mut places = Vec::new();
        let mut number = self.number;
        while number != 0 {
            let node = self.json.node(number);
            places.push(&node.place);
            number = node.parent;
        }
        let mut path = String::new();
        for place in places.iter().rev() {
            match place {
                Place::Name(name) => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(name);
                }
                Place::Position(position) => path.push_str(&format!("[{position}]")),
            }
        }
        path
    }

    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Result<T, ProgramError> {
        let path = self.path();
        let place = if path.is_empty() { "the top".to_string() } else { path };
        Err(ProgramError::Meaning { place, message: message.into() })
    }

    fn expected<T>(&self, what: &str) -> Result<T, ProgramError> {
        let is = match self.value() {
            Value::Null => "null".to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => format!("the text {text:?}"),
            Value::List(_) => "a list".to_string(),
            Value::Object(_) => "an object".to_string(),
        };
        self.wrong(format!("this must be {what}, and is {is}"))
    }

    /// The values of an object with their names; the last one of a name counts.
    pub(super) fn entries(&self) -> Result<Vec<(Rc<str>, Field<'json>)>, ProgramError> {
        let Value::Object(inside) = self.value() else { return self.expected("an object") };
        let mut entries: Vec<(Rc<str>, Field<'json>)> = Vec::new();
        for number in inside {
            let field = Field { json: self.json, number: *number };
            let Place::Name(name) = &self.json.node(*number).place else { continue };
            match entries.iter_mut().find(|(other, _)| **other == **name) {
                Some(entry) => entry.1 = field,
                None => entries.push((name.as_str().into(), field)),
            }
        }
        Ok(entries)
    }

    pub(super) fn items(&self) -> Result<Vec<Field<'json>>, ProgramError> {
        match self.value() {
            Value::List(inside) => {
                Ok(inside.iter().map(|number| Field { json: self.json, number: *number }).collect())
            }
            _ => self.expected("a list"),
        }
    }

    /// A field of an object that need not be there.
    pub(super) fn find(&self, name: &str) -> Result<Option<Field<'json>>, ProgramError> {
        let Value::Object(inside) = self.value() else { return self.expected("an object") };
        let is_it =
            |number: &&usize| matches!(&self.json.node(**number).place, Place::Name(other) if other == name);
        Ok(inside.iter().rev().find(is_it).map(|number| Field { json: self.json, number: *number }))
    }

    pub(super) fn need(&self, name: &str) -> Result<Field<'json>, ProgramError> {
        match self.find(name)? {
            Some(field) => Ok(field),
            None => self.wrong(format!("the field {name:?} is missing")),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.value(), Value::Null)
    }

    /// Whether it is this text.
    pub(super) fn is_text(&self, expected: &str) -> bool {
        matches!(self.value(), Value::Text(text) if text == expected)
    }

    pub(super) fn text(&self) -> Result<Rc<str>, ProgramError> {
        match self.value() {
            Value::Text(text) => Ok(text.as_str().into()),
            _ => self.expected("a text"),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<Rc<str>>, ProgramError> {
        self.items()?.iter().map(Field::text).collect()
    }

    pub(super) fn flag(&self) -> Result<bool, ProgramError> {
        match self.value() {
            Value::Flag(flag) => Ok(*flag),
            _ => self.expected("true or false"),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, ProgramError> {
        match self.value() {
            Value::Number(number) if number.is_i64() => Ok(number.as_i64().unwrap_or_default()),
            _ => self.expected("an integer of 64 bits"),
        }
    }

    fn unsigned(&self) -> Option<u64> {
        match self.value() {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(super) fn count(&self) -> Result<u64, ProgramError> {
        match self.unsigned() {
            Some(number) => Ok(number),
            None => self.expected("an integer that is not negative"),
        }
    }

    pub(super) fn millis(&self) -> Result<Millis, ProgramError> {
        match self.unsigned() {
            Some(millis) if millis <= MILLIS_MAX => Ok(Millis(millis)),
            _ => self.expected(&format!("whole milliseconds from 0 to {MILLIS_MAX}")),
        }
    }
}
