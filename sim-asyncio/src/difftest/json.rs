//! A JSON text as a flat tree, so that its depth costs no stack.

use serde::de::IgnoredAny;
use serde_json::Number;

use super::program::ProgramError;

/// A text, value by value; the first is the outermost.
pub(super) struct Json {
    nodes: Vec<Node>,
}

pub(super) struct Node {
    pub(super) value: Value,
    /// The value in which it is; that of the outermost is itself.
    pub(super) parent: usize,
    pub(super) place: Place,
}

/// Where in its parent a value is.
pub(super) enum Place {
    Name(String),
    Position(usize),
}

/// A value; those inside are given by their positions in the tree.
pub(super) enum Value {
    Null,
    Flag(bool),
    Number(Number),
    Text(String),
    List(Vec<usize>),
    Object(Vec<usize>),
}

impl Json {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Self, ProgramError> {
        // This looks at the text without keeping anything, in a loop.
        let _: IgnoredAny = serde_json::from_str(text).map_err(|error| wrong(&error, text, 0))?;
        Reader { text, at: 0, nodes: Vec::new(), open: Vec::new(), name: None }.read()
    }

    pub(super) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }
}

/// What is wrong with the part of a text that begins at `start`.
fn wrong(error: &serde_json::Error, text: &str, start: usize) -> ProgramError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_string();
    let before = &text[..start];
    let lines = before.matches('\n').count();
    let in_line = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
    let column = if error.line() == 1 { in_line + error.column() } else { error.column() };
    ProgramError::Json { line: lines + error.line(), column, message }
}

/// Reads a text that is known to be JSON.
struct Reader<'text> {
    text: &'text str,
    at: usize,
    nodes: Vec<Node>,
    /// The lists and objects that are not closed yet.
    open: Vec<usize>,
    /// The name before a value.
    name: Option<String>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Json, ProgramError> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'{' => self.open(Value::Object(Vec::new())),
                b'[' => self.open(Value::List(Vec::new())),
                b'}' | b']' => {
                    self.open.pop();
                    self.at += 1;
                }
                b'"' => self.text_or_name()?,
                b't' => self.word(Value::Flag(true), 4),
                b'f' => self.word(Value::Flag(false), 5),
                b'n' => self.word(Value::Null, 4),
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.at += 1, // space, a comma, a colon
            }
        }
        Ok(Json { nodes: self.nodes })
    }

    fn add(&mut self, value: Value) -> usize {
        let number = self.nodes.len();
        let parent = self.open.last().copied().unwrap_or(number);
        let name = self.name.take();
        let place = match self.open.last().map(|parent| &mut self.nodes[*parent].value) {
            Some(Value::Object(inside)) => {
                inside.push(number);
                Place::Name(name.unwrap_or_default())
            }
            Some(Value::List(inside)) => {
                inside.push(number);
                Place::Position(inside.len() - 1)
            }
            _ => Place::Position(0),
        };
        self.nodes.push(Node { value, parent, place });
        number
    }

    fn open(&mut self, value: Value) {
        let number = self.add(value);
        self.open.push(number);
        self.at += 1;
    }

    fn word(&mut self, value: Value, length: usize) {
        self.add(value);
        self.at += length;
    }

    fn number(&mut self) -> Result<(), ProgramError> {
        let rest = &self.text[self.at..];
        let is_inside = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
        let length = rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
        let number =
            serde_json::from_str(&rest[..length]).map_err(|error| wrong(&error, self.text, self.at))?;
        self.add(Value::Number(number));
        self.at += length;
        Ok(())
    }

    fn text_or_name(&mut self) -> Result<(), ProgramError> {
        let rest = &self.text.as_bytes()[self.at..];
        let mut length = 1;
        while rest[length] != b'"' {
            length += if rest[length] == b'\\' { 2 } else { 1 };
        }
        length += 1;
        let quoted = &self.text[self.at..self.at + length];
        let text: String = serde_json::from_str(quoted).map_err(|error| wrong(&error, self.text, self.at))?;
        self.at += length;
        let in_object =
            self.open.last().is_some_and(|open| matches!(self.nodes[*open].value, Value::Object(_)));
        if in_object && self.name.is_none() {
            self.name = Some(text);
        } else {
            self.add(Value::Text(text));
        }
        Ok(())
    }
}
