//! Records of a delimited file that know their line, also after blank lines and cells that span several lines.
use super::{
    Failure,
    encoding::{Encoding, without_mark},
};
use std::{
    io::{BufRead, BufReader, Read},
    ops::Range,
};

/// A record longer than this is a broken file, not a table.
const LONGEST: usize = 1 << 20;

/// Reads records one by one, in constant memory.
pub(crate) struct Records<R> {
    input: BufReader<R>,
    encoding: Encoding,
    delimiter: u8,
    lines_read: u32,
    line: u32,
    bytes: Vec<u8>,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
    text: String,
    fields: Vec<Range<usize>>,
}

/// One record.
pub(crate) struct Record<'a> {
    /// The line it begins on, from 1.
    pub(crate) line: u32,
    text: &'a str,
    fields: &'a [Range<usize>],
}

impl<'a> Record<'a> {
    /// How many fields it has.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }
    /// A field, empty when there is none.
    pub(crate) fn field(&self, index: usize) -> &'a str {
        self.fields.get(index).map_or("", |range| &self.text[range.clone()])
    }
    /// All fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.fields.iter().map(move |range| &text[range.clone()])
    }
}

impl<R: Read> Records<R> {
    /// Records of `file`, whose encoding is known.
    pub(crate) fn new(file: R, encoding: Encoding, delimiter: u8) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, file),
            encoding,
            delimiter,
            lines_read: 0,
            line: 0,
            bytes: Vec::new(),
            unquoted: Vec::new(),
            ends: Vec::new(),
            text: String::new(),
            fields: Vec::new(),
        }
    }

    /// The next record that is not blank.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, Failure> {
        loop {
            self.bytes.clear();
            self.line = self.lines_read + 1;
            if !self.read_line()? {
                return Ok(None);
            }
            if self.line == 1 {
                let mark = self.bytes.len() - without_mark(&self.bytes).len();
                self.bytes.drain(..mark);
            }
            if !trimmed(&self.bytes).is_empty() {
                break;
            }
        }
        if self.bytes.contains(&b'"') {
            while !self.split_quoted() {
                if !self.read_line()? {
                    return Err(Failure::at(self.line, 1, "not_well_formed", "a quoted cell is never closed"));
                }
            }
        } else {
            let end = trimmed(&self.bytes).len();
            self.unquoted.clear();
            self.ends.clear();
            self.unquoted.extend_from_slice(&self.bytes[..end]);
            self.ends.extend(self.unquoted.iter().enumerate().filter(|(_, byte)| **byte == self.delimiter).map(|(at, _)| at));
            self.ends.push(end);
        }
        self.decode()?;
        Ok(Some(Record { line: self.line, text: &self.text, fields: &self.fields }))
    }

    fn read_line(&mut self) -> Result<bool, Failure> {
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.bytes).map_err(Failure::storage)?;
        if self.bytes.len() >= LONGEST {
            return Err(Failure::at(self.line, 1, "not_well_formed", "a record is longer than a mebibyte"));
        }
        self.lines_read += u32::from(read > 0);
        Ok(read > 0)
    }

    /// Splits what was read so far; false when a quoted cell is still open. A delimiter inside quotes is kept as text,
    /// so the ends of the fields are remembered and the text is joined without delimiters.
    fn split_quoted(&mut self) -> bool {
        self.unquoted.clear();
        self.ends.clear();
        let end = trimmed(&self.bytes).len();
        let (mut quoted, mut at_start, mut at) = (false, true, 0);
        while at < end {
            let byte = self.bytes[at];
            match (quoted, byte) {
                (true, b'"') if self.bytes.get(at + 1) == Some(&b'"') && at + 1 < end => {
                    self.unquoted.push(b'"');
                    at += 1;
                }
                (true, b'"') => quoted = false,
                (false, b'"') if at_start => quoted = true,
                (false, byte) if byte == self.delimiter => {
                    self.ends.push(self.unquoted.len());
                    self.unquoted.push(byte);
                    at_start = true;
                    at += 1;
                    continue;
                }
                (_, byte) => self.unquoted.push(byte),
            }
            at_start = false;
            at += 1;
        }
        self.ends.push(self.unquoted.len());
        !quoted
    }

    fn decode(&mut self) -> Result<(), Failure> {
        self.fields.clear();
        let mut start = 0;
        let undecodable = |column: usize, line| {
            let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
            Failure::at(line, column, "undecodable", "these bytes are no text in the file's encoding")
        };
        if self.unquoted.is_ascii() && !self.unquoted.iter().any(|byte| *byte < b' ') {
            self.text.clear();
            self.text.push_str(std::str::from_utf8(&self.unquoted).map_err(|_| undecodable(0, self.line))?);
            for end in &self.ends {
                self.fields.push(start..*end);
                start = *end + 1;
            }
            return Ok(());
        }
        let mut whole = String::with_capacity(self.unquoted.len() + 16);
        for (column, end) in self.ends.iter().enumerate() {
            let bytes = &self.unquoted[start..*end];
            self.encoding.decode_into(bytes, &mut self.text).ok_or_else(|| undecodable(column, self.line))?;
            let from = whole.len();
            whole.push_str(&self.text);
            self.fields.push(from..whole.len());
            start = *end + 1;
        }
        self.text = whole;
        Ok(())
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u32, Vec<String>)> {
        let mut records = Records::new(text, Encoding::Windows1252, b';');
        let mut read = Vec::new();
        while let Some(record) = records.next().expect("well-formed") {
            read.push((record.line, record.fields().map(str::to_owned).collect()));
        }
        read
    }

    #[test]
    fn a_record_knows_its_line() {
        let read = all(b"a;b\r\n\r\n\n1;2\n\"x\n;\"\"y\"\"\";z\nlast;");
        let expected: Vec<(u32, Vec<&str>)> =
            vec![(1, vec!["a", "b"]), (4, vec!["1", "2"]), (5, vec!["x\n;\"y\"", "z"]), (7, vec!["last", ""])];
        let read: Vec<(u32, Vec<&str>)> = read.iter().map(|(line, fields)| (*line, fields.iter().map(String::as_str).collect())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_quote_in_the_middle_is_text() {
        assert_eq!(all(b"5\" Rohr;2")[0].1, ["5\" Rohr", "2"]);
    }

    #[test]
    fn umlauts_move_no_column() {
        assert_eq!(all(b"K\xF6ln;\"M\xFCnchen;Land\";3")[0].1, ["Köln", "München;Land", "3"]);
    }

    #[test]
    fn broken_files_are_told_with_their_line() {
        let failure = |text: &[u8]| {
            let mut records = Records::new(text, Encoding::Utf8, b';');
            loop {
                match records.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("read without failure"),
                    Err(failure) => return (failure.code, failure.place),
                }
            }
        };
        assert_eq!(failure(b"a;b\n\"open;c\nd"), ("not_well_formed", Some((2, 1))));
        assert_eq!(failure(b"a;b\nc;\xE4"), ("undecodable", Some((2, 2))));
    }
}
