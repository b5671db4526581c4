//! Who asks: roles and principals. Whether they may is decided by each command and question.
use crate::refusal::{Kind, Refusal};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};
use uuid::Uuid;

/// What a person or system may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Delivers and corrects its own offers.
    Provider,
    /// Edits all offers.
    Editor,
    /// Knows the actors, decides measures.
    EducationManager,
    /// Loads data, checks and releases.
    Analyst,
    /// Guides newcomers.
    Coordinator,
    /// Stands in for a coordinator.
    Deputy,
    /// Sees the state of the caseload.
    Supervisor,
    /// Reads the audit trail.
    Auditor,
    /// Operates, and can read no case.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 9] = [
        Self::Provider,
        Self::Editor,
        Self::EducationManager,
        Self::Analyst,
        Self::Coordinator,
        Self::Deputy,
        Self::Supervisor,
        Self::Auditor,
        Self::Admin,
    ];

    /// Its name in tokens and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Editor => "editor",
            Self::EducationManager => "education_manager",
            Self::Analyst => "analyst",
            Self::Coordinator => "coordinator",
            Self::Deputy => "deputy",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or(())
    }
}

/// Somebody signed in, or a system with its own credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Stable identifier at the issuer (`sub`).
    pub subject: String,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// Sources of offers that belong to a provider.
    #[serde(default)]
    pub sources: BTreeSet<String>,
}

/// On whose behalf something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody signed in.
    Resident,
    /// Somebody signed in.
    User(User),
    /// A fact that another service stated.
    Event(Uuid),
    /// A job of our own, such as expiry.
    System(&'static str),
}

impl Principal {
    /// Refuses who has none of the roles; facts and own jobs pass.
    pub fn require(&self, any_of: &[Role]) -> Result<(), Refusal> {
        match self {
            Self::Event(_) | Self::System(_) => Ok(()),
            Self::User(user) if any_of.iter().any(|role| user.roles.contains(role)) => Ok(()),
            Self::User(_) => {
                let needed: Vec<&str> = any_of.iter().map(|role| role.as_str()).collect();
                Err(Refusal::forbidden("role_missing", format!("this needs one of the roles: {}", needed.join(", "))))
            }
            Self::Resident => Err(Refusal::new(Kind::Unauthenticated, "sign_in_required", "this needs an access token")),
        }
    }

    /// Whether they have a role; facts and own jobs have none.
    pub fn has(&self, role: Role) -> bool {
        matches!(self, Self::User(user) if user.roles.contains(&role))
    }

    /// Whether they belong to the office or a provider.
    pub fn is_staff(&self) -> bool {
        matches!(self, Self::User(user) if !user.roles.is_empty())
    }

    /// The issuer's identifier of the person or system.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.subject),
            _ => None,
        }
    }

    /// How audit columns name them.
    pub fn label(&self) -> String {
        match self {
            Self::Resident => "resident".into(),
            Self::User(user) => format!("user:{}", user.subject),
            Self::Event(id) => format!("event:{id}"),
            Self::System(name) => format!("system:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> Principal {
        Principal::User(User { subject: "someone".into(), roles: [role].into(), sources: BTreeSet::new() })
    }

    #[test]
    fn every_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }

    #[test]
    fn the_wrong_role_is_forbidden_and_nobody_must_sign_in() {
        assert_eq!(user(Role::Admin).require(&[Role::Coordinator]).unwrap_err().kind, Kind::Forbidden);
        assert_eq!(Principal::Resident.require(&[Role::Coordinator]).unwrap_err().kind, Kind::Unauthenticated);
        assert!(user(Role::Coordinator).require(&[Role::Deputy, Role::Coordinator]).is_ok());
    }
}
