//! The network: the actors of a city's education landscape, who works with whom, and the measures they take.
//!
//! Actors are organisations, never persons. A problem situation that monitoring raises becomes a proposed measure with
//! the actors that could take part; an education manager decides about it.
mod commands;
mod domain;
mod events;
mod queries;
mod refusals;
mod rpc;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use domain::proposal::IndicatorProfile;
pub use settings::Settings;

use bildung_chassis::{Platform, Service, Wiring};
use bildung_proto::events::{
    Event as _,
    monitoring::{AlertCleared, AlertRaised},
};
use sqlx::migrate::Migrator;
use std::sync::Arc;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
pub struct Network;

impl Service for Network {
    const NAME: &'static str = "network";
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }

    fn consumes() -> &'static [&'static str] {
        &[AlertRaised::TYPE, AlertCleared::TYPE]
    }

    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        let alerts = events::Alerts { settings: Arc::new(settings) };
        wiring.handle::<AlertRaised, _>(alerts.clone());
        wiring.handle::<AlertCleared, _>(alerts);
        wiring.rpc(rpc::server(platform.store));
        Ok(())
    }
}
