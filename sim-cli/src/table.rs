//! Text in columns.

use std::io::{self, Write};

use anstyle::Style;

/// Text in columns, each as wide as its widest cell.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    is_number: bool,
}

/// One cell of a row.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Column {
    pub(crate) const fn text(title: &'static str) -> Self {
        Column { title, is_number: false }
    }

    /// Its cells are aligned at their right.
    pub(crate) const fn number(title: &'static str) -> Self {
        Column { title, is_number: true }
    }
}

impl Cell {
    pub(crate) fn new(text: impl ToString) -> Self {
        Cell { text: text.to_string(), style: Style::new() }
    }

    pub(crate) fn styled(text: impl ToString, style: Style) -> Self {
        Cell { text: text.to_string(), style }
    }
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Table { columns: columns.into(), rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: impl Into<Vec<Cell>>) {
        let row = row.into();
        assert_eq!(row.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(row);
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let head: Vec<Cell> =
            self.columns.iter().map(|column| Cell::styled(column.title, Style::new().bold())).collect();
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        [&head].into_iter().chain(&self.rows).try_for_each(|row| self.write_row(row, &widths, out))
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].text.as_str());
        cells.chain([self.columns[column].title]).map(|text| text.chars().count()).max().unwrap_or(0)
    }

    fn write_row(&self, row: &[Cell], widths: &[usize], out: &mut dyn Write) -> io::Result<()> {
        // With no space at the end of the line.
        let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
        for (number, Cell { text, style }) in row[..=last].iter().enumerate() {
            let space = " ".repeat(widths[number] - text.chars().count());
            if self.columns[number].is_number {
                write!(out, "{space}{style}{text}{style:#}")?;
            } else if number == last {
                write!(out, "{style}{text}{style:#}")?;
            } else {
                write!(out, "{style}{text}{style:#}{space}")?;
            }
            out.write_all(if number == last { b"\n" } else { b"  " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anstream::StripStream;

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        let mut table = Table::new([Column::text("name"), Column::number("runs"), Column::text("verdict")]);
        table.push(["echo", "7", "holds"].map(Cell::new));
        table.push(["ping", "8", ""].map(Cell::new));
        table.push(["überlang", "12345", "MISSED"].map(|text| Cell::styled(text, Style::new().bold())));
        let mut text = Vec::new();
        table.write(&mut StripStream::new(&mut text)).unwrap();
        let expected = "\
name       runs  verdict
echo          7  holds
ping          8
überlang  12345  MISSED
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    #[should_panic(expected = "a row has a cell for each column")]
    fn a_row_that_is_too_short_is_refused() {
        Table::new([Column::text("name"), Column::text("about")]).push([Cell::new("echo")]);
    }
}
