//! XML as a stream of records, whatever the format: a record is handed over whole, nothing else of the file is kept.
//! Document types and entities of the file's own are refused.
use super::{
    Unreadable,
    decode::DecodingReader,
    element::Element,
    place::{Places, Tracked},
};
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use std::io::{BufRead, BufReader, Read};

/// What is looked for in a document.
pub struct Shape {
    /// Local names that the root may have.
    pub roots: &'static [&'static str],
    /// Where the records are: local names below the root.
    pub records: &'static [Path],
}

/// Local names from below the root down to a record.
pub type Path = &'static [&'static str];

/// Receives the records of a document with their paths; `false` ends the reading.
pub type Sink<'s> = dyn FnMut(Path, Element) -> bool + 's;

/// Deeper than any record of any format; a bound for hostile files.
const MAX_DEPTH: usize = 32;
/// Larger than any honest record; a bound for hostile files.
const MAX_RECORD_BYTES: usize = 4 << 20;

/// Whether the beginning of a file has a root of this name.
pub fn has_root(head: &str, name: &str) -> bool {
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    // the declaration, comments and processing instructions come before the root
    while rest.starts_with("<?") || rest.starts_with("<!--") {
        let end = if rest.starts_with("<?") { "?>" } else { "-->" };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    let Some(tag) = rest.strip_prefix('<') else { return false };
    let tag = &tag[..tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(tag.len())];
    tag.rsplit(':').next() == Some(name)
}

/// Reads a document from beginning to end.
pub fn read(source: Box<dyn Read + '_>, shape: &Shape, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let decoding = DecodingReader::new(source)?;
    let decode_failure = decoding.failure();
    let tracked = Tracked::new(decoding);
    let places = tracked.places();
    let mut document = Document {
        reader: Reader::from_reader(BufReader::with_capacity(64 * 1024, tracked)),
        places,
        shape,
        open: Vec::new(),
        record: None,
        root_seen: false,
    };
    document.reader.config_mut().check_comments = true;
    let result = document.read(sink);
    match decode_failure.take() {
        Some(undecodable) => Err(undecodable),
        None => result,
    }
}

struct Document<'s, R> {
    reader: Reader<R>,
    places: Places,
    shape: &'s Shape,
    /// Open elements; the first is the root.
    open: Vec<Element>,
    record: Option<OpenRecord>,
    root_seen: bool,
}

/// The record that is being read.
struct OpenRecord {
    path: Path,
    /// How many elements are open above it.
    depth: usize,
    bytes: usize,
}

impl<R: BufRead> Document<'_, R> {
    fn read(&mut self, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let start = self.reader.buffer_position();
            let event = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => event.into_owned(),
                Err(error) => return Err(self.malformed(self.reader.error_position(), german(&error))),
            };
            let goes_on = match event {
                Event::Start(tag) => {
                    self.start(&tag, start)?;
                    true
                }
                Event::Empty(tag) => {
                    self.start(&tag, start)?;
                    self.end(sink)
                }
                Event::End(_) => self.end(sink),
                Event::Text(text) => {
                    self.text(&text, start)?;
                    true
                }
                Event::CData(text) => {
                    if self.open.is_empty() {
                        return Err(self.malformed(start, "Text außerhalb des Wurzelelements.".to_owned()));
                    }
                    self.text(&text, start)?;
                    true
                }
                Event::GeneralRef(reference) => {
                    self.reference(&reference, start)?;
                    true
                }
                Event::DocType(_) => {
                    let reason = "Dateien mit einer Dokumenttypdefinition (DOCTYPE) werden nicht angenommen.";
                    return Err(self.unreadable(start, "dtd_refused", reason.to_owned()));
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => true,
                Event::Eof => {
                    return match self.open.last() {
                        Some(open) => {
                            Err(self.malformed(start, format!("Die Datei endet, bevor das Element „{}“ geschlossen ist.", open.name)))
                        }
                        None if !self.root_seen => Err(self.malformed(start, "Die Datei enthält kein XML-Element.".to_owned())),
                        None => Ok(()),
                    };
                }
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: u64) -> Result<(), Unreadable> {
        let name = self.utf8(tag.local_name().as_ref(), at)?;
        if self.open.is_empty() {
            if self.root_seen {
                return Err(self.malformed(at, "Die Datei hat mehr als ein Wurzelelement.".to_owned()));
            }
            self.root_seen = true;
            if !self.shape.roots.contains(&name.as_str()) {
                let reason = format!("Das Wurzelelement ist „{name}“ statt „{}“.", self.shape.roots.join("“ oder „"));
                return Err(self.unreadable(at, "unexpected_structure", reason));
            }
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.unreadable(at, "unexpected_structure", "Die Elemente sind zu tief geschachtelt.".to_owned()));
        }
        let mut element = Element::new(name);
        let mut bytes = element.name.len();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(at, format!("Fehlerhaftes Attribut: {error}.")))?;
            let key = self.utf8(attribute.key.local_name().as_ref(), at)?;
            let raw = self.utf8(&attribute.value, at)?;
            if raw.contains('<') {
                return Err(self.malformed(at, "In einem Attribut steht „<“.".to_owned()));
            }
            let value =
                quick_xml::escape::unescape(&raw).map_err(|_| self.malformed(at, "Unbekannte Entität in einem Attribut.".to_owned()))?;
            bytes += key.len() + value.len();
            element.attributes.push((key, value.into_owned()));
        }
        self.open.push(element);
        if self.record.is_none() {
            let path = self.shape.records.iter().find(|path| self.is_at(path)).copied();
            self.record = path.map(|path| OpenRecord { path, depth: self.open.len() - 1, bytes: 0 });
        }
        self.grow(bytes, at)
    }

    /// Whether the open elements below the root are exactly this path.
    fn is_at(&self, path: Path) -> bool {
        self.open.len() == path.len() + 1 && self.open[1..].iter().zip(path).all(|(element, name)| element.name == *name)
    }

    fn grow(&mut self, bytes: usize, at: u64) -> Result<(), Unreadable> {
        let Some(record) = &mut self.record else { return Ok(()) };
        record.bytes += bytes;
        if record.bytes > MAX_RECORD_BYTES {
            let reason = format!("Ein Datensatz ist größer als {} MB.", MAX_RECORD_BYTES >> 20);
            return Err(self.unreadable(at, "record_too_large", reason));
        }
        Ok(())
    }

    /// Closes the innermost element; a record goes to the sink, and what is outside of records is forgotten.
    fn end(&mut self, sink: &mut Sink<'_>) -> bool {
        let Some(element) = self.open.pop() else { return true };
        match &self.record {
            None => true,
            Some(record) if record.depth == self.open.len() => {
                let path = record.path;
                self.record = None;
                sink(path, element)
            }
            Some(_) => {
                if let Some(parent) = self.open.last_mut() {
                    parent.children.push(element);
                }
                true
            }
        }
    }

    fn text(&mut self, bytes: &[u8], at: u64) -> Result<(), Unreadable> {
        let text = self.utf8(bytes, at)?;
        if text.chars().any(is_forbidden) {
            return Err(self.malformed(at, "Ein Steuerzeichen, das in XML nicht vorkommen darf.".to_owned()));
        }
        match self.open.last_mut() {
            Some(element) if self.record.is_some() => element.text.push_str(&text),
            Some(_) => {}
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(self.malformed(at, "Text außerhalb des Wurzelelements.".to_owned())),
        }
        self.grow(text.len(), at)
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: u64) -> Result<(), Unreadable> {
        let name = self.utf8(reference, at)?;
        let resolved = if reference.is_char_ref() {
            reference.resolve_char_ref().ok().flatten().filter(|c| !is_forbidden(*c)).map(String::from)
        } else {
            quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
        };
        match (resolved, self.open.last_mut()) {
            (Some(text), Some(element)) => {
                if self.record.is_some() {
                    element.text.push_str(&text);
                }
                self.grow(text.len(), at)
            }
            _ => Err(self.malformed(at, format!("Die Entität „&{name};“ ist nicht bekannt."))),
        }
    }

    /// The decoder has already made it UTF-8, whatever the declaration says.
    fn utf8(&self, bytes: &[u8], at: u64) -> Result<String, Unreadable> {
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| self.malformed(at, "Bytes, die kein Zeichen sind.".to_owned()))
    }

    fn malformed(&self, at: u64, reason: String) -> Unreadable {
        self.unreadable(at, "not_well_formed", reason)
    }

    fn unreadable(&self, at: u64, code: &'static str, reason: String) -> Unreadable {
        let (line, column) = self.places.locate(at);
        Unreadable { line, column, code, reason }
    }
}

fn is_forbidden(character: char) -> bool {
    (character.is_control() && character < ' ' && !matches!(character, '\t' | '\n' | '\r')) || matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn german(error: &quick_xml::Error) -> String {
    use quick_xml::errors::IllFormedError;
    match error {
        quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("Das Ende „{found}“ passt nicht zum offenen Element „{expected}“.")
        }
        quick_xml::Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => format!("Zum Ende „{found}“ fehlt der Anfang."),
        other => format!("Kein wohlgeformtes XML: {other}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { roots: &["liste"], records: &[&["satz"], &["neu", "satz"]] };

    fn records(text: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let mut found = Vec::new();
        read(Box::new(text.as_bytes()), &SHAPE, &mut |path, element| {
            found.push((path.join("/"), element.value("name").unwrap_or_default().to_owned()));
            true
        })?;
        Ok(found)
    }

    #[test]
    fn records_are_found_by_their_path() {
        let text = "<x:liste xmlns:x='urn:x'>Text<satz><name>a</name></satz><neu><satz><name>b</name></satz></neu>\
                    <alt><satz><name>c</name></satz></alt></x:liste>";
        assert_eq!(records(text).unwrap(), [("satz".into(), "a".into()), ("neu/satz".into(), "b".into())]);
    }

    #[test]
    fn hostile_files_are_refused_and_nothing_outside_of_records_is_kept() {
        let deep = format!("<liste>{}", "<a>".repeat(100));
        assert_eq!(records(&deep).unwrap_err().code, "unexpected_structure");
        let large = format!("<liste><satz><name>{}</name></satz></liste>", "x".repeat(MAX_RECORD_BYTES + 1));
        assert_eq!(records(&large).unwrap_err().code, "record_too_large");
        let outside = format!("<liste><fremd>{}</fremd><satz/></liste>", "x".repeat(MAX_RECORD_BYTES + 1));
        assert_eq!(records(&outside).unwrap().len(), 1);
        assert_eq!(records("<!DOCTYPE liste [<!ENTITY a 'b'>]><liste/>").unwrap_err().code, "dtd_refused");
        assert_eq!(records("<andere/>").unwrap_err().code, "unexpected_structure");
    }

    #[test]
    fn the_root_is_recognised_behind_what_may_come_before_it() {
        for head in ["<kurse>", "<?xml version=\"1.0\"?>\n<!-- von <gestern> -->\n<kurse stand='x'>", "\u{feff}<a:kurse/>"] {
            assert!(has_root(head, "kurse"), "{head}");
        }
        for head in ["<kurs>", "kurse", "<?xml version=\"1.0\"", "{\"kurse\": []}"] {
            assert!(!has_root(head, "kurse"), "{head}");
        }
    }
}
