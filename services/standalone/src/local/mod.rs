//! The servers of a laptop: a real PostgreSQL and a real NATS in one data folder, started, watched and stopped.
//!
//! Nothing here knows a service. Everything is blocking and small: it runs before the services start and after they
//! have stopped.

pub(crate) mod folder;
pub(crate) mod nats;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod secrets;
pub(crate) mod servers;
pub(crate) mod tools;
pub(crate) mod watchdog;
