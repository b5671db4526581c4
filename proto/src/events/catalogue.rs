//! Facts about offers.
use super::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What other services may know of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferState {
    /// The offer.
    pub offer_id: Uuid,
    /// Its title, in the language it is offered in.
    pub title: String,
    /// Who provides it.
    pub provider: OfferProvider,
    /// Topic codes.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Life phase codes.
    #[serde(default)]
    pub life_phases: Vec<String>,
    /// District, as the source names it.
    #[serde(default)]
    pub district: Option<String>,
    /// Language of instruction (BCP 47).
    #[serde(default)]
    pub language: Option<String>,
    /// CEFR level that the offer leads to.
    #[serde(default)]
    pub level: Option<String>,
    /// All its dates have passed.
    #[serde(default)]
    pub over: bool,
}

/// The provider of an offer: the actor if the network knows it, else only a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferProvider {
    /// The catalogue's provider.
    pub provider_id: Uuid,
    /// The actor in the network, once known.
    #[serde(default)]
    pub actor_id: Option<Uuid>,
    /// The organisation's name.
    pub name: String,
}

/// An offer became visible to the public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferPublished {
    /// Its state.
    #[serde(flatten)]
    pub offer: OfferState,
}

/// A visible offer changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferUpdated {
    /// Its new state.
    #[serde(flatten)]
    pub offer: OfferState,
}

/// An offer is no longer visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferWithdrawn {
    /// The offer.
    pub offer_id: Uuid,
    /// Why: `vanished_from_source`, `withdrawn_by_editor`, `import_undone` or `expired`.
    pub reason: String,
}

impl Event for OfferPublished {
    const TYPE: &'static str = "bildung.catalogue.offer.published.v1";
    fn aggregate(&self) -> Uuid {
        self.offer.offer_id
    }
}
impl Event for OfferUpdated {
    const TYPE: &'static str = "bildung.catalogue.offer.updated.v1";
    fn aggregate(&self) -> Uuid {
        self.offer.offer_id
    }
}
impl Event for OfferWithdrawn {
    const TYPE: &'static str = "bildung.catalogue.offer.withdrawn.v1";
    fn aggregate(&self) -> Uuid {
        self.offer_id
    }
}
