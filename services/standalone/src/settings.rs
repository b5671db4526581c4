//! The settings of a command: read, checked, printed; and the section `[prepare]`, which only the operator's commands read.

use std::path::Path;

use anyhow::Result;
use bildung_chassis::Config;
use bildung_chassis::config::{BusUser, Database};
use bildung_chassis::prepare::Administrator;
use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions;

use crate::failure::{Exit, Failure};
use crate::services::{self, Part};
use crate::{issuer, progress};

/// Credentials that only `prepare` and `events` use; no service ever sees them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Prepare {
    /// A role that may create roles and databases, with its maintenance database.
    pub(crate) postgres: Option<Database>,
    /// A NATS user that may declare streams.
    pub(crate) nats: Option<BusUser>,
}

impl Prepare {
    /// The administrator these settings name.
    pub(crate) fn administrator(&self) -> Result<Administrator> {
        let Some(postgres) = &self.postgres else {
            return Err(Failure::error(
                Exit::Settings,
                "set prepare.postgres.url (and password_file) to a role that may create roles and databases",
            ));
        };
        // A slow statement is logged, and one of these sets a password.
        let postgres = bildung_chassis::database::options(postgres)?.disable_statement_logging();
        Ok(Administrator { postgres, nats: self.nats.clone() })
    }
}

/// Reads the settings and refuses what nobody understands.
pub(crate) fn load(file: Option<&Path>) -> Result<Config> {
    let config = Config::load(file).map_err(wrong)?;
    let mut known = services::names();
    known.extend(["city", "prepare", "demo_issuer"]);
    for section in config.unknown_sections(&known)? {
        progress::complain(&format!("nobody reads the section [{section}] of the settings: is it spelt right?"));
    }
    Ok(config)
}

/// `config check`: everything is read as the services read it.
pub(crate) fn check(file: Option<&Path>) -> Result<()> {
    let config = load(file)?;
    for part in Part::SERVICES.iter().copied() {
        part.check(&config).map_err(wrong)?;
        config.database(part.name()).map_err(wrong)?;
    }
    config.section::<Prepare>("prepare").map_err(wrong)?;
    config.section::<issuer::Settings>("demo_issuer").map_err(wrong)?;
    progress::print("the settings hold");
    Ok(())
}

fn wrong(error: impl std::fmt::Display) -> anyhow::Error {
    Failure::error(Exit::Settings, format!("{error:#}"))
}
