//! Lines and columns of a stream that a parser reads in blocks.
use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read},
    rc::Rc,
};

/// A reader that remembers enough of what it handed out to tell the line and column of an offset.
pub struct Tracked<R> {
    source: R,
    places: Places,
}

/// Answers for offsets of the most recent part of a stream; an older one is given as the oldest it knows.
#[derive(Clone, Default)]
pub struct Places(Rc<RefCell<Window>>);

struct Window {
    bytes: VecDeque<u8>,
    /// Offset, line and column of the first byte.
    offset: u64,
    line: u64,
    column: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { bytes: VecDeque::new(), offset: 0, line: 1, column: 1 }
    }
}

const KEPT: usize = 1024 * 1024;

impl<R> Tracked<R> {
    /// Follows a stream.
    pub fn new(source: R) -> Self {
        Self { source, places: Places::default() }
    }

    /// For asking while a parser owns the reader.
    pub fn places(&self) -> Places {
        self.places.clone()
    }
}

impl Places {
    /// Line and column of an offset, both from 1, the column in characters.
    pub fn locate(&self, offset: u64) -> (u64, u64) {
        let window = self.0.borrow();
        let count = usize::try_from(offset.saturating_sub(window.offset)).unwrap_or(usize::MAX);
        window.bytes.iter().take(count).fold((window.line, window.column), |place, byte| advance(place, *byte))
    }
}

fn advance((line, column): (u64, u64), byte: u8) -> (u64, u64) {
    match byte {
        b'\n' => (line + 1, 1),
        0x80..=0xbf => (line, column),
        _ => (line, column + 1),
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let mut window = self.places.0.borrow_mut();
        window.bytes.extend(&buffer[..read]);
        let surplus = window.bytes.len().saturating_sub(KEPT);
        let start = (window.line, window.column);
        (window.line, window.column) = window.bytes.drain(..surplus).fold(start, advance);
        window.offset += surplus as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_lines_and_columns() {
        let text = "ä1\n22\n333".as_bytes();
        let mut tracked = Tracked::new(text);
        let places = tracked.places();
        io::copy(&mut tracked, &mut io::sink()).unwrap();
        assert_eq!(places.locate(0), (1, 1));
        assert_eq!(places.locate(2), (1, 2));
        assert_eq!(places.locate(4), (2, 1));
        assert_eq!(places.locate(9), (3, 3));
    }

    #[test]
    fn a_long_stream_is_forgotten_but_its_lines_are_counted() {
        let text = "123456789\n".repeat(300_000);
        let mut tracked = Tracked::new(text.as_bytes());
        let places = tracked.places();
        io::copy(&mut tracked, &mut io::sink()).unwrap();
        assert_eq!(places.locate(2_999_995), (300_000, 6));
    }
}
