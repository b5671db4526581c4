//! Which encoding a file has: a byte order mark decides, else strict UTF-8, else Windows-1252, which is what the
//! statistical offices' web download delivers.
use super::Failure;
use std::io::{ErrorKind, Read};

/// The encodings that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, with or without mark.
    Utf8,
    /// Windows-1252.
    Windows1252,
}

impl Encoding {
    /// The name that provenance states.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// Decodes one record. Nothing when the bytes are none of this encoding.
    pub(crate) fn decode_into(self, bytes: &[u8], text: &mut String) -> Option<()> {
        text.clear();
        match self {
            Encoding::Utf8 => text.push_str(std::str::from_utf8(bytes).ok()?),
            Encoding::Windows1252 => {
                let (decoded, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
                text.push_str(&decoded);
            }
        }
        let control = |byte: &u8| *byte < b' ' && !matches!(*byte, b'\t' | b'\n' | b'\r');
        let undefined = |byte: &u8| matches!(*byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        let broken = bytes.iter().any(control) || (self == Encoding::Windows1252 && bytes.iter().any(undefined));
        (!broken).then_some(())
    }
}

/// What a first look through the whole file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The encoding.
    pub(crate) encoding: Encoding,
    /// How many characters had been lost before the file came here (U+FFFD).
    pub(crate) lost_characters: u64,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decides the encoding by reading the whole file once, in constant memory.
pub(crate) fn look(mut file: impl Read) -> Result<Look, Failure> {
    let mut block = vec![0; 64 * 1024];
    let mut kept = 0;
    let mut first = true;
    let (mut marked, mut valid, mut lost) = (false, true, 0);
    loop {
        let read = match file.read(&mut block[kept..]) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::storage(error)),
        };
        let filled = kept + read;
        if first && filled < MARK.len() && read > 0 {
            kept = filled;
            continue;
        }
        if first {
            first = false;
            if block[..filled].starts_with(b"\xFF\xFE") || block[..filled].starts_with(b"\xFE\xFF") {
                return Err(Failure::at(1, 1, "undecodable", "the file is UTF-16; UTF-8 or Windows-1252 is expected"));
            }
            marked = block[..filled].starts_with(MARK);
        }
        let (text, rest) = match std::str::from_utf8(&block[..filled]) {
            Ok(text) => (text, 0),
            Err(error) if error.error_len().is_none() && read > 0 => {
                let end = error.valid_up_to();
                (std::str::from_utf8(&block[..end]).unwrap_or_default(), filled - end)
            }
            Err(_) => {
                valid = false;
                break;
            }
        };
        lost += u64::try_from(text.matches(char::REPLACEMENT_CHARACTER).count()).unwrap_or(u64::MAX);
        if read == 0 {
            break;
        }
        block.copy_within(filled - rest..filled, 0);
        kept = rest;
    }
    let encoding = if marked || valid { Encoding::Utf8 } else { Encoding::Windows1252 };
    Ok(Look { encoding, lost_characters: if encoding == Encoding::Utf8 { lost } else { 0 } })
}

/// A file without its byte order mark.
pub(crate) fn without_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(MARK).unwrap_or(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, so that every character is split.
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((byte, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *byte;
            self.0 = rest;
            Ok(1)
        }
    }

    fn encoding(bytes: &[u8]) -> Encoding {
        let whole = look(bytes).expect("readable");
        assert_eq!(look(Drip(bytes)).expect("readable"), whole);
        whole.encoding
    }

    #[test]
    fn the_encoding_is_decided_by_the_bytes() {
        assert_eq!(encoding("Städte".as_bytes()), Encoding::Utf8);
        assert_eq!(encoding("\u{feff}Städte".as_bytes()), Encoding::Utf8);
        assert_eq!(encoding(b"St\xE4dte"), Encoding::Windows1252);
        assert_eq!(encoding(b"Stadt \xE4"), Encoding::Windows1252, "cut at the end");
        assert_eq!(encoding(b""), Encoding::Utf8);
        let late = [vec![b'a'; 200_000], vec![0xE4, b'b']].concat();
        assert_eq!(look(late.as_slice()).expect("readable").encoding, Encoding::Windows1252);
    }

    #[test]
    fn lost_characters_are_counted() {
        assert_eq!(look("L\u{fffd}beck, T\u{fffd}bingen".as_bytes()).expect("readable").lost_characters, 2);
    }

    #[test]
    fn what_is_no_text_does_not_decode() {
        let mut text = String::new();
        assert!(Encoding::Windows1252.decode_into(b"St\xE4dte", &mut text).is_some());
        assert_eq!(text, "Städte");
        assert!(Encoding::Windows1252.decode_into(b"\x81", &mut text).is_none());
        assert!(Encoding::Utf8.decode_into(b"a\0b", &mut text).is_none());
        assert!(look(b"\xFF\xFEa\0".as_slice()).is_err());
    }
}
