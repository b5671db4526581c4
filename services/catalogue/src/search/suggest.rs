//! Suggestions from the vocabulary, beside those from titles.
use super::fold::fold;
use crate::domain::classification::TOPICS;
use bildung_proto::rpc::catalogue::Suggestion;

/// Topics with a word that begins with what was typed.
pub(super) fn topics(text: &str) -> Vec<Suggestion> {
    let typed = fold(text.trim());
    if typed.chars().count() < 2 {
        return Vec::new();
    }
    TOPICS
        .iter()
        .filter(|topic| {
            [topic.de, topic.en].iter().any(|label| fold(label).split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&typed)))
        })
        .map(|topic| Suggestion { text: topic.de.to_owned(), kind: "topic".to_owned(), id: topic.code.to_owned() })
        .collect()
}
