//! Bytes to text: byte order mark, then the declaration, then UTF-8; what cannot be decoded is refused with its place.
use super::Unreadable;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

/// The beginning of a file as text, for recognising a format. Never fails.
pub fn peek(head: &[u8]) -> String {
    let encoding = declared(head).ok().flatten().unwrap_or(UTF_8);
    let (text, _, _) = encoding.decode(head);
    text.into_owned()
}

/// The encoding a byte order mark or an XML declaration names. `Err` holds a name nobody knows.
fn declared(head: &[u8]) -> Result<Option<&'static Encoding>, String> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(Some(encoding));
    }
    if !head.starts_with(b"<?xml") {
        return Ok(None);
    }
    let end = head.iter().position(|byte| *byte == b'>').unwrap_or(head.len());
    let declaration = String::from_utf8_lossy(&head[..end]);
    let Some((_, rest)) = declaration.split_once("encoding") else { return Ok(None) };
    let rest = rest.trim_start().trim_start_matches('=').trim_start();
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Ok(None) };
    let name = rest[1..].split(quote).next().unwrap_or_default();
    Encoding::for_label(name.as_bytes()).map(Some).ok_or_else(|| name.to_owned())
}

/// Where the decoded text ends that a reader has handed out so far.
#[derive(Clone, Debug, Default)]
struct Place {
    line: u64,
    column: u64,
}

/// A failure of the decoder that a parser above must not call its own.
#[derive(Clone, Default)]
pub struct DecodeFailure(Rc<Cell<Option<Unreadable>>>);

impl DecodeFailure {
    /// The failure, if there was one.
    pub fn take(&self) -> Option<Unreadable> {
        self.0.take()
    }
}

/// A reader of UTF-8 over a file in whatever encoding it declares. Without a byte order mark.
pub struct DecodingReader<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// What of `input` is not yet decoded.
    pending: std::ops::Range<usize>,
    output: Vec<u8>,
    handed_out: usize,
    place: Place,
    at_end: bool,
    finished: bool,
    failure: DecodeFailure,
}

const BLOCK: usize = 64 * 1024;

impl<R: Read> DecodingReader<R> {
    /// Looks at the beginning of a file and decides its encoding.
    pub fn new(mut source: R) -> Result<Self, Unreadable> {
        let mut input = vec![0; BLOCK];
        let mut filled = 0;
        while filled < 1024 {
            match source.read(&mut input[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(interrupted(&error)),
            }
        }
        let encoding = declared(&input[..filled]).map_err(|name| Unreadable {
            line: 1,
            column: 1,
            code: "encoding_unknown",
            reason: format!("Die Zeichenkodierung „{name}“ ist nicht bekannt."),
        })?;
        Ok(Self {
            source,
            decoder: encoding.unwrap_or(UTF_8).new_decoder_with_bom_removal(),
            input,
            pending: 0..filled,
            output: Vec::with_capacity(BLOCK * 3),
            handed_out: 0,
            place: Place { line: 1, column: 1 },
            at_end: filled == 0,
            finished: false,
            failure: DecodeFailure::default(),
        })
    }

    /// Through which a parser's caller learns that it was the decoder that failed.
    pub fn failure(&self) -> DecodeFailure {
        self.failure.clone()
    }

    fn decode_block(&mut self) -> io::Result<()> {
        if self.pending.is_empty() && !self.at_end {
            let read = self.source.read(&mut self.input)?;
            self.at_end = read == 0;
            self.pending = 0..read;
        }
        self.output.clear();
        self.handed_out = 0;
        self.output.resize(BLOCK * 3, 0);
        let bytes = &self.input[self.pending.clone()];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.output, self.at_end);
        self.output.truncate(written);
        self.pending.start += read;
        for byte in &self.output {
            match byte {
                b'\n' => self.place = Place { line: self.place.line + 1, column: 1 },
                // continuation bytes are no columns
                0x80..=0xbf => {}
                _ => self.place.column += 1,
            }
        }
        match result {
            DecoderResult::InputEmpty => self.finished = self.at_end,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                self.failure.0.set(Some(Unreadable {
                    line: self.place.line,
                    column: self.place.column,
                    code: "undecodable",
                    reason: format!("Hier stehen Bytes, die in {} kein Zeichen sind.", self.decoder.encoding().name()),
                }));
                return Err(io::Error::new(io::ErrorKind::InvalidData, "undecodable bytes"));
            }
        }
        Ok(())
    }
}

/// A file that could not be read from where it is kept.
pub fn interrupted(error: &io::Error) -> Unreadable {
    Unreadable { line: 1, column: 1, code: "interrupted", reason: format!("Die Datei konnte nicht gelesen werden: {error}") }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.handed_out == self.output.len() {
            if self.finished {
                return Ok(0);
            }
            self.decode_block()?;
        }
        let rest = &self.output[self.handed_out..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.handed_out += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
        let mut reader = DecodingReader::new(bytes)?;
        let failure = reader.failure();
        let mut text = String::new();
        reader.read_to_string(&mut text).map_err(|error| failure.take().unwrap_or_else(|| interrupted(&error)))?;
        Ok(text)
    }

    #[test]
    fn declared_encodings_are_followed() {
        assert_eq!(decode("grün".as_bytes()).unwrap(), "grün");
        assert_eq!(decode(b"\xef\xbb\xbf{}").unwrap(), "{}");
        assert!(decode(b"<?xml version=\"1.0\" encoding=\"iso-8859-15\"?><a>\xa4</a>").unwrap().contains('€'));
        assert!(decode(b"<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>").unwrap().contains('€'));
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("grün".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16).unwrap(), "grün");
        assert_eq!(decode(b"").unwrap(), "");
    }

    #[test]
    fn undecodable_bytes_are_refused_with_their_place() {
        let error = decode("ä\nbc\u{fc}".as_bytes().split_last().unwrap().1).unwrap_err();
        assert_eq!((error.line, error.column, error.code), (2, 3, "undecodable"));
        assert_eq!(decode(b"<?xml version='1.0' encoding='klingon'?>").unwrap_err().code, "encoding_unknown");
    }

    #[test]
    fn long_files_are_decoded_in_blocks() {
        let text = "Übung macht den Meister.\n".repeat(20_000);
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
    }
}
