//! German words for case coordination.
use crate::{portal::form::FormErrors, problem::Problem};

pub(super) use super::network_words::day;

/// A code and its word.
pub(super) type Words = &'static [(&'static str, &'static str)];

pub(super) const CASE_STATES: Words = &[
    ("enquiry", "Anfrage"),
    ("intake", "Aufnahme"),
    ("assessment", "Bedarf klären"),
    ("planning", "Planung"),
    ("active", "läuft"),
    ("on_hold", "ruht"),
    ("closed", "abgeschlossen"),
    ("transferred_out", "abgegeben"),
    ("merged", "zusammengeführt"),
    ("erased", "gelöscht"),
];
pub(super) const OWNERSHIPS: Words = &[("assigned", "zugewiesen"), ("pool", "unbesetzt"), ("handover_pending", "Übergabe vorgeschlagen")];
pub(super) const CONSENT_STATES: Words = &[
    ("requested", "erbeten"),
    ("given", "erteilt"),
    ("refused", "verweigert"),
    ("withdrawn", "zurückgenommen"),
    ("expired", "abgelaufen"),
    ("superseded", "durch eine neuere ersetzt"),
    ("invalidated", "ungültig"),
];
pub(super) const REFERRAL_STATES: Words = &[
    ("sent", "wartet auf Antwort"),
    ("waitlisted", "auf der Warteliste"),
    ("accepted", "angenommen"),
    ("rejected", "abgelehnt"),
    ("expired", "ohne Antwort abgelaufen"),
    ("completed", "abgeschlossen"),
    ("discontinued", "abgebrochen"),
    ("revoked", "zurückgezogen"),
];
pub(super) const HANDOVER_STATES: Words =
    &[("proposed", "vorgeschlagen"), ("accepted", "angenommen"), ("rejected", "abgelehnt"), ("withdrawn", "zurückgezogen")];
pub(super) const LEGAL_BASES: Words = &[
    ("public_task", "öffentliche Aufgabe (Art. 6 Abs. 1 e DSGVO)"),
    ("consent", "Einwilligung (Art. 6 Abs. 1 a DSGVO)"),
    ("legal_obligation", "rechtliche Verpflichtung (Art. 6 Abs. 1 c DSGVO)"),
    ("vital_interests", "lebenswichtige Interessen (Art. 6 Abs. 1 d DSGVO)"),
    ("youth_welfare", "Jugendhilfe (SGB VIII)"),
];
pub(super) const PURPOSES: Words =
    &[("referral", "an die Einrichtung verwiesen werden"), ("contact", "Kontakt aufnehmen lassen"), ("advice", "gemeinsam beraten")];
pub(super) const FORMS: Words = &[("written", "schriftlich"), ("electronic", "elektronisch")];
pub(super) const REASONS: Words = &[
    ("no_place", "kein Platz frei"),
    ("waiting_list_full", "die Warteliste ist voll"),
    ("not_eligible", "die Voraussetzungen sind nicht erfüllt"),
    ("wrong_level", "das Sprachniveau passt nicht"),
    ("outside_area", "außerhalb unseres Gebiets"),
    ("age", "das Alter passt nicht"),
    ("documents_missing", "es fehlen Unterlagen"),
    ("contact_failed", "niemand war zu erreichen"),
    ("duplicate", "schon bei uns gemeldet"),
    ("other", "anderer Grund"),
];
pub(super) const LANGUAGES: Words = &[
    ("uk", "Ukrainisch"),
    ("ar", "Arabisch"),
    ("fa", "Persisch (Farsi)"),
    ("prs", "Dari"),
    ("ps", "Paschtu"),
    ("tr", "Türkisch"),
    ("kmr", "Kurdisch (Kurmandschi)"),
    ("ckb", "Kurdisch (Sorani)"),
    ("ti", "Tigrinya"),
    ("so", "Somali"),
    ("ro", "Rumänisch"),
    ("bg", "Bulgarisch"),
    ("pl", "Polnisch"),
    ("sq", "Albanisch"),
    ("ru", "Russisch"),
    ("vi", "Vietnamesisch"),
    ("en", "Englisch"),
    ("fr", "Französisch"),
    ("es", "Spanisch"),
    ("de", "Deutsch"),
];
const ROLES: Words = &[("coordinator", "Koordination"), ("deputy", "Vertretung")];

/// The word for a code; an unknown code stands for itself.
pub(super) fn word(words: Words, code: &str) -> &str {
    words.iter().find(|(known, _)| *known == code).map_or(code, |(_, word)| word)
}

/// The choices of a field.
pub(super) fn options(words: Words) -> Vec<(String, String)> {
    words.iter().map(|(code, word)| ((*code).to_owned(), (*word).to_owned())).collect()
}

/// The shade of a state, beside its word.
pub(super) fn shade(state: &str) -> &'static str {
    match state {
        "accepted" | "given" | "completed" => "good",
        "sent" | "waitlisted" | "requested" | "proposed" | "handover_pending" | "pool" | "on_hold" => "warn",
        "rejected" | "refused" | "withdrawn" | "revoked" | "expired" | "invalidated" | "discontinued" => "bad",
        _ => "info",
    }
}

/// Somebody as they are known here: by subject and role.
pub(super) fn staff(subject: &str, role: &str) -> String {
    format!("{subject} ({})", word(ROLES, role))
}

/// The beginning of an id, by which people call a case.
pub(super) fn short(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

/// Prose for what a service found wrong.
pub(super) fn errors(problem: &Problem) -> FormErrors {
    let mut errors = FormErrors::default();
    let text = match problem.code.as_str() {
        "consent_missing" => {
            ("consent_id", "Es liegt keine gültige Einwilligung für diese Einrichtung vor. Halten Sie zuerst die Einwilligung fest.")
        }
        "offer_unknown" => ("offer_id", "Wählen Sie ein Angebot aus der Liste."),
        "actor_not_provider" => (
            "offer_id",
            "Dieses Angebot kommt von einer anderen Einrichtung als der, für die eingewilligt wurde. Wählen Sie eines ihrer Angebote.",
        ),
        "offer_withdrawn" => ("offer_id", "Dieses Angebot ist nicht mehr veröffentlicht. Wählen Sie ein anderes."),
        "actor_unknown" => ("consent_id", "Diese Einrichtung ist hier noch nicht bekannt. Versuchen Sie es in einer Minute noch einmal."),
        "language_invalid" => ("language", "Wählen Sie eine Sprache."),
        "legal_basis_unknown" => ("legal_basis", "Wählen Sie die Rechtsgrundlage."),
        "notice_version_unknown" => ("told", "Zeigen Sie die Hinweise zum Datenschutz in einer veröffentlichten Fassung."),
        "name_invalid" => ("name", "Der Name darf höchstens 200 Zeichen haben."),
        "purpose_unknown" => ("purpose", "Wählen Sie, wozu die Person einwilligt."),
        "form_unknown" => ("form", "Wählen Sie, wie die Person eingewilligt hat."),
        "to_invalid" => ("to", "Wählen Sie, wer die Fälle bekommt."),
        "handover_to_self" => ("to", "Wählen Sie eine andere Person als sich selbst."),
        "note_invalid" => ("note", "Schreiben Sie in mindestens einem Satz, was die nächste Person wissen muss."),
        "handover_without_cases" => ("", "Sie haben zurzeit keinen Fall, den Sie übergeben könnten."),
        "case_handover_pending" => ("", "Für diese Fälle wartet schon eine Übergabe. Ziehen Sie diese erst zurück."),
        "case_read_only" => ("", "Dieser Fall ist abgeschlossen und kann nicht mehr geändert werden."),
        "consent_transition_refused" | "referral_transition_refused" | "handover_transition_refused" => {
            ("", "Das ist im jetzigen Stand nicht mehr möglich. Bitte sehen Sie den neuen Stand an.")
        }
        "handover_other_side" => ("", "Annehmen und ablehnen kann nur, wer die Fälle bekommt; zurückziehen nur, wer sie übergibt."),
        "reason_invalid" => ("reason", "Die Bemerkung darf höchstens 500 Zeichen haben."),
        "answer_unknown" => ("answer", "Wählen Sie eine Antwort."),
        _ => ("", ""),
    };
    match text {
        (_, "") if problem.errors.iter().any(|error| error.pointer == "/recipient_actor_id") => {
            errors.add("recipient_actor_id", "Wählen Sie eine Einrichtung.");
        }
        (_, "") if problem.errors.iter().any(|error| error.pointer == "/offer_id") => {
            errors.add("offer_id", "Wählen Sie ein Angebot aus der Liste.");
        }
        (_, "") => return FormErrors::of(problem),
        (field, text) => errors.add(field, text),
    }
    errors
}
