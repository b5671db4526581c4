//! Case coordination for newcomers: a thin case that leads from a need to an offer, with minimal data.
//!
//! What could name a person is sealed (`vault`); every read, write and refusal leaves one entry in a chained trail
//! (`audit`), in the same transaction; row-level security stands behind the commands. Other services learn random
//! references only.
mod audit;
mod commands;
mod domain;
mod events;
mod queries;
mod rpc;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod vault;

pub use settings::{Notice, Settings};
pub use vault::create_key_file;

use anyhow::Context as _;
use bildung_chassis::{Platform, Service, Store, Wiring};
use bildung_proto::{
    events::{
        Event as _,
        catalogue::{OfferPublished, OfferUpdated, OfferWithdrawn},
        network::{ActorProfileChanged, ActorRegistered},
    },
    rpc::newcomers::newcomers_server::NewcomersServer,
};
use events::Copies;
use sqlx::migrate::Migrator;
use std::{sync::Arc, time::Duration};
use vault::Vault;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
pub struct Newcomers;

/// What every command and question works with.
#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) settings: Arc<Settings>,
}

impl Service for Newcomers {
    const NAME: &'static str = "newcomers";
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }

    fn consumes() -> &'static [&'static str] {
        &[OfferPublished::TYPE, OfferUpdated::TYPE, OfferWithdrawn::TYPE, ActorRegistered::TYPE, ActorProfileChanged::TYPE]
    }

    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        let key_file = settings
            .key_file
            .as_deref()
            .context("newcomers.key_file is not set: the file with the key-encryption key, outside the database's folder")?;
        let office = Office { store: platform.store, vault: Vault::open(key_file)?, settings: Arc::new(settings) };
        commands::notices::publish(&office.store, &office.settings.notices).await?;

        wiring.rpc(NewcomersServer::new(rpc::Desk(office.clone())));
        wiring.handle::<OfferPublished, _>(Copies);
        wiring.handle::<OfferUpdated, _>(Copies);
        wiring.handle::<OfferWithdrawn, _>(Copies);
        wiring.handle::<ActorRegistered, _>(Copies);
        wiring.handle::<ActorProfileChanged, _>(Copies);
        if let Some(path) = office.settings.audit_anchor_file.clone() {
            let (store, every) = (office.store.clone(), Duration::from_secs(office.settings.audit_anchor_every_s.max(1)));
            wiring.task("audit-anchor", move |stop| async move { audit::keep(store, &path, every, stop).await });
        }
        wiring.task("expiry", move |stop| commands::expiry::run(office, stop));
        Ok(())
    }
}
