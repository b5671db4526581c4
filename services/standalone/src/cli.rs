//! What can be asked on the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::failure::EXIT_CODES;
use crate::{local, only_servers, with_postgres};

/// Software of a municipal education office: offers, network, monitoring, newcomers.
#[derive(Debug, Parser)]
#[command(name = "bildungsbuero", version, after_long_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where a local installation lies.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataDir {
    /// The data folder of the local installation
    #[arg(long, value_name = "DIR", env = "BB_DATA_DIR", default_value = ".local")]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a command with a throw-away PostgreSQL
    #[command(hide = true)]
    WithPostgres {
        #[command(flatten)]
        at: DataDir,
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

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::WithPostgres { at, command } => with_postgres::run(&at.data_dir, &command),
            Command::Servers { at } => only_servers::run(&at.data_dir).map(|()| ExitCode::SUCCESS),
            Command::WatchChildren => local::watchdog::watch().map(|()| ExitCode::SUCCESS),
        }
    }
}
