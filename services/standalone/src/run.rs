//! `run SERVICE...`: the named parts in one process, as Kubernetes starts them.

use std::path::Path;

use anyhow::Result;
use bildung_chassis::{Clock, Host, host, telemetry};
use tokio_util::sync::CancellationToken;

use crate::services::Part;
use crate::{issuer, settings};

/// Runs until a signal comes.
pub(crate) async fn run(file: Option<&Path>, mut parts: Vec<Part>) -> Result<()> {
    let config = settings::load(file)?;
    parts.sort_unstable();
    parts.dedup();
    let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
    let _telemetry = telemetry::init(&names.join("-"), &config.common.telemetry)?;
    let stop = CancellationToken::new();
    let work = async {
        let persons = async { if parts.contains(&Part::DemoIssuer) { issuer::serve(&config, stop.clone()).await } else { Ok(()) } };
        let services = async {
            let parts: Vec<Part> = parts.iter().copied().filter(|part| *part != Part::DemoIssuer).collect();
            if parts.is_empty() {
                return Ok(());
            }
            let mut host = Host::bind(config.clone(), Clock::system()).await?;
            let host_stop = host.stop();
            for part in parts {
                host = part.join(host).await?;
            }
            let served = host.serve();
            tokio::pin!(served);
            tokio::select! {
                ended = &mut served => return ended,
                () = stop.cancelled() => host_stop.cancel(),
            }
            served.await
        };
        // Whoever fails first takes the other along.
        let guarded = |part| async {
            let ended: Result<()> = part;
            if ended.is_err() {
                stop.cancel();
            }
            ended
        };
        let (issuer, services) = tokio::join!(async { guarded(persons.await).await }, async { guarded(services.await).await });
        issuer.and(services)
    };
    tokio::select! {
        ended = work => ended,
        failed = host::stop_on_signal(stop.clone()) => failed,
    }
}
