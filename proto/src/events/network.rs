//! Facts about actors and measures.
use super::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The public profile of an actor: an organisation, never a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActorProfile {
    /// The actor.
    pub actor_id: Uuid,
    /// Official name.
    pub name: String,
    /// Short and other names under which it is known.
    #[serde(default)]
    pub other_names: Vec<String>,
    /// Kind code: `organisation`, `unit`, `office`, `initiative`, `sole_provider`.
    pub kind: String,
    /// Type codes, such as `vhs`, `school`, `library`.
    #[serde(default)]
    pub types: Vec<String>,
    /// Districts it serves.
    #[serde(default)]
    pub districts: Vec<String>,
    /// Life phase codes.
    #[serde(default)]
    pub life_phases: Vec<String>,
    /// Topic codes.
    #[serde(default)]
    pub themes: Vec<String>,
}

/// An actor joined the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActorRegistered {
    /// Its profile.
    #[serde(flatten)]
    pub actor: ActorProfile,
}

/// The public profile of an actor changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActorProfileChanged {
    /// Its new profile.
    #[serde(flatten)]
    pub actor: ActorProfile,
}

/// A measure was proposed, by a person or because a problem situation was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureProposed {
    /// The measure.
    pub measure_id: Uuid,
    /// The alert that gave rise to it.
    #[serde(default)]
    pub alert_id: Option<Uuid>,
    /// The indicator that it is to move.
    #[serde(default)]
    pub indicator_id: Option<String>,
    /// Actors that could take part.
    #[serde(default)]
    pub candidate_actor_ids: Vec<Uuid>,
}

/// A proposed measure was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureDecided {
    /// The measure.
    pub measure_id: Uuid,
    /// `decided` or `rejected`.
    pub outcome: String,
    /// The alert that gave rise to it.
    #[serde(default)]
    pub alert_id: Option<Uuid>,
    /// The indicator that it is to move.
    #[serde(default)]
    pub indicator_id: Option<String>,
}

impl Event for ActorRegistered {
    const TYPE: &'static str = "bildung.network.actor.registered.v1";
    fn aggregate(&self) -> Uuid {
        self.actor.actor_id
    }
}
impl Event for ActorProfileChanged {
    const TYPE: &'static str = "bildung.network.actor.profile_changed.v1";
    fn aggregate(&self) -> Uuid {
        self.actor.actor_id
    }
}
impl Event for MeasureProposed {
    const TYPE: &'static str = "bildung.network.measure.proposed.v1";
    fn aggregate(&self) -> Uuid {
        self.measure_id
    }
}
impl Event for MeasureDecided {
    const TYPE: &'static str = "bildung.network.measure.decided.v1";
    fn aggregate(&self) -> Uuid {
        self.measure_id
    }
}
