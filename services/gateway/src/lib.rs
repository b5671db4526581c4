//! The gateway: what the public and the office see. REST with its OpenAPI document, sign-in, and the web portal, all over
//! the services' gRPC. It authenticates; the services decide who may do what. It holds no domain data: its store keeps
//! sessions and the answers of requests that carried an idempotency key.
//!
//! Pages and the API call the same functions, so no screen can do what the API cannot.

mod app;
mod assets;
mod caller;
mod housekeeping;
mod idempotency;
mod locale;
mod portal;
mod problem;
mod rest;
mod router;
mod seal;
mod settings;
mod sign_in;
mod store;
#[cfg(test)]
mod tests;
mod theme;

pub use assets::embedded;
pub use settings::{City, LifePhase, LimitSettings, SessionSettings, Settings, SignInSettings, Way};
pub use theme::{Colour, Colours};

use anyhow::Context as _;
use app::App;
use bildung_chassis::{Platform, Service, Wiring};
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
pub struct Gateway;

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }

    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        let listener =
            TcpListener::bind(settings.listen).await.with_context(|| format!("cannot listen on gateway.listen = {}", settings.listen))?;
        wiring.listens("http", listener.local_addr()?);
        let app = App::new(&platform, settings, wiring)?;
        // In a cluster, health and metrics have a port of their own that the outside cannot reach.
        let health = platform.config.common.admin.listen.is_none().then(|| platform.health.router());
        let router = router::build(app.clone(), health);
        wiring.task("http", |stop| async move {
            axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.context("the HTTP server failed")
        });
        wiring.task("housekeeping", |stop| housekeeping::run(app, stop));
        Ok(())
    }
}
