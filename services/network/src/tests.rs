//! The service on a real database: commands, questions and facts as callers meet them.
mod actors;
mod alerts;
mod cooperations;
mod import;
mod measures;
mod net;

use crate::domain::actor::{Actor, GivenProfile};
use crate::{Network, commands, rpc};
use bildung_chassis::testing::{self, TestDatabase};
use bildung_chassis::{Principal, Refusal, Role};
use bildung_proto::rpc::network as pb;
use pb::network_server::Network as Api;
use serde_json::Value;
use tonic::{Request, Response, Status};
use uuid::Uuid;

async fn database() -> TestDatabase {
    testing::database::<Network>().await
}

fn manager() -> Principal {
    testing::user(Role::EducationManager)
}

fn api(db: &TestDatabase) -> impl Api {
    rpc::api(db.store.clone())
}

/// A request as the identity layer hands it on.
fn from<M>(principal: &Principal, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(principal.clone());
    request
}

fn refused<T>(answer: Result<Response<T>, Status>) -> Refusal {
    let status = answer.err().expect("the request is refused");
    Refusal::from_status(&status).unwrap_or_else(|| panic!("no refusal but {status:?}"))
}

fn profile(name: &str, types: &[&str], life_phases: &[&str]) -> GivenProfile {
    let owned = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect();
    GivenProfile {
        name: name.to_owned(),
        kind: "organisation".to_owned(),
        types: owned(types),
        life_phases: owned(life_phases),
        ..GivenProfile::default()
    }
}

async fn register(db: &TestDatabase, given: GivenProfile) -> Actor {
    let manager = manager();
    let registered = db.store.command(&manager, |work| Box::pin(async move { commands::actors::register(work, &given, "", "").await }));
    registered.await.expect("the actor can be registered")
}

/// What waits to be published, in order: type and data.
async fn outbox(db: &TestDatabase) -> Vec<(String, Value)> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as("select type, data from chassis.outbox order by seq").fetch_all(&db.admin).await.expect("the outbox can be read");
    rows
}

fn id(text: &str) -> Uuid {
    text.parse().expect("an id")
}
