//! Settings of the gateway, section `[gateway]`: its address, sign-in, limits; and the city's own words, section `[city]`.
use crate::theme::Colours;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};
use url::Url;

/// Settings of the gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The address by which browsers reach it; decides links, cookies and HSTS.
    pub public_url: Url,
    /// Sign-in at the city's identity provider.
    pub sign_in: SignInSettings,
    /// How long a session lives.
    pub session: SessionSettings,
    /// Limits of requests.
    pub limits: LimitSettings,
}

impl Default for Settings {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen,
            public_url: Url::parse("http://127.0.0.1:8080/").expect("the default address is a URL"),
            sign_in: SignInSettings::default(),
            session: SessionSettings::default(),
            limits: LimitSettings::default(),
        }
    }
}

impl Settings {
    /// Whether browsers reach the gateway through TLS.
    pub fn https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// How the gateway is known at the issuer of section `[identity]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// The client that the city registered for the portal.
    pub client_id: String,
    /// File with the client's secret; none for a public client.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes to ask for beside `openid`.
    pub scopes: Vec<String>,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self { client_id: "bildungsbuero-portal".into(), client_secret_file: None, scopes: vec!["profile".into()] }
    }
}

/// How long somebody stays signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSettings {
    /// Minutes without a request.
    pub idle_minutes: u32,
    /// Minutes since sign-in, whatever happens.
    pub max_minutes: u32,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { idle_minutes: 60, max_minutes: 600 }
    }
}

/// Limits of requests that are not uploads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Size of a body.
    pub body_bytes: usize,
    /// Seconds until a request is given up.
    pub request_seconds: u64,
    /// Seconds until a call to a service is given up.
    pub call_seconds: u64,
    /// Seconds that an upload may take.
    pub upload_seconds: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { body_bytes: 2 * 1024 * 1024, request_seconds: 30, call_seconds: 20, upload_seconds: 3600 }
    }
}

/// The city's own words, section `[city]`. Texts are plain: an empty line ends a paragraph, `## ` begins a heading, `- ` a
/// list item.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct City {
    /// Name of the city.
    pub name: String,
    /// Name of the portal, in the header and in titles.
    pub portal: String,
    /// What the portal is for, under the heading of the start page.
    pub welcome: String,
    /// Mail address for questions and reports of barriers.
    pub contact: String,
    /// Telephone number of the office; empty if it has none for the public.
    pub contact_phone: String,
    /// Name of the office, in the footer.
    pub office_name: String,
    /// What a demonstration says about itself at the top of every page.
    pub demo_notice: String,
    /// Searches that answer a situation, on the start page.
    pub ways: Vec<Way>,
    /// Ways into the offers by phase of life.
    pub life_phases: Vec<LifePhase>,
    /// Its colours.
    pub colours: Colours,
    /// Impressum.
    pub imprint: String,
    /// Datenschutz.
    pub privacy: String,
    /// Erklärung zur Barrierefreiheit.
    pub accessibility: String,
}

/// A situation that people come with, and the search that answers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Way {
    /// What somebody would say.
    pub label: String,
    /// The query of the search page, such as `q=Deutsch&free=true`.
    pub query: String,
}

/// A way into the offers by phase of life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LifePhase {
    /// Code in the offers.
    pub code: String,
    /// Name of the phase.
    pub label: String,
    /// Who is meant, in one line.
    pub hint: String,
    /// Its picture, one of the icons of the style sheet.
    #[serde(default)]
    pub icon: String,
}

impl Default for City {
    fn default() -> Self {
        let phase = |code: &str, icon: &str, label: &str, hint: &str| LifePhase {
            code: code.into(),
            label: label.into(),
            hint: hint.into(),
            icon: icon.into(),
        };
        let way = |label: &str, query: &str| Way { label: label.into(), query: query.into() };
        Self {
            name: "Musterstadt".into(),
            portal: "Bildungsportal".into(),
            welcome: "Kurse, Beratung und Treffpunkte in Ihrer Nähe: für jedes Alter und in vielen Sprachen.".into(),
            contact: "bildungsbuero@musterstadt.example".into(),
            contact_phone: String::new(),
            office_name: "Bildungsbüro Musterstadt".into(),
            demo_notice: "Vorführung mit erfundenen Daten. Kein Angebot auf diesen Seiten findet statt.".into(),
            ways: vec![
                way("Ich möchte Deutsch lernen", "q=Deutsch"),
                way("Mein Kind kommt in die Kita", "life_phase=early_childhood"),
                way("Ich suche eine Ausbildung", "q=Ausbildung"),
                way("Ich will den Schulabschluss nachholen", "q=Schulabschluss"),
                way("Ich möchte Bildungsurlaub nehmen", "q=Bildungsurlaub"),
                way("Ich suche etwas Kostenloses", "free=true"),
            ],
            life_phases: vec![
                phase("early_childhood", "baby", "Frühe Kindheit", "Familien mit kleinen Kindern, Kita"),
                phase("school", "school", "Schule", "Lernen, Nachhilfe, Ferien, Abschlüsse"),
                phase("vocational", "tools", "Ausbildung und Beruf", "Ausbildung, Umschulung, Weiterbildung"),
                phase("adult", "work", "Erwachsene", "Sprachen, Kultur, Gesundheit, Grundbildung"),
                phase("senior", "senior", "Ältere Menschen", "Digitales, Bewegung, Begegnung"),
                phase("newcomers", "arrival", "Neu in Deutschland", "Deutsch lernen, Anerkennung, Beratung"),
            ],
            colours: Colours::default(),
            imprint: include_str!("../texts/imprint.txt").into(),
            privacy: include_str!("../texts/privacy.txt").into(),
            accessibility: include_str!("../texts/accessibility.txt").into(),
        }
    }
}
