//! The issuer's pages: who would you like to be?
use serde_json::Value;

use super::personas::Persona;

/// One button per person; `asked` goes back and forth in hidden fields.
pub(super) fn personas(asked: &Value) -> String {
    let hidden = asked.as_object().into_iter().flatten().filter_map(|(name, value)| {
        Some(format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value.as_str()?)))
    });
    let buttons = Persona::ALL.iter().map(|persona| {
        format!(
            "<li><button class=\"bb-persona\" type=\"submit\" name=\"persona\" value=\"{}\"><span class=\"bb-icon bb-icon--user\" \
             aria-hidden=\"true\"></span><span><span class=\"bb-persona__name\">{}</span> <span class=\"bb-persona__role\">{}</span></span></button></li>",
            escape(persona.subject),
            escape(persona.name),
            escape(persona.does)
        )
    });
    let (hidden, buttons) = (hidden.collect::<Vec<_>>().concat(), buttons.collect::<Vec<_>>().concat());
    frame(
        "Als wen möchten Sie sich anmelden?",
        &format!(
            "<div class=\"bb-gate bb-stack\"><h1>Als wen möchten Sie sich anmelden?</h1><p>Dies ist eine Vorführung mit erfundenen Personen. \
             In Ihrer Stadt steht hier die Anmeldung der Verwaltung.</p><form method=\"post\" action=\"/authorize\">{hidden}<ul class=\"bb-personas\">{buttons}</ul></form></div>"
        ),
    )
}

/// Said when nobody asked to be sent back.
pub(super) fn signed_out() -> String {
    frame("Abgemeldet", "<div class=\"bb-gate bb-stack\"><h1>Abgemeldet</h1><p>Sie können dieses Fenster schließen.</p></div>")
}

fn frame(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"de\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Vorführung</title><meta name=\"color-scheme\" content=\"light dark\"><link rel=\"stylesheet\" href=\"/assets/portal.css\">\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/favicon.svg\"></head><body>\
         <main class=\"bb-main\"><div class=\"bb-wrap\">{content}</div></main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
