//! Code lists: checked here, on the server, whatever a form offers.
use super::Violation;

/// Legal bases for keeping a case: Art. 6 (1) GDPR (a to f without contract and interests), and youth welfare (SGB VIII).
pub(crate) const LEGAL_BASES: &[&str] = &["consent", "legal_obligation", "public_task", "vital_interests", "youth_welfare"];
/// The purpose without which nobody is referred.
pub(crate) const PURPOSE_REFERRAL: &str = "referral";
/// What a consent may be for.
pub(crate) const PURPOSES: &[&str] = &["advice", "contact", PURPOSE_REFERRAL];
/// Forms of consent that prove something (SGB X § 67b (2)).
pub(crate) const CONSENT_FORMS: &[&str] = &["electronic", "written"];
/// Why an actor rejects.
pub(crate) const REJECT_REASONS: &[&str] = &[
    "age",
    "contact_failed",
    "documents_missing",
    "duplicate",
    "no_place",
    "not_eligible",
    "other",
    "outside_area",
    "waiting_list_full",
    "wrong_level",
];

/// The code as the list has it.
pub(crate) fn known_code(field: &'static str, value: &str, list: &[&'static str]) -> Result<&'static str, Violation> {
    list.iter().copied().find(|code| *code == value).ok_or_else(|| Violation::UnknownCode { field, known: list.join(", ") })
}

/// A language tag (BCP 47: language, then script, region or variant), as far as its form can tell.
pub(crate) fn language_tag(tag: &str) -> Result<&str, Violation> {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let first_fits = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let rest_fits = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if first_fits && rest_fits && tag.len() <= 35 { Ok(tag) } else { Err(Violation::BadLanguage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags() {
        for good in ["de", "uk", "ckb", "ckb-Arab", "kmr-Latn", "prs", "pt-BR", "de-simple"] {
            assert_eq!(language_tag(good), Ok(good));
        }
        for bad in ["", "d", "Deutsch", "DE", "uk_UA", "uk-", "uk ua", "x-klingon-language", "de-<b>"] {
            assert_eq!(language_tag(bad), Err(Violation::BadLanguage), "{bad}");
        }
    }

    #[test]
    fn a_code_outside_the_list_is_refused_with_the_list() {
        let violation = known_code("legal_basis", "because", LEGAL_BASES).unwrap_err();
        assert_eq!(violation.code(), "legal_basis_unknown");
        assert!(violation.to_string().contains("public_task"));
    }
}
