//! `events`: what goes over the bus right now, and what consumers gave up on.

use std::path::Path;

use anyhow::Result;
use bildung_chassis::bus::Bus;
use bildung_chassis::config::BusUser;
use bildung_chassis::dead_letters;
use futures::StreamExt;

use crate::failure::{Exit, Failure};
use crate::local::folder::Folder;
use crate::local::ports::Ports;
use crate::settings::Prepare;
use crate::{progress, settings};

/// The bus with the operator's rights: of the running local product, else of the settings.
pub(crate) async fn operator_bus(file: Option<&Path>, data_dir: &Path) -> Result<Bus> {
    let config = settings::load(file)?;
    let folder = Folder::look(data_dir)?;
    if folder.running().is_some()
        && let Some(port) = Ports::read(&folder.run().join("ports.json")).known("nats")
    {
        let mut bus = config.common.bus.clone();
        bus.url = format!("nats://127.0.0.1:{port}");
        let admin = BusUser { user: "admin".to_owned(), password_file: folder.secrets().path("nats-admin") };
        return Bus::connect_as_admin(&bus, Some(&admin)).await;
    }
    let prepare = config.section::<Prepare>("prepare")?;
    if prepare.nats.is_none() && file.is_none() {
        return Err(Failure::error(
            Exit::NothingRuns,
            format!(
                "nothing runs on {}: start it with `bildungsbuero up`, or name a settings file with [prepare.nats]",
                folder.root().display()
            ),
        ));
    }
    Bus::connect_as_admin(&config.common.bus, prepare.nats.as_ref()).await
}

/// Follows events from now on, one a line, until a signal or a closed pipe.
pub(crate) async fn tail(bus: &Bus, subject: &str) -> Result<()> {
    use std::io::Write;
    let mut events = dead_letters::tail(bus, subject).await?;
    progress::say(&format!("events of {subject} from now on; end with Ctrl-C"));
    while let Some(event) = events.next().await {
        if writeln!(std::io::stdout(), "{event}").is_err() {
            break;
        }
    }
    Ok(())
}

/// Every dead letter, a line each.
pub(crate) async fn list(bus: &Bus) -> Result<()> {
    let letters = dead_letters::list(bus).await?;
    for letter in &letters {
        progress::print(&format!("{}\t{}\t{}\t{}", letter.number, letter.consumer, letter.event, letter.reason));
    }
    progress::say(&format!("{} dead letters", letters.len()));
    Ok(())
}

/// One dead letter with its event.
pub(crate) async fn show(bus: &Bus, number: u64) -> Result<()> {
    progress::print(&serde_json::to_string_pretty(&dead_letters::show(bus, number).await?)?);
    Ok(())
}

/// Sends dead letters to their consumers again.
pub(crate) async fn replay(bus: &Bus, numbers: &[u64]) -> Result<()> {
    for number in numbers {
        dead_letters::replay(bus, *number).await?;
        progress::print(&format!("{number} replayed"));
    }
    Ok(())
}

/// Removes dead letters for good.
pub(crate) async fn drop_letters(bus: &Bus, numbers: &[u64]) -> Result<()> {
    for number in numbers {
        dead_letters::drop_letter(bus, *number).await?;
        progress::print(&format!("{number} dropped"));
    }
    Ok(())
}
