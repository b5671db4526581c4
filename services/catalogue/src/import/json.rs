//! JSON as a stream of records, whatever the format: a record is handed over whole, nothing else of the file is kept.
use super::{
    Unreadable,
    decode::{DecodeFailure, DecodingReader},
};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::{
    cell::Cell,
    fmt,
    io::{self, BufReader, Read},
    rc::Rc,
};

/// Keys from the root down to a record; a list of records counts as each of them, and the empty path is the root. An object
/// with other records below it is none itself.
pub type Path = &'static [&'static str];

/// Receives the records of a document with their paths; `false` ends the reading.
pub type Sink<'s> = dyn FnMut(Path, Value) -> bool + 's;

/// Larger than any honest record; a bound for hostile files.
const MAX_RECORD_BYTES: u64 = 4 << 20;

/// Reads a document from beginning to end. `what` says, in German, what was looked for if there is nothing at any path.
pub fn read(source: Box<dyn Read + '_>, records: &'static [Path], what: &str, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let decoding = DecodingReader::new(source)?;
    let decode_failure = decoding.failure();
    let budget = Rc::new(Cell::new(u64::MAX));
    let bounded = Bounded { source: decoding, budget: Rc::clone(&budget) };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(16 * 1024, bounded));
    let mut reading = Reading { records, sink, budget, stopped: false, found: false };
    let result = Node { reading: &mut reading, at: &mut Vec::new() }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match result {
        _ if reading.stopped => Ok(()),
        Ok(()) if reading.found => Ok(()),
        Ok(()) => Err(Unreadable { line: 1, column: 1, code: "unexpected_structure", reason: format!("Die Datei enthält keine {what}.") }),
        Err(error) => Err(unreadable(&error, &decode_failure, reading.budget.get() == 0)),
    }
}

fn unreadable(error: &serde_json::Error, decode_failure: &DecodeFailure, too_large: bool) -> Unreadable {
    decode_failure.take().unwrap_or_else(|| {
        let (code, reason) = match error.classify() {
            _ if too_large => ("record_too_large", format!("Ein Datensatz ist größer als {} MB.", MAX_RECORD_BYTES >> 20)),
            serde_json::error::Category::Eof => ("not_well_formed", "Die Datei endet mitten im JSON.".to_owned()),
            serde_json::error::Category::Data => ("unexpected_structure", format!("Der Aufbau ist nicht der erwartete: {error}.")),
            serde_json::error::Category::Syntax => ("not_well_formed", format!("Kein gültiges JSON: {error}.")),
            serde_json::error::Category::Io => ("interrupted", format!("Die Datei konnte nicht gelesen werden: {error}.")),
        };
        Unreadable { line: error.line().max(1) as u64, column: error.column().max(1) as u64, code, reason }
    })
}

/// A reader that fails once its budget is spent: the parser builds a record in memory, so a record must end in time.
struct Bounded<R> {
    source: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let left = self.budget.get();
        if left != u64::MAX {
            self.budget.set(left.saturating_sub(read as u64));
            if self.budget.get() == 0 && read > 0 {
                return Err(io::Error::other("a record is too large"));
            }
        }
        Ok(read)
    }
}

struct Reading<'r, 's> {
    records: &'static [Path],
    sink: &'r mut Sink<'s>,
    /// Bytes that may still be read for the current record; without one there is no bound.
    budget: Rc<Cell<u64>>,
    stopped: bool,
    found: bool,
}

impl Reading<'_, '_> {
    fn path(&self, at: &[String]) -> Option<Path> {
        self.records.iter().find(|path| path.len() == at.len() && path.iter().zip(at).all(|(name, key)| name == key)).copied()
    }

    fn record<E: serde::de::Error>(&mut self, path: Path, value: Value) -> Result<(), E> {
        self.found = true;
        self.budget.set(u64::MAX);
        if (self.sink)(path, value) {
            return Ok(());
        }
        self.stopped = true;
        Err(E::custom("stopped"))
    }
}

/// A value somewhere above the records, or one.
struct Node<'x, 'r, 's> {
    reading: &'x mut Reading<'r, 's>,
    at: &'x mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ein Objekt oder eine Liste")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reading, at } = self;
        let below = reading.records.iter().any(|path| path.len() > at.len() && path.iter().zip(at.iter()).all(|(name, key)| name == key));
        let own = reading.path(at);
        if let Some(path) = own.filter(|_| !below) {
            reading.budget.set(MAX_RECORD_BYTES);
            let mut record = serde_json::Map::new();
            while let Some((key, value)) = map.next_entry()? {
                record.insert(key, value);
            }
            return reading.record(path, Value::Object(record));
        }
        while let Some(key) = map.next_key::<String>()? {
            at.push(local_name(&key).to_owned());
            let is_on_the_way =
                reading.records.iter().any(|path| path.len() >= at.len() && path.iter().zip(at.iter()).all(|(name, key)| name == key));
            if is_on_the_way {
                map.next_value_seed(Node { reading, at })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            at.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { reading, at } = self;
        match reading.path(at) {
            Some(path) => {
                reading.found = true;
                loop {
                    reading.budget.set(MAX_RECORD_BYTES);
                    let Some(value) = seq.next_element::<Value>()? else { break };
                    reading.record(path, value)?;
                }
                reading.budget.set(u64::MAX);
            }
            None => while seq.next_element_seed(Node { reading, at })?.is_some() {},
        }
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.reading.path(self.at).is_some() {
            self.reading.found = true;
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// A key without the prefix that converters from XML leave.
pub fn local_name(key: &str) -> &str {
    key.rsplit(':').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: &[Path] = &[&[], &["liste"], &["liste", "satz"], &["kopf"]];

    fn records(text: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let mut found = Vec::new();
        read(Box::new(text.as_bytes()), PATHS, "Sätze", &mut |path, value| {
            found.push((path.join("/"), value["n"].as_str().unwrap_or_default().to_owned()));
            true
        })?;
        Ok(found)
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(path, name)| ((*path).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn records_are_found_by_their_path_one_or_many() {
        for (text, expected) in [
            (
                r#"{"kopf": {"n": "k"}, "x:liste": {"satz": [{"n": "a"}, {"n": "b"}]}, "fremd": [1, {"satz": 2}]}"#,
                &[("kopf", "k"), ("liste/satz", "a"), ("liste/satz", "b")][..],
            ),
            (r#"{"liste": {"satz": {"n": "a"}, "anzahl": 1}}"#, &[("liste/satz", "a")]),
            (r#"{"liste": [{"n": "a"}]}"#, &[("liste", "a")]),
            (r#"[{"n": "a"}, {"n": "b"}]"#, &[("", "a"), ("", "b")]),
            (r#"{"liste": {"satz": null}}"#, &[]),
            ("[]", &[]),
        ] {
            assert_eq!(records(text).unwrap(), pairs(expected), "{text}");
        }
    }

    #[test]
    fn what_holds_no_record_or_one_too_large_is_refused() {
        for (text, code) in [
            ("{}", "unexpected_structure"),
            ("7", "unexpected_structure"),
            ("{\"liste\": ", "not_well_formed"),
            ("{\"liste\": [}", "not_well_formed"),
        ] {
            assert_eq!(records(text).unwrap_err().code, code, "{text}");
        }
        let text = "x".repeat(usize::try_from(MAX_RECORD_BYTES).unwrap() + (1 << 16));
        assert_eq!(records(&format!(r#"[{{"n": "a"}}, {{"n": "{text}"}}]"#)).unwrap_err().code, "record_too_large");
        assert_eq!(records(&format!(r#"{{"fremd": "{text}", "liste": []}}"#)).unwrap(), pairs(&[]));
    }

    #[test]
    fn a_reader_that_has_enough_ends_the_reading() {
        let mut seen = 0;
        read(Box::new(&b"[1, 2, 3, oops"[..]), PATHS, "Sätze", &mut |_, _| {
            seen += 1;
            seen < 2
        })
        .unwrap();
        assert_eq!(seen, 2);
    }
}
