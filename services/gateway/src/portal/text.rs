//! The city's plain texts as blocks of a page.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// `## …`
    Heading(&'a str),
    /// Lines of a paragraph.
    Paragraph(Vec<&'a str>),
    /// `- …`
    List(Vec<&'a str>),
}

/// Splits a text: an empty line ends a paragraph, `## ` begins a heading, `- ` a list item.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut fresh = true;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            fresh = true;
            continue;
        }
        if let Some(heading) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(heading));
            fresh = true;
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::List(items)) if !fresh => items.push(item),
                _ => blocks.push(Block::List(vec![item])),
            }
            fresh = false;
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(lines)) if !fresh => lines.push(line),
                _ => blocks.push(Block::Paragraph(vec![line])),
            }
            fresh = false;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_headings_paragraphs_and_lists() {
        assert_eq!(
            blocks("one\ntwo\n\nthree\n## Head\nfour\n- a\n- b\n"),
            [
                Block::Paragraph(vec!["one", "two"]),
                Block::Paragraph(vec!["three"]),
                Block::Heading("Head"),
                Block::Paragraph(vec!["four"]),
                Block::List(vec!["a", "b"]),
            ]
        );
    }
}
