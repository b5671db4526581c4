//! Topics and life phases: the codes, their labels, and how the words of a source lead to them.
use crate::search::fold::fold;

/// A code of a vocabulary with its labels.
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// German label.
    pub de: &'static str,
    /// English label.
    pub en: &'static str,
}

impl Code {
    /// The label in a language; German is the fallback.
    pub fn label(&self, locale: &str) -> &'static str {
        if locale.starts_with("en") { self.en } else { self.de }
    }
}

const fn code(code: &'static str, de: &'static str, en: &'static str) -> Code {
    Code { code, de, en }
}

/// Topics. The first six are the areas of the adult education centres' own classification.
pub const TOPICS: [Code; 11] = [
    code("politics", "Politik, Gesellschaft, Umwelt", "Politics, society, environment"),
    code("culture", "Kultur, Gestalten", "Culture, arts"),
    code("health", "Gesundheit", "Health"),
    code("languages", "Sprachen", "Languages"),
    code("work", "Arbeit, Beruf", "Work"),
    code("basic_education", "Grundbildung, Schulabschlüsse", "Basic education, school certificates"),
    code("german", "Deutsch lernen", "Learning German"),
    code("digital", "Digitale Bildung", "Digital skills"),
    code("integration", "Integration", "Integration"),
    code("family", "Familie", "Family"),
    code("counselling", "Beratung", "Counselling"),
];

/// Life phases.
pub const LIFE_PHASES: [Code; 6] = [
    code("early_childhood", "Kita und frühe Kindheit", "Nursery and early childhood"),
    code("primary", "Grundschule", "Primary school"),
    code("secondary", "Weiterführende Schule", "Secondary school"),
    code("training", "Ausbildung und Studium", "Training and studies"),
    code("work", "Beruf und Familie", "Work and family"),
    code("later_life", "Nach dem Beruf", "After working life"),
];

/// Formats.
pub const FORMATS: [Code; 3] =
    [code("on_site", "Vor Ort", "On site"), code("online", "Online", "Online"), code("blended", "Vor Ort und online", "Blended")];

/// Answers to whether it is accessible.
pub const ACCESSIBLE: [Code; 3] = [
    code("yes", "Barrierefrei", "Accessible"),
    code("no", "Nicht barrierefrei", "Not accessible"),
    code("unknown", "Keine Angabe", "Not stated"),
];

/// Yes and no.
pub const YES_NO: [Code; 2] = [code("true", "Ja", "Yes"), code("false", "Nein", "No")];

/// Languages of instruction.
pub const LANGUAGES: [Code; 14] = [
    code("de", "Deutsch", "German"),
    code("en", "Englisch", "English"),
    code("fr", "Französisch", "French"),
    code("es", "Spanisch", "Spanish"),
    code("it", "Italienisch", "Italian"),
    code("tr", "Türkisch", "Turkish"),
    code("ar", "Arabisch", "Arabic"),
    code("fa", "Persisch", "Persian"),
    code("ru", "Russisch", "Russian"),
    code("uk", "Ukrainisch", "Ukrainian"),
    code("pl", "Polnisch", "Polish"),
    code("ro", "Rumänisch", "Romanian"),
    code("bg", "Bulgarisch", "Bulgarian"),
    code("gsg", "Deutsche Gebärdensprache", "German Sign Language"),
];

/// The label of a code, or the code itself.
pub fn label(codes: &[Code], code: &str, locale: &str) -> String {
    codes.iter().find(|entry| entry.code == code).map_or(code, |entry| entry.label(locale)).to_owned()
}

/// What a source says about the matter of an offer.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'r> {
    /// Code of the adult education centres' classification (`4.04`).
    pub dvv_category: Option<&'r str>,
    /// Title and subtitle.
    pub title: &'r str,
    /// Keywords.
    pub keywords: &'r [String],
    /// Target groups.
    pub target_groups: &'r [String],
    /// CEFR level stated.
    pub has_level: bool,
}

/// Words, folded, that lead to a topic when a keyword begins with them.
const KEYWORD_TOPICS: [(&str, &str); 41] = [
    ("ausstellung", "culture"),
    ("konzert", "culture"),
    ("lesung", "culture"),
    ("museum", "culture"),
    ("film", "culture"),
    ("buehne", "culture"),
    ("stadtgeschichte", "culture"),
    ("natur", "politics"),
    ("politik", "politics"),
    ("gesellschaft", "politics"),
    ("umwelt", "politics"),
    ("kultur", "culture"),
    ("kunst", "culture"),
    ("malen", "culture"),
    ("zeichnen", "culture"),
    ("musik", "culture"),
    ("theater", "culture"),
    ("literatur", "culture"),
    ("tanz", "culture"),
    ("foto", "culture"),
    ("gesundheit", "health"),
    ("gymnastik", "health"),
    ("entspannung", "health"),
    ("ernaehrung", "health"),
    ("yoga", "health"),
    ("sprachen", "languages"),
    ("fremdsprache", "languages"),
    ("arbeit-beruf", "work"),
    ("beruf", "work"),
    ("rechnungswesen", "work"),
    ("xpert", "work"),
    ("grundbildung", "basic_education"),
    ("alphabetisierung", "basic_education"),
    ("schulabschl", "basic_education"),
    ("edv", "digital"),
    ("internet", "digital"),
    ("computer", "digital"),
    ("programmierung", "digital"),
    ("beratung", "counselling"),
    ("familie", "family"),
    ("eltern", "family"),
];

/// The topics of an offer, sorted.
pub fn topics(hints: Hints<'_>) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    if let Some(category) = hints.dvv_category {
        match category.trim().chars().next() {
            Some('1') => found.push("politics"),
            Some('2') => found.push("culture"),
            Some('3') => found.push("health"),
            Some('4') => found.push("languages"),
            Some('5') => found.push("work"),
            Some('6') => found.push("basic_education"),
            _ => {}
        }
    }
    for keyword in hints.keywords {
        let keyword = fold(keyword);
        for (word, topic) in KEYWORD_TOPICS {
            if keyword.starts_with(word) {
                found.push(topic);
            }
        }
        if ["deutsch fremdsprache", "deutsch als fremdsprache", "deutsch als zweitsprache", "integrationskurs", "daf", "daz"]
            .contains(&keyword.as_str())
        {
            found.push("german");
        }
    }
    let title = fold(hints.title);
    let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).collect();
    if title.contains("integrationskurs")
        || title.contains("deutsch als ")
        || (words.contains(&"deutsch") && hints.has_level)
        || title.contains("deutschkurs")
    {
        found.push("german");
    }
    if title.contains("integrationskurs") || hints.target_groups.iter().any(|group| is_newcomer_group(group)) {
        found.push("integration");
    }
    if found.contains(&"german") {
        found.push("languages");
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(str::to_owned).collect()
}

fn is_newcomer_group(group: &str) -> bool {
    let group = fold(group);
    ["migra", "gefluecht", "zugewander", "fluechtling"].iter().any(|stem| group.contains(stem))
}

/// Stems of target groups and the life phases they stand for.
const GROUP_PHASES: [(&str, &[&str]); 24] = [
    ("kleinkind", &["early_childhood"]),
    ("vorschul", &["early_childhood"]),
    ("kita", &["early_childhood"]),
    ("baby", &["early_childhood"]),
    ("grundschul", &["primary"]),
    ("kinder", &["primary"]),
    ("jugend", &["secondary"]),
    ("schueler", &["secondary"]),
    ("abitur", &["secondary"]),
    ("auszubild", &["training"]),
    ("azubi", &["training"]),
    ("studier", &["training"]),
    ("studenten", &["training"]),
    ("junge erwachsene", &["training"]),
    ("berufs", &["work"]),
    ("beschaeftigte", &["work"]),
    ("arbeit", &["work"]),
    ("eltern", &["work"]),
    ("lehrer", &["work"]),
    ("erzieher", &["work"]),
    ("betreuer", &["work"]),
    ("aeltere", &["later_life"]),
    ("senior", &["later_life"]),
    ("60", &["later_life"]),
];

/// The life phases an offer is for, sorted. Adult education that names no group is for those at work and after it.
pub fn life_phases(hints: Hints<'_>, topics: &[String]) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    for group in hints.target_groups.iter().chain(hints.keywords) {
        let group = fold(group);
        for (stem, phases) in GROUP_PHASES {
            if group.starts_with(stem) || group.contains(&format!(" {stem}")) {
                found.extend(phases);
            }
        }
    }
    if found.is_empty() {
        found.push("work");
        if !topics.iter().any(|topic| topic == "work") {
            found.push("later_life");
        }
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints<'r>(dvv_category: Option<&'r str>, title: &'r str, keywords: &'r [String], groups: &'r [String]) -> Hints<'r> {
        Hints { dvv_category, title, keywords, target_groups: groups, has_level: false }
    }

    #[test]
    fn the_category_leads_to_the_topic_and_keywords_add_to_it() {
        let keywords = ["Internet".to_owned()];
        assert_eq!(topics(hints(Some("5.01"), "Windows", &keywords, &[])), ["digital", "work"]);
        assert_eq!(topics(hints(None, "Integrationskurs Modul 3", &[], &[])), ["german", "integration", "languages"]);
        assert!(topics(hints(Some("0"), "Tag der offenen Tür", &[], &[])).is_empty());
    }

    #[test]
    fn target_groups_lead_to_life_phases() {
        let phases = |group: &str, topics: &[String]| life_phases(hints(None, "", &[], &[group.to_owned()]), topics);
        assert_eq!(phases("Ältere", &[]), ["later_life"]);
        assert_eq!(phases("Kinder", &[]), ["primary"]);
        assert_eq!(phases("Lehrer/innen", &[]), ["work"]);
        assert_eq!(life_phases(hints(None, "", &[], &[]), &["work".to_owned()]), ["work"]);
        assert_eq!(life_phases(hints(None, "", &[], &[]), &[]), ["later_life", "work"]);
    }
}
