//! Open-vhs as XML (0.9 to 1.2), read as a stream.
use super::{
    Adapter, Context, Header, Sink, Unreadable, open_vhs,
    xml::{self, Shape},
};
use std::io::Read;

/// The adapter.
pub struct OpenVhsXml;

const SHAPE: Shape = Shape { roots: &["veranstaltungen"], records: &[&["veranstaltung"], &["export"]] };

impl Adapter for OpenVhsXml {
    fn recognises(&self, head: &str) -> bool {
        xml::has_root(head, "veranstaltungen")
    }

    fn read(&self, context: &Context, source: Box<dyn Read + '_>, sink: &mut Sink<'_>) -> Result<Header, Unreadable> {
        let (mut header, mut position) = (Header::default(), 0);
        xml::read(source, &SHAPE, &mut |path, element| {
            if path == ["export"] {
                header = open_vhs::header(&element);
                return true;
            }
            position += 1;
            sink(open_vhs::map(&element, position, context))
        })?;
        Ok(header)
    }
}
