//! Open-vhs as XML (0.9 to 1.2), read as a stream. Document types and entities of the file's own are refused.
use super::{
    Adapter, Context, Header, Sink, Unreadable,
    decode::DecodingReader,
    element::Element,
    open_vhs,
    place::{Places, Tracked},
};
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use std::io::{BufReader, Read};

/// The adapter.
pub struct OpenVhsXml;

/// Deeper than any record of the format; a bound for hostile files.
const MAX_DEPTH: usize = 24;

impl Adapter for OpenVhsXml {
    fn recognises(&self, head: &str) -> bool {
        let start = head.trim_start();
        start.starts_with('<') && (start.contains("Open-VHS") || start.contains("<veranstaltungen") || start.contains(":veranstaltungen"))
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let decoding = DecodingReader::new(source)?;
        let decode_failure = decoding.failure();
        let tracked = Tracked::new(decoding);
        let places = tracked.places();
        let mut document = Document {
            reader: Reader::from_reader(BufReader::with_capacity(64 * 1024, tracked)),
            places,
            open: Vec::new(),
            root_seen: false,
            header: Header::default(),
            position: 0,
        };
        document.reader.config_mut().check_comments = true;
        let result = document.read(context, sink);
        match decode_failure.take() {
            Some(undecodable) => Err(undecodable),
            None => result.map(|()| document.header),
        }
    }
}

struct Document<R> {
    reader: Reader<R>,
    places: Places,
    /// Open elements; the first is the root.
    open: Vec<Element>,
    root_seen: bool,
    header: Header,
    position: u64,
}

impl<R: std::io::BufRead> Document<R> {
    fn read(&mut self, context: &Context, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
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
                    self.end(context, sink)
                }
                Event::End(_) => self.end(context, sink),
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
                    return Err(self.unreadable(
                        start,
                        "dtd_refused",
                        "Dateien mit einer Dokumenttypdefinition (DOCTYPE) werden nicht angenommen.".to_owned(),
                    ));
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
            if name != "veranstaltungen" {
                return Err(self.unreadable(
                    at,
                    "unexpected_structure",
                    format!("Das Wurzelelement ist „{name}“ statt „veranstaltungen“."),
                ));
            }
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.unreadable(at, "unexpected_structure", "Die Elemente sind zu tief geschachtelt.".to_owned()));
        }
        let mut element = Element::new(name);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(at, format!("Fehlerhaftes Attribut: {error}.")))?;
            let key = self.utf8(attribute.key.local_name().as_ref(), at)?;
            let raw = self.utf8(&attribute.value, at)?;
            if raw.contains('<') {
                return Err(self.malformed(at, "In einem Attribut steht „<“.".to_owned()));
            }
            let value =
                quick_xml::escape::unescape(&raw).map_err(|_| self.malformed(at, "Unbekannte Entität in einem Attribut.".to_owned()))?;
            element.attributes.push((key, value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    /// Closes the innermost element; a record goes to the sink, and the root never collects anything.
    fn end(&mut self, context: &Context, sink: &mut Sink<'_>) -> bool {
        let Some(element) = self.open.pop() else { return true };
        match self.open.len() {
            0 => true,
            1 => match element.name.as_str() {
                "veranstaltung" => {
                    self.position += 1;
                    sink(open_vhs::map(&element, self.position, context))
                }
                "export" => {
                    self.header = open_vhs::header(&element);
                    true
                }
                _ => true,
            },
            _ => {
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
            Some(element) => element.text.push_str(&text),
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(self.malformed(at, "Text außerhalb des Wurzelelements.".to_owned())),
        }
        Ok(())
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
                element.text.push_str(&text);
                Ok(())
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
