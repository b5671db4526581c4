//! Both servers of a data folder together: started in order, kept alive, stopped in order.

use std::time::Duration;

use anyhow::Result;

use super::folder::{Folder, Hold};
use super::nats::{self, Nats};
use super::ports::Ports;
use super::postgres::{self, Postgres};
use super::watchdog::{self, Watchdog};
use super::{ports, tools};

/// PostgreSQL and NATS on a data folder that is ours. The order of the fields is the order of the end.
#[derive(Debug)]
pub(crate) struct Servers {
    nats: Nats,
    postgres: Postgres,
    watchdog: Watchdog,
    folder: Folder,
    _hold: Hold,
}

impl Servers {
    /// Starts both; `services` are the names that get a user of their own.
    pub(crate) fn start(folder: Folder, services: &[&str], say: &dyn Fn(&str)) -> Result<Self> {
        let hold = folder.hold()?;
        folder.withdraw();
        watchdog::clear_orphans(&folder, say)?;
        let wanted = postgres::major_of(&folder.postgres())?;
        let bin = tools::postgres(&folder.tools(), wanted, say)?;
        let program = tools::nats(&folder.tools(), say)?;
        say(&format!("PostgreSQL {} from {}, NATS from {}", bin.major, bin.folder.display(), program.display()));

        let secrets = folder.secrets();
        let mut ports = Ports::read(&folder.run().join("ports.json"));
        let watchdog = Watchdog::start(folder.root())?;
        let setup = postgres::Setup {
            bin,
            data: folder.postgres(),
            port: ports.take("postgres")?,
            log: folder.log("postgres"),
            password: secrets.password("postgres")?,
            durable: true,
        };
        postgres::create(&setup)?;
        let postgres = Postgres::start(&setup, say)?;
        let users =
            services.iter().map(|name| Ok(((*name).to_owned(), secrets.password(&format!("nats-{name}"))?))).collect::<Result<_>>()?;
        let nats = Nats::start(nats::Setup {
            program,
            folder: folder.nats(),
            port: ports.take("nats")?,
            monitor_port: ports.take("nats-monitor")?,
            log: folder.log("nats"),
            admin_password: secrets.password("nats-admin")?,
            services: users,
        })?;
        Ok(Self { nats, postgres, watchdog, folder, _hold: hold })
    }

    pub(crate) fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    pub(crate) fn nats(&self) -> &Nats {
        &self.nats
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Starts anew what somebody else has ended. Called every now and then.
    pub(crate) fn keep(&mut self, say: &dyn Fn(&str)) -> Result<()> {
        self.watchdog.keep()?;
        if self.postgres.ended() {
            say("PostgreSQL has ended by itself: starting it anew");
            self.postgres = Postgres::start(&self.postgres.setup().clone(), say)?;
        }
        if self.nats.ended() {
            say("NATS has ended by itself: starting it anew");
            self.nats = Nats::start(self.nats.setup().clone())?;
        }
        Ok(())
    }

    /// How often to look after the servers.
    pub(crate) const ROUND: Duration = Duration::from_millis(500);

    /// Stops both cleanly: NATS, then PostgreSQL.
    pub(crate) fn stop(mut self) {
        self.folder.withdraw();
        self.nats.stop();
        self.postgres.stop();
    }
}

/// A port people see, free or refused; `wanted` of 0 is any.
pub(crate) fn front_port(wanted: u16) -> Result<u16> {
    if wanted == 0 {
        return ports::any_free();
    }
    ports::require_free(wanted).map(|()| wanted)
}
