//! A failure file, read from its text.

use std::collections::BTreeMap;

use sim_executor::{Fault, Faults};

use super::refusal::{LineError, SimfailError};
use super::words::Words;
use super::{BYTES_MAX, BaseOrder, DecisionName, FileValue, Marks, Moment, Simfail, TurnName, VERSION};

/// The sections, in their order.
const SECTIONS: &[&str] = &["[settings]", "[drawn]", "[faults]", "[schedule]", "[values]", "[expect]"];
/// The entries before the first section.
const HEADER: &[&str] = &["test", "signature", "found", "shrunk", "note", "order"];
const EXPECT: &[&str] = &["decisions", "marks", "trace"];

impl Simfail {
    /// The failure of this file. Lines may end as on Windows, and words may stand any number of spaces apart.
    ///
    /// # Errors
    /// When it is no failure file, of a newer format, or cut off; the text says in which line, and what to do.
    pub fn parse(bytes: &[u8]) -> Result<Self, SimfailError> {
        if bytes.len() > BYTES_MAX {
            return Err(SimfailError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            SimfailError::NotText { line: before.iter().filter(|byte| **byte == b'\n').count() + 1 }
        })?;
        let mut lines = (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines());
        check_version(lines.next().map_or("", |(_, line)| line))?;
        let mut parser = Parser::default();
        for (number, line) in lines {
            let line = line.trim();
            if !line.is_empty() {
                parser.number = number;
                parser.line(line).map_err(|error| SimfailError::Line { line: number, error })?;
            }
        }
        parser.file()
    }
}

fn check_version(line: &str) -> Result<(), SimfailError> {
    let mut words = line.split_whitespace();
    let (name, version, more) = (words.next(), words.next(), words.next());
    let version = version.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match (name, version.map(str::parse), more) {
        (Some("simfail"), Some(Ok(VERSION)), None) => Ok(()),
        (Some("simfail"), Some(Ok(version)), _) if version > VERSION => Err(SimfailError::Newer { version }),
        _ => Err(SimfailError::NotSimfail),
    }
}

#[derive(Default)]
struct Parser {
    file: Simfail,
    /// The section that the line is in, as its place among all; `None` in the header.
    section: Option<usize>,
    /// The entries that there may be once only, with their lines.
    seen: BTreeMap<(Option<usize>, String), usize>,
    marks: Vec<u8>,
    /// From one.
    number: usize,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), LineError> {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
            return Err(LineError::Conflict);
        }
        if line.starts_with('[') {
            let known = SECTIONS.iter().position(|section| *section == line);
            let name = || line.chars().take(40).collect();
            let place = known.ok_or_else(|| LineError::Unknown {
                name: name(),
                section: "the sections",
                known: SECTIONS,
            })?;
            if self.section.is_some_and(|before| before >= place) {
                return Err(LineError::Order { order: SECTIONS });
            }
            self.section = Some(place);
            return Ok(());
        }
        let words = Words(line);
        let section = self.section.map(|place| SECTIONS[place]);
        let is_exception = matches!(section, Some("[faults]" | "[schedule]" | "[values]"));
        if is_exception && !matches!(self.file.order, BaseOrder::Default { .. }) {
            return Err(LineError::NoExceptions { order: self.file.order });
        }
        match section {
            None => self.header(words),
            Some("[settings]") => self.setting(words, |file| &mut file.settings),
            Some("[drawn]") => self.setting(words, |file| &mut file.drawn),
            Some("[faults]") => self.fault(words),
            Some("[schedule]") => self.switch(words),
            Some("[values]") => self.value(words),
            Some(_) => self.expectation(words),
        }
    }

    /// Sees to it that there is only one of this entry.
    fn once(&mut self, entry: impl ToString) -> Result<(), LineError> {
        let before = self.seen.insert((self.section, entry.to_string()), self.number);
        before.map_or(Ok(()), |before| Err(LineError::Twice { before }))
    }

    fn header(&mut self, mut words: Words<'_>) -> Result<(), LineError> {
        let entry = words.plain("the name of an entry")?;
        if entry != "note" {
            self.once(&entry)?;
        }
        match &*entry {
            "test" => self.file.test = words.rest()?,
            "signature" => self.file.signature = words.rest()?,
            "found" => self.file.found = words.rest()?,
            "shrunk" => self.file.shrunk = words.rest()?,
            "note" => self.file.notes.push(words.rest()?),
            "order" => self.file.order = order(words)?,
            _ => return Err(unknown(&entry, "the header", HEADER)),
        }
        Ok(())
    }

    fn setting(
        &mut self,
        mut words: Words<'_>,
        settings: fn(&mut Simfail) -> &mut BTreeMap<String, String>,
    ) -> Result<(), LineError> {
        let name = words.name("the name of a setting")?;
        words.sign("=")?;
        let value = words.rest()?;
        self.once(&name)?;
        settings(&mut self.file).insert(name, value);
        Ok(())
    }

    fn fault(&mut self, mut words: Words<'_>) -> Result<(), LineError> {
        let name = decision(&mut words)?;
        words.sign("on")?;
        words.end()?;
        self.once(&name)?;
        self.file.faults.insert(name);
        Ok(())
    }

    fn switch(&mut self, mut words: Words<'_>) -> Result<(), LineError> {
        let moment = match &*words.plain("after or start")? {
            "start" => Moment::Start,
            "after" => Moment::After(decision(&mut words)?),
            _ => return Err(LineError::Expected("after or start")),
        };
        words.sign("run")?;
        let turn = turn(words)?;
        self.once(&moment)?;
        self.file.schedule.insert(moment, turn);
        Ok(())
    }

    fn value(&mut self, mut words: Words<'_>) -> Result<(), LineError> {
        let name = decision(&mut words)?;
        words.sign("=")?;
        let value = match &*words.plain("a number, true or false")? {
            "true" => FileValue::Flag(true),
            "false" => FileValue::Flag(false),
            digits => FileValue::Number(number(digits, u64::MAX)?),
        };
        words.end()?;
        self.once(&name)?;
        self.file.values.insert(name, value);
        Ok(())
    }

    fn expectation(&mut self, mut words: Words<'_>) -> Result<(), LineError> {
        let entry = words.plain("the name of an entry")?;
        let value = words.plain("a number")?;
        words.end()?;
        if entry != "marks" {
            self.once(&entry)?;
        }
        match &*entry {
            "decisions" => self.file.expect.decisions = number(&value, u64::MAX)?,
            "marks" => self.add_marks(&value)?,
            "trace" => {
                let hash = hex(&value).filter(|_| value.len() == 16);
                self.file.expect.trace = hash.ok_or_else(|| LineError::Hash(value.into_owned()))?;
            }
            _ => return Err(unknown(&entry, "[expect]", EXPECT)),
        }
        Ok(())
    }

    fn add_marks(&mut self, digits: &str) -> Result<(), LineError> {
        let count = Marks::count(self.file.expect.decisions);
        for pair in digits.as_bytes().chunks(2) {
            let mark = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2).and_then(hex);
            let mark = mark.filter(|_| self.marks.len() < count).ok_or(LineError::Marks(count))?;
            self.marks.push(mark as u8);
        }
        Ok(())
    }

    /// The file, if it has said all.
    fn file(self) -> Result<Simfail, SimfailError> {
        let Parser { mut file, seen, marks, .. } = self;
        let expect = Some(SECTIONS.len() - 1);
        let header = ["test", "signature", "found"].map(|entry| (None, entry));
        let needed = header.into_iter().chain(["decisions", "trace"].map(|entry| (expect, entry)));
        for (section, entry) in needed {
            if !seen.contains_key(&(section, entry.to_string())) {
                return Err(SimfailError::CutOff { missing: entry });
            }
        }
        if !marks.is_empty() && marks.len() != Marks::count(file.expect.decisions) {
            return Err(SimfailError::CutOff { missing: "marks" });
        }
        file.expect.marks = Marks(marks);
        Ok(file)
    }
}

fn unknown(entry: &str, section: &'static str, known: &'static [&'static str]) -> LineError {
    LineError::Unknown { name: entry.chars().take(40).collect(), section, known }
}

/// `default batches no-points asks=spurious holds=16`
fn order(mut words: Words<'_>) -> Result<BaseOrder, LineError> {
    const KNOWN: LineError = LineError::Expected("default, production or found");
    let order = match &*words.plain("default, production or found")? {
        "production" => BaseOrder::Production,
        "found" => BaseOrder::Found,
        "default" => {
            let BaseOrder::Default { mut batches, mut holds_max, mut decision_points, mut asked_anyway } =
                BaseOrder::default()
            else {
                return Err(KNOWN);
            };
            while let Some(word) = words.next()? {
                match word.text.split_once('=') {
                    None if word.text == "batches" => batches = true,
                    None if word.text == "no-points" => decision_points = false,
                    Some(("asks", names)) => asked_anyway = faults(names)?,
                    Some(("holds", "never")) => holds_max = u32::MAX,
                    Some(("holds", digits)) => holds_max = number(digits, u32::MAX.into())? as u32,
                    _ => return Err(LineError::TooMuch(word.text.into_owned())),
                }
            }
            BaseOrder::Default { batches, holds_max, decision_points, asked_anyway }
        }
        _ => return Err(KNOWN),
    };
    words.end()?;
    Ok(order)
}

/// `spurious+loss`
fn faults(names: &str) -> Result<Faults, LineError> {
    let known = names.split('+').map(Fault::named);
    known.collect::<Option<Faults>>().ok_or(LineError::Expected("names of faults with a + between them"))
}

/// `n2/snapshot`, `n2 ~2`
fn turn(mut words: Words<'_>) -> Result<TurnName, LineError> {
    let task = words.name("the name of a task")?;
    let Some(place) = words.next()? else { return Ok(TurnName { task, nth: 0 }) };
    let digits = place.text.strip_prefix('~').ok_or_else(|| LineError::TooMuch(place.text.to_string()))?;
    let place = number(digits, u64::from(u32::MAX) + 1)?;
    words.end()?;
    let nth = place.checked_sub(1).ok_or(LineError::Expected("a number above 0"))? as u32;
    Ok(TurnName { task, nth })
}

/// `n2/apply @ lock(log) #1`
fn decision(words: &mut Words<'_>) -> Result<DecisionName, LineError> {
    let lineage = words.name("the name of a task or of another actor")?;
    words.sign("@")?;
    let label = words.name("the name of an operation")?;
    let ordinal = words.plain("#NUMBER")?;
    let digits = ordinal.strip_prefix('#').ok_or(LineError::Expected("#NUMBER"))?;
    let ordinal = number(digits, u32::MAX.into())? as u32;
    Ok(DecisionName { lineage, label, ordinal })
}

fn number(digits: &str, max: u64) -> Result<u64, LineError> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| is_plain && *number <= max);
    number.ok_or_else(|| LineError::Number { text: digits.chars().take(40).collect(), max })
}

fn hex(digits: &str) -> Option<u64> {
    let is_hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}
