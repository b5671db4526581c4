//! Berlin's JSON dialect of Open-vhs, read as a stream: numbers and booleans as strings, one or many as value or list.
use super::{
    Adapter, Context, Header, Sink, Unreadable,
    element::Element,
    json::{self, Path},
    open_vhs,
};
use serde_json::Value;
use std::io::Read;

/// The adapter.
pub struct OpenVhsJson;

/// A list at the root, or what a converter from XML makes of `veranstaltungen`.
const RECORDS: &[Path] =
    &[&[], &["veranstaltung"], &["veranstaltungen"], &["veranstaltungen", "veranstaltung"], &["export"], &["veranstaltungen", "export"]];

impl Adapter for OpenVhsJson {
    fn recognises(&self, head: &str) -> bool {
        let start = head.trim_start();
        start.starts_with(['{', '[']) && (start.contains("\"veranstaltung") || (start.contains("\"guid\"") && start.contains("\"name\"")))
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let (mut header, mut position) = (Header::default(), 0);
        json::read(source, RECORDS, "„veranstaltungen“", &mut |path, value| {
            if path.last() == Some(&"export") {
                header = open_vhs::header(&element("export", value));
                return true;
            }
            position += 1;
            sink(open_vhs::map(&element("veranstaltung", value), position, context))
        })?;
        Ok(header)
    }
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
                            element.children.extend(values.into_iter().map(|value| self::element(json::local_name(&key), value)));
                        }
                        value => element.children.push(self::element(json::local_name(&key), value)),
                    }
                }
            }
        }
    }
    element
}
