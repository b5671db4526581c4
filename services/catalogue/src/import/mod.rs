//! Reading files of other systems: which formats there are, how one is recognised, and what comes out of a file.
//!
//! An adapter is lenient in what it takes and exact in what it reports. It never sees the database: it turns a stream
//! of bytes into [`Entry`]s, one per record, in the order of the file.
pub mod decode;
pub mod element;
pub mod ical;
pub mod json;
pub mod kufer;
pub mod open_vhs;
pub mod open_vhs_json;
pub mod open_vhs_xml;
pub mod place;
pub(crate) mod runner;
pub mod text;
pub mod values;
pub mod xml;

use crate::domain::{Violation, record::Record};
use jiff::tz::TimeZone;
use std::io::Read;

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Open-vhs XML.
    OpenVhs,
    /// The JSON dialect of Open-vhs that Berlin publishes.
    OpenVhsJson,
    /// KuferSQL's `internet.xml`.
    Kufer,
    /// iCalendar.
    ICal,
}

impl Format {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenVhs => "open-vhs",
            Self::OpenVhsJson => "open-vhs-json",
            Self::Kufer => "kufer",
            Self::ICal => "ical",
        }
    }

    /// Reads a name of the API.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    fn adapter(self) -> &'static dyn Adapter {
        match self {
            Self::OpenVhs => &open_vhs_xml::OpenVhsXml,
            Self::OpenVhsJson => &open_vhs_json::OpenVhsJson,
            Self::Kufer => &kufer::Kufer,
            Self::ICal => &ical::ICal,
        }
    }

    const ALL: [Self; 4] = [Self::OpenVhs, Self::OpenVhsJson, Self::Kufer, Self::ICal];
}

/// What a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// Look at the file.
    Auto,
    /// One of these: the first that recognises the file, else the first.
    OneOf(&'static [Format]),
}

impl Requested {
    /// Reads a format's name; nothing is `auto`.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        match name {
            "" | "auto" => Ok(Self::Auto),
            "open-vhs" => Ok(Self::OneOf(&[Format::OpenVhs, Format::OpenVhsJson])),
            "open-vhs-json" => Ok(Self::OneOf(&[Format::OpenVhsJson])),
            "kufer" => Ok(Self::OneOf(&[Format::Kufer])),
            "ical" => Ok(Self::OneOf(&[Format::ICal])),
            _ => Err(Violation::UnknownFormat(name.to_owned())),
        }
    }

    /// Decides by the first bytes of a file.
    pub fn decide(self, head: &[u8]) -> Result<Format, Violation> {
        let text = decode::peek(head);
        let recognising = |formats: &[Format]| formats.iter().copied().find(|format| format.adapter().recognises(&text));
        match self {
            Self::Auto => recognising(&Format::ALL).ok_or(Violation::FormatNotRecognised),
            Self::OneOf(formats) => Ok(recognising(formats).unwrap_or(formats[0])),
        }
    }
}

/// How many first bytes of a file are enough to recognise its format.
pub const HEAD_BYTES: usize = 8 * 1024;

/// One format.
pub trait Adapter: Sync {
    /// Whether the beginning of a file looks like this format.
    fn recognises(&self, head: &str) -> bool;
    /// Reads a file from beginning to end and hands over its records one by one.
    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable>;
}

/// What the reading of a record may depend on besides the file.
#[derive(Clone, Debug)]
pub struct Context {
    /// Zone of times without an offset.
    pub time_zone: TimeZone,
    /// Language of instruction where the format cannot say.
    pub language: String,
}

/// What a file says about all its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Who provides the offers.
    pub provider: Option<String>,
}

/// One record of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the file, from 1.
    pub position: u64,
    /// The source's id, if it has one.
    pub key: Option<String>,
    /// Its content, or nothing if it cannot become an offer (then a note of severity `Rejected` says why).
    pub record: Option<Record>,
    /// What the owner of the file should know.
    pub notes: Vec<Note>,
}

/// Something the owner of a file should know about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether the record was left out.
    pub severity: Severity,
    /// The field, in the terms of the format.
    pub field: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, in German, for the people who keep the file.
    pub reason: String,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The record was left out.
    Rejected,
    /// The record was taken, without the field.
    Warning,
}

impl Severity {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Warning => "warning",
        }
    }
}

/// Receives the records of a file; `false` ends the reading.
pub type Sink<'s> = dyn FnMut(Entry) -> bool + 's;

/// A file that cannot be read to its end. Nothing of it is applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({line}:{column})")]
pub struct Unreadable {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// A stable code: `not_well_formed`, `undecodable`, `dtd_refused`, `unexpected_structure`, `record_too_large`, `encoding_unknown`,
    /// `interrupted`.
    pub code: &'static str,
    /// What is wrong, in German.
    pub reason: String,
}

/// Reads a file of a format.
pub fn read(format: Format, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
    format.adapter().read(context, source, sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_the_beginning() {
        let xml =
            br#"<?xml version="1.0"?><!-- a --><openvhs:veranstaltungen version="1.2" xmlns:openvhs="http://www.dvv-vhs.de/Open-VHS">"#;
        let json = br#"{"veranstaltungen": {"veranstaltung": [{"guid": "1"}]}}"#;
        assert_eq!(Requested::Auto.decide(xml), Ok(Format::OpenVhs));
        assert_eq!(Requested::Auto.decide(json), Ok(Format::OpenVhsJson));
        assert_eq!(Requested::parse("open-vhs").unwrap().decide(json), Ok(Format::OpenVhsJson));
        assert_eq!(Requested::parse("open-vhs").unwrap().decide(b"rubbish"), Ok(Format::OpenVhs));
        assert_eq!(Requested::Auto.decide(b"<?xml version='1.0' encoding='windows-1252'?><kurse><kurs>"), Ok(Format::Kufer));
        assert_eq!(Requested::Auto.decide(b"BEGIN:VCALENDAR\r\n"), Ok(Format::ICal));
        assert_eq!(Requested::Auto.decide(b"\xff\xfe\x00"), Err(Violation::FormatNotRecognised));
        assert_eq!(Requested::parse("docx"), Err(Violation::UnknownFormat("docx".into())));
    }
}
