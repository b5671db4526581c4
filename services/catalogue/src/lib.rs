//! Offers: what residents can take part in, brought in from the systems of their providers, found by search.
//!
//! A file comes in over gRPC, is stored, and a worker turns its records into offers, a batch per transaction, each with
//! the facts other services are told ([`import`]). Every replica keeps a search index of its own that follows the store
//! ([`search`]). Names of actors come from the network's events.
mod commands;
pub mod domain;
mod events;
pub mod import;
mod queries;
mod refusals;
mod rpc;
pub mod search;
pub mod settings;
mod store;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use bildung_chassis::{Platform, Service, Wiring};
use bildung_proto::{
    events::{
        Event as _,
        network::{ActorProfileChanged, ActorRegistered},
    },
    rpc::catalogue::catalogue_server::CatalogueServer,
};
use domain::import_run::VanishGuard;
use import::runner::Runner;
use jiff::tz::TimeZone;
use search::{OfferIndex, follow::Follower};
use settings::Settings;
use sqlx::migrate::Migrator;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
#[derive(Debug)]
pub struct Catalogue;

impl Service for Catalogue {
    const NAME: &'static str = "catalogue";
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }

    fn consumes() -> &'static [&'static str] {
        &[ActorRegistered::TYPE, ActorProfileChanged::TYPE]
    }

    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        let zone = TimeZone::get(&settings.time_zone).context("catalogue.time_zone")?;
        let store = platform.store;

        let index = OfferIndex::create(zone.clone())?;
        let mut follower = Follower::new(store.clone(), index.clone());
        follower.fill().await?;
        wiring.task("search-index", |stop| follower.run(stop));

        let runner = Runner {
            store: store.clone(),
            context: import::Context { time_zone: zone.clone(), language: settings.language },
            guard: VanishGuard { max_share: settings.import.max_vanishing_share },
            lease_seconds: settings.import.lease_seconds,
        };
        wiring.task("imports", |stop| runner.run(stop));

        let announcing = store.clone();
        wiring.task("announce", |stop| commands::announce::run(announcing, stop));

        wiring.handle::<ActorRegistered, _>(events::ActorNames);
        wiring.handle::<ActorProfileChanged, _>(events::ActorNames);
        wiring.rpc(CatalogueServer::new(rpc::Rpc { store, index, zone, max_bytes: platform.config.common.import.max_bytes }));
        Ok(())
    }
}
