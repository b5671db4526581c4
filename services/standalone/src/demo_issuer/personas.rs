//! Who may sign in at a demonstration.
use bildung_chassis::Role;

/// The system of the fictional VHS, with client credentials.
pub(super) const SYSTEM_CLIENT: &str = "vhs-demo-system";
/// No secret: it is printed in the README.
pub(super) const SYSTEM_SECRET: &str = "vhs-demo";
/// The source that belongs to every demo provider.
pub(super) const PROVIDER_SOURCE: &str = "vhs-demo";

/// Somebody invented.
#[derive(Debug)]
pub(super) struct Persona {
    /// Stable subject.
    pub(super) subject: &'static str,
    /// What to call them.
    pub(super) name: &'static str,
    /// What they do, in one line.
    pub(super) does: &'static str,
    /// Their roles.
    pub(super) roles: &'static [Role],
}

impl Persona {
    /// Everybody, in the order of the loop.
    pub(super) const ALL: &[Self] = &[
        Self { subject: "demo-analyst", name: "Bildungsmonitoring", does: "lädt Daten, prüft Kennzahlen", roles: &[Role::Analyst] },
        Self {
            subject: "demo-analyst-2",
            name: "Bildungsmonitoring, zweite Person",
            does: "gibt frei, was die erste geprüft hat",
            roles: &[Role::Analyst],
        },
        Self {
            subject: "demo-education_manager",
            name: "Bildungsmanagement",
            does: "kennt die Akteure, beschließt Maßnahmen",
            roles: &[Role::EducationManager],
        },
        Self { subject: "demo-editor", name: "Redaktion", does: "importiert und pflegt alle Angebote", roles: &[Role::Editor] },
        Self { subject: "demo-provider", name: "Anbieter (VHS)", does: "liefert die eigenen Angebote", roles: &[Role::Provider] },
        Self { subject: "demo-coordinator", name: "Bildungskoordination", does: "begleitet Neuzugewanderte", roles: &[Role::Coordinator] },
        Self { subject: "demo-deputy", name: "Vertretung der Koordination", does: "übernimmt Fälle", roles: &[Role::Deputy] },
        Self { subject: "demo-supervisor", name: "Leitung", does: "sieht den Stand aller Fälle", roles: &[Role::Supervisor] },
        Self { subject: "demo-auditor", name: "Revision", does: "liest das Protokoll", roles: &[Role::Auditor] },
        Self { subject: "demo-admin", name: "Betrieb", does: "betreibt das Portal, sieht keine Fälle", roles: &[Role::Admin] },
    ];

    /// Somebody by subject.
    pub(super) fn find(subject: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|persona| persona.subject == subject)
    }
}
