//! The gateway's own mechanisms on real Postgres; the services are away.
mod frame;
mod idempotency;
mod upload;

use crate::{MIGRATOR, app::App, settings::Settings};
use axum::{body::Body, response::Response};
use bildung_chassis::{
    Clock, Host, Platform, Service, Wiring,
    host::Contract,
    testing::{self, Stage},
};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use std::cell::RefCell;

/// The gateway's parts, put together but not served.
struct Parts {
    app: App,
    clock: Clock,
    stage: Stage,
    _host: Host,
}

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
}

/// Hands out what the gateway would serve.
struct Probe;

impl Service for Probe {
    const NAME: &'static str = "gateway";
    type Settings = Settings;
    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }
    async fn wire(platform: Platform, settings: Settings, wiring: &mut Wiring) -> anyhow::Result<()> {
        APP.set(Some(App::new(&platform, settings, wiring)?));
        Ok(())
    }
}

async fn parts(changes: Value) -> Parts {
    let stage = Stage::new(&[Contract::of::<Probe>()], changes).await;
    let clock = Clock::manual(testing::start_of_time());
    let host = Host::bind(stage.config.clone(), clock.clone()).await.unwrap().with::<Probe>().await.unwrap();
    Parts { app: APP.take().unwrap(), clock, stage, _host: host }
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn get(uri: &str) -> http::request::Builder {
    http::Request::get(uri).header("host", "127.0.0.1")
}

fn empty(request: http::request::Builder) -> http::Request<Body> {
    request.body(Body::empty()).unwrap()
}

fn unchanged() -> Value {
    json!({})
}
