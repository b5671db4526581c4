//! What every service needs and nothing about education: the host, settings, telemetry, the database with outbox and
//! inbox, the bus, gRPC, identity and health. A second service must need a thing before it moves here.
pub mod bus;
pub mod clock;
pub mod config;
pub mod database;
pub mod dead_letters;
pub mod event;
pub mod files;
pub mod health;
pub mod host;
pub mod identity;
pub mod inbox;
pub mod outbox;
pub mod prepare;
pub mod refusal;
pub mod rpc;
pub mod store;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;

pub use clock::{Clock, Ids};
pub use config::Config;
pub use event::Received;
pub use host::{Background, Host, Platform, Service, Wiring};
pub use identity::{Principal, Role, User};
pub use inbox::{Handle, Rejection};
pub use refusal::{Error, FieldError, Kind, Refusal, Result};
pub use store::{Store, Work};

/// A Postgres transaction.
pub type Tx<'c> = sqlx::Transaction<'c, sqlx::Postgres>;
