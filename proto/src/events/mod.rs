//! Domain events. One name for everything: `bildung.<context>.<aggregate>.<fact>.v<N>` is the constant here,
//! the CloudEvents `type`, the NATS subject and the schema's file name.
//!
//! Payloads change additively only (a new field is an `Option` or has a default); a breaking change is a `v2` beside
//! `v1`. No payload holds personal data: newcomer events carry random references and codes.
pub mod catalogue;
pub mod monitoring;
pub mod network;
pub mod newcomers;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A fact that another service may rely on.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// `bildung.<context>.<aggregate>.<fact>.v<N>`, the fact in the past tense.
    const TYPE: &'static str;
    /// The aggregate the fact is about (CloudEvents `subject`).
    fn aggregate(&self) -> Uuid;
}

/// Every event of the product with its schema, by type.
pub fn catalogue_of_events() -> Vec<(&'static str, schemars::Schema)> {
    fn entry<E: Event>() -> (&'static str, schemars::Schema) {
        (E::TYPE, schemars::schema_for!(E))
    }
    vec![
        entry::<catalogue::OfferPublished>(),
        entry::<catalogue::OfferUpdated>(),
        entry::<catalogue::OfferWithdrawn>(),
        entry::<network::ActorRegistered>(),
        entry::<network::ActorProfileChanged>(),
        entry::<network::MeasureProposed>(),
        entry::<network::MeasureDecided>(),
        entry::<monitoring::AlertRaised>(),
        entry::<monitoring::AlertCleared>(),
        entry::<newcomers::CaseOpened>(),
        entry::<newcomers::CaseHandedOver>(),
        entry::<newcomers::ReferralSent>(),
        entry::<newcomers::ReferralAnswered>(),
    ]
}
