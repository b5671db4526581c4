//! The binary `bildungsbuero`: everything on a laptop, chosen services in a cluster, and the operator's commands.
//!
//! `cli` says what can be asked, `local` runs the servers of a laptop, and each other module is one command.

mod api;
mod backup;
mod cli;
mod demo_city;
mod demo_issuer;
mod events;
mod failure;
mod issuer;
mod local;
mod only_servers;
mod prepare;
mod progress;
mod run;
mod services;
mod settings;
mod token;
mod up;
mod upload;
mod with_postgres;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(code) => code,
        Err(error) => {
            progress::complain(&format!("{error:#}"));
            ExitCode::from(failure::exit_of(&error) as u8)
        }
    }
}
