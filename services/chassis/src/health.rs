//! `/livez`, `/readyz` and `/metrics`. Liveness depends on nothing; readiness on the service's own database and its
//! migrations. The bus being away makes nobody unready: writers go on and the outbox waits.
use crate::{Store, database, telemetry};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
use sqlx::migrate::Migrator;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The health of a process.
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    started: AtomicBool,
    draining: AtomicBool,
    stores: Mutex<Vec<(Store, Option<&'static Migrator>)>>,
    warnings: Mutex<BTreeMap<&'static str, String>>,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    services: BTreeMap<&'static str, &'static str>,
    warnings: Vec<String>,
}

impl Health {
    pub(crate) fn watch(&self, store: Store, migrator: Option<&'static Migrator>) {
        self.0.stores.lock().unwrap_or_else(PoisonError::into_inner).push((store, migrator));
    }
    pub(crate) fn started(&self) {
        self.0.started.store(true, Ordering::SeqCst);
    }
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }
    /// Sets or clears a warning that operators see at `/readyz`.
    pub(crate) fn warn(&self, subject: &'static str, warning: Option<String>) {
        let mut warnings = self.0.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        match warning {
            Some(text) => warnings.insert(subject, text),
            None => warnings.remove(subject),
        };
    }

    async fn readiness(&self) -> Readiness {
        let stores = self.0.stores.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let checks = stores.iter().map(|(store, migrator)| async {
            let check = database::check(store.pool(), *migrator);
            let state = match tokio::time::timeout(Duration::from_secs(2), check).await {
                Ok(Ok(())) => "ready",
                Ok(Err(error)) => {
                    tracing::warn!(service = store.service(), error = format!("{error:#}"), "not ready");
                    "database not ready"
                }
                Err(_) => "database not answering",
            };
            (store.service(), state)
        });
        let services: BTreeMap<_, _> = futures::future::join_all(checks).await.into_iter().collect();
        let warnings = self.0.warnings.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let serving = self.0.started.load(Ordering::SeqCst) && !self.0.draining.load(Ordering::SeqCst);
        Readiness { ready: serving && services.values().all(|state| *state == "ready"), services, warnings }
    }

    /// The three endpoints.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/livez", get(|| async { "ok" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(|| async { ([("content-type", "text/plain; version=0.0.4")], telemetry::prometheus_text()) }))
            .with_state(self.clone())
    }
}

async fn readyz(State(health): State<Health>) -> (StatusCode, Json<Readiness>) {
    let readiness = health.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
