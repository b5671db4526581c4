//! Texts of other systems: HTML taken out, white space in order.

/// A text of several lines: tags gone, entities resolved, paragraphs separated by an empty line.
pub fn clean_text(raw: &str) -> String {
    let plain = strip_html(raw);
    let mut lines: Vec<&str> = Vec::new();
    for line in plain.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(str::trim) {
        // one empty line separates paragraphs, more say no more
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.into_iter().map(collapse).collect::<Vec<_>>().join("\n")
}

/// A text of one line.
pub fn clean_line(raw: &str) -> String {
    collapse(&strip_html(raw))
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes tags out. A `<` that begins no tag stays (`3 < 5`), entities become characters.
fn strip_html(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['<', '&', '\r']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.as_bytes()[0] {
            b'\r' => {
                text.push('\n');
                rest = rest[1..].strip_prefix('\n').unwrap_or(&rest[1..]);
            }
            b'&' => {
                let (character, length) = entity(rest).unwrap_or(('&', 1));
                text.push(character);
                rest = &rest[length..];
            }
            _ => {
                let Some((name, length)) = tag(rest) else {
                    text.push('<');
                    rest = &rest[1..];
                    continue;
                };
                rest = &rest[length..];
                match name.as_str() {
                    "script" | "style" => rest = skip_to_end_of(rest, &name),
                    "br" | "/div" | "/li" | "/tr" | "/h1" | "/h2" | "/h3" | "/h4" => text.push('\n'),
                    "p" | "/p" | "ul" | "/ul" | "ol" | "/ol" => text.push_str("\n\n"),
                    "li" => text.push_str("\n- "),
                    "td" | "th" => text.push(' '),
                    _ => {}
                }
            }
        }
    }
    text.push_str(rest);
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).map(|c| if c == '\u{a0}' { ' ' } else { c }).collect()
}

/// Elements that stand in texts.
const ELEMENTS: [&str; 52] = [
    "a",
    "abbr",
    "address",
    "article",
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "hr",
    "i",
    "iframe",
    "img",
    "input",
    "li",
    "o",
    "object",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "video",
];

/// The lower-case name (with the slash of an end tag) and the length of the tag that `text` begins with.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        return Some((String::new(), text.find("-->").map_or(text.len(), |at| at + 3)));
    }
    let body = &text[1..];
    let name_start = usize::from(body.starts_with('/'));
    let name_length = body[name_start..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(body.len() - name_start);
    if name_length == 0 || !body[name_start..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = body.find('>')?;
    // what is no element of a text is no tag: `Typ <T>`
    let name = body[..name_start + name_length].to_ascii_lowercase();
    let bare = name.trim_start_matches('/');
    ELEMENTS.contains(&bare).then_some((name, end + 2))
}

fn skip_to_end_of<'t>(text: &'t str, name: &str) -> &'t str {
    let lower = text.to_ascii_lowercase();
    match lower.find(&format!("</{name}")) {
        Some(at) => text[at..].find('>').map_or("", |end| &text[at + end + 1..]),
        None => "",
    }
}

/// The character and the length of the entity that `text` begins with.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.char_indices().take(12).find(|(_, c)| *c == ';').map(|(at, _)| at)?;
    let name = &text[1..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "euro" => '€',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "bdquo" => '„',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        "bull" => '•',
        "middot" => '·',
        "sect" => '§',
        "deg" => '°',
        "shy" => '\u{ad}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn html_becomes_text() {
        assert_eq!(clean_text("Eins<br />zwei<br>drei"), "Eins\nzwei\ndrei");
        assert_eq!(clean_text("<p>Eins</p><p style=\"visibility:hidden\">zwei</p>"), "Eins\n\nzwei");
        assert_eq!(clean_text("<a href=http://www.example.org/x/>Test</a> &amp; mehr &#8211; &nbsp;so"), "Test & mehr – so");
        assert_eq!(clean_text("<ul><li>a</li><li>b</li></ul>"), "- a\n\n- b");
        assert_eq!(clean_text("vorher<script>alert('x')</script>nachher"), "vorhernachher");
        assert_eq!(clean_text("a\r\nb\r\n\r\n\r\n  c \r\n"), "a\nb\n\nc");
    }

    #[test]
    fn what_is_no_tag_stays() {
        assert_eq!(clean_text("3 < 5 und 7 > 6"), "3 < 5 und 7 > 6");
        assert_eq!(clean_text("a<b und c>d"), "ad");
        assert_eq!(clean_text("Typ <T> & Co"), "Typ <T> & Co");
        assert_eq!(clean_text("AT&T &unbekannt; &"), "AT&T &unbekannt; &");
        assert_eq!(clean_text("offen <br"), "offen <br");
    }

    #[test]
    fn a_line_has_no_breaks() {
        assert_eq!(clean_line("  Yoga\n   am  Abend "), "Yoga am Abend");
    }

    proptest! {
        #[test]
        fn indentation_changes_nothing(words in proptest::collection::vec("[a-zäöü]{1,8}", 1..20)) {
            prop_assert_eq!(clean_line(&words.join("\n    ")), words.join(" "));
            prop_assert_eq!(clean_text(&format!("\n      {}\n   ", words.join(" "))), words.join(" "));
        }

        #[test]
        fn no_text_makes_the_cleaner_panic(text in "[<>&;/a-z# \\r\\nä]*") {
            let _ = clean_text(&text);
        }
    }
}
