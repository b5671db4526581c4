//! Monitoring: loads statistical tables, keeps every number with its place in the file and its vintage, computes
//! indicators, lets two people check and release them, and raises an alert where a released value is a problem.
mod commands;
mod definitions;
pub mod disclosure;
pub mod domain;
mod indicators;
mod ingest;
mod queries;
mod refusals;
mod rpc;
pub mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use settings::Settings;

use crate::{definitions::Definitions, disclosure::Policy, domain::rule::ProblemRule};
use anyhow::{Context as _, ensure};
use bildung_chassis::{Platform, Service, Wiring};
use bildung_proto::rpc::monitoring::monitoring_server::MonitoringServer;
use sqlx::migrate::Migrator;
use std::sync::Arc;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
#[derive(Debug)]
pub struct Monitoring;

/// What the service knows beside its data: tables, indicators, rules.
pub(crate) struct Knowledge {
    definitions: Definitions,
    rules: Vec<ProblemRule>,
    disclosure: Policy,
    quarantine_kept: u32,
}

impl Knowledge {
    fn new(settings: &Settings) -> anyhow::Result<Self> {
        let definitions = match &settings.definitions {
            None => Definitions::embedded()?,
            Some(file) => Definitions::parse(
                &std::fs::read_to_string(file).with_context(|| format!("monitoring.definitions: cannot read {}", file.display()))?,
            )?,
        };
        for rule in &settings.rules {
            let known = definitions.indicator(&rule.indicator).is_some();
            ensure!(known, "monitoring.rules: {} watches the unknown indicator {}", rule.id, rule.indicator);
        }
        Ok(Self {
            definitions,
            rules: settings.rules.clone(),
            disclosure: settings.disclosure.clone(),
            quarantine_kept: settings.ingest.quarantine_kept,
        })
    }
}

impl Service for Monitoring {
    const NAME: &'static str = "monitoring";
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }

    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        let knowledge = Arc::new(Knowledge::new(&settings)?);
        let runner = ingest::run::Runner { store: platform.store.clone(), knowledge: Arc::clone(&knowledge) };
        wiring.task("ingest", move |stop| runner.run(stop));
        let rpc = rpc::Rpc { store: platform.store, knowledge, max_bytes: platform.config.common.import.max_bytes };
        wiring.rpc(MonitoringServer::new(rpc));
        Ok(())
    }
}
