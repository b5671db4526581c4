//! Berlin's JSON dialect of Open-vhs, read as a stream: numbers and booleans as strings, one or many as value or list.
use super::{
    Adapter, Context, Entry, Header, Sink, Unreadable,
    decode::{DecodeFailure, DecodingReader},
    element::Element,
    open_vhs,
};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::{
    fmt,
    io::{BufReader, Read},
};

/// The adapter.
pub struct OpenVhsJson;

impl Adapter for OpenVhsJson {
    fn recognises(&self, head: &str) -> bool {
        let start = head.trim_start();
        start.starts_with(['{', '[']) && (start.contains("\"veranstaltung") || (start.contains("\"guid\"") && start.contains("\"name\"")))
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let decoding = DecodingReader::new(source)?;
        let decode_failure = decoding.failure();
        let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, decoding));
        let mut reading = Reading { context, sink, header: Header::default(), position: 0, stopped: false, root_seen: false };
        let result = Root(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
        match result {
            _ if reading.stopped => Ok(reading.header),
            Ok(()) if !reading.root_seen => Err(Unreadable {
                line: 1,
                column: 1,
                code: "unexpected_structure",
                reason: "Die Datei enthält keine „veranstaltungen“.".to_owned(),
            }),
            Ok(()) => Ok(reading.header),
            Err(error) => Err(unreadable(&error, &decode_failure)),
        }
    }
}

fn unreadable(error: &serde_json::Error, decode_failure: &DecodeFailure) -> Unreadable {
    decode_failure.take().unwrap_or_else(|| {
        let (code, reason) = match error.classify() {
            serde_json::error::Category::Eof => ("not_well_formed", "Die Datei endet mitten im JSON.".to_owned()),
            serde_json::error::Category::Data => ("unexpected_structure", format!("Der Aufbau ist nicht der erwartete: {error}.")),
            serde_json::error::Category::Syntax => ("not_well_formed", format!("Kein gültiges JSON: {error}.")),
            serde_json::error::Category::Io => ("interrupted", format!("Die Datei konnte nicht gelesen werden: {error}.")),
        };
        Unreadable { line: error.line().max(1) as u64, column: error.column().max(1) as u64, code, reason }
    })
}

struct Reading<'r, 's> {
    context: &'r Context,
    sink: &'r mut Sink<'s>,
    header: Header,
    position: u64,
    stopped: bool,
    root_seen: bool,
}

impl Reading<'_, '_> {
    fn record<E: serde::de::Error>(&mut self, value: Value) -> Result<(), E> {
        self.position += 1;
        let entry: Entry = open_vhs::map(&element("veranstaltung", value), self.position, self.context);
        if (self.sink)(entry) {
            return Ok(());
        }
        self.stopped = true;
        Err(E::custom("stopped"))
    }
}

/// The whole file: an object with `veranstaltungen` or `veranstaltung`, or a list of records.
struct Root<'x, 'r, 's>(&'x mut Reading<'r, 's>);

impl<'de> DeserializeSeed<'de> for Root<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Root<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ein Objekt „veranstaltungen“ oder eine Liste von Veranstaltungen")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match local_name(&key) {
                "veranstaltungen" => map.next_value_seed(Root(self.0))?,
                "veranstaltung" => map.next_value_seed(Records(self.0))?,
                "export" => self.0.header = open_vhs::header(&element("export", map.next_value()?)),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Records(self.0).visit_seq(seq)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One record or a list of them.
struct Records<'x, 'r, 's>(&'x mut Reading<'r, 's>);

impl<'de> DeserializeSeed<'de> for Records<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Records<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("eine Veranstaltung oder eine Liste davon")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.0.root_seen = true;
        while let Some(value) = seq.next_element::<Value>()? {
            self.0.record(value)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.root_seen = true;
        let mut record = serde_json::Map::new();
        while let Some((key, value)) = map.next_entry()? {
            record.insert(key, value);
        }
        self.0.record(Value::Object(record))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.root_seen = true;
        Ok(())
    }
}

fn local_name(key: &str) -> &str {
    key.rsplit(':').next().unwrap_or(key)
}

/// An object as the element it was converted from: `@x` is an attribute, `#text` the text, a list is repetition.
fn element(name: &str, value: Value) -> Element {
    let mut element = Element::new(name);
    match value {
        Value::Null => {}
        Value::Bool(flag) => element.text = flag.to_string(),
        Value::Number(number) => element.text = number.to_string(),
        Value::String(text) => element.text = text,
        Value::Array(values) => element.children = values.into_iter().map(|value| self::element(name, value)).collect(),
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(attribute) = key.strip_prefix('@') {
                    if let Value::String(text) = value {
                        element.attributes.push((attribute.to_owned(), text));
                    }
                } else if key == "#text" {
                    element.text = self::element("", value).text;
                } else {
                    match value {
                        Value::Null => {}
                        Value::Array(values) => {
                            element.children.extend(values.into_iter().map(|value| self::element(local_name(&key), value)));
                        }
                        value => element.children.push(self::element(local_name(&key), value)),
                    }
                }
            }
        }
    }
    element
}
