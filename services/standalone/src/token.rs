//! `token`: an access token for the command line, from the running demo issuer.

use std::path::Path;

use anyhow::Result;
use bildung_chassis::Role;

use crate::failure::{Exit, Failure};
use crate::local::folder::Folder;
use crate::{api, issuer};

/// A token for a demo person.
pub(crate) async fn get(url: Option<&str>, data_dir: &Path, role: Role, person: Option<&str>) -> Result<String> {
    let known = match url {
        Some(_) => None,
        None => Folder::look(data_dir)?.running(),
    };
    let issuer = match known {
        Some(running) => running.issuer.ok_or_else(|| {
            Failure::error(
                Exit::NothingRuns,
                "no demo issuer runs: start with `bildungsbuero up --demo`, or get a token from your identity provider",
            )
        })?,
        None => issuer::find(&api::address(url, data_dir)?).await?,
    };
    issuer::token(&issuer, role, person).await
}
