//! `prepare`: databases, roles, streams and consumers, with the administrators' credentials.

use std::path::Path;

use anyhow::Result;

use crate::settings::Prepare;
use crate::{progress, services, settings};

/// Prepares every service.
pub(crate) async fn run(file: Option<&Path>) -> Result<()> {
    let config = settings::load(file)?;
    let administrator = config.section::<Prepare>("prepare")?.administrator()?;
    bildung_chassis::prepare::prepare(&config, &administrator, &services::contracts()).await?;
    progress::print(&format!("prepared: {}", services::names().join(" ")));
    Ok(())
}
