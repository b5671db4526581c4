//! The binary `bildungsbuero`: everything on a laptop, chosen services in a cluster, and the operator's commands.
//!
//! `cli` says what can be asked, `local` runs the servers of a laptop, and each other module is one command.

#![expect(dead_code, reason = "the commands that use the rest follow")]

mod cli;
mod failure;
mod local;
mod only_servers;
mod progress;
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
