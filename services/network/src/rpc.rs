//! The network over gRPC.
mod convert;

use crate::domain::Violation;
use crate::domain::measure::GivenDecision;
use crate::store::{self, Page};
use crate::{commands, queries};
use bildung_chassis::rpc::principal;
use bildung_chassis::{Refusal, Result, Store, Work};
use bildung_proto::rpc::network as pb;
use futures::future::BoxFuture;
use jiff::civil::Date;
use pb::network_server::{Network, NetworkServer};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The gRPC service on a store.
pub(crate) fn server(store: Store) -> NetworkServer<impl Network> {
    NetworkServer::new(api(store))
}

/// The service itself, without its transport.
pub(crate) fn api(store: Store) -> impl Network {
    Rpc { store }
}

struct Rpc {
    store: Store,
}

impl Rpc {
    async fn command<M: Send, T: Send>(
        &self,
        request: Request<M>,
        command: impl for<'w> FnOnce(&'w mut Work, M) -> BoxFuture<'w, Result<T>> + Send,
    ) -> Result<T> {
        let principal = principal(&request);
        // Before anything in the message is read, so that a stranger learns nothing from what is wrong with it.
        principal.require(commands::WRITERS)?;
        let message = request.into_inner();
        self.store.command(&principal, |work| command(work, message)).await
    }

    async fn measure(&self, caller: &bildung_chassis::Principal, id: Uuid) -> Result<Response<pb::Measure>, Status> {
        let view = queries::measures::get(&self.store, caller, id).await?;
        Ok(Response::new(view.into()))
    }
}

/// The id in a path: what is no id names nothing.
fn path_id(text: &str, what: &str) -> Result<Uuid, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(format!("{what}_not_found"), format!("there is no such {what}")))
}

fn body_id(text: &str, pointer: &'static str, what: &'static str) -> Result<Uuid, Violation> {
    match text.trim() {
        "" => Err(Violation::Missing { code: "reference_missing", pointer, what }),
        text => text.parse().map_err(|_| Violation::Malformed { pointer, given: text.chars().take(64).collect() }),
    }
}

fn body_ids(texts: &[String], pointer: &'static str) -> Result<Vec<Uuid>, Violation> {
    texts.iter().filter(|text| !text.trim().is_empty()).map(|text| body_id(text, pointer, "the actor")).collect()
}

/// Ids to filter by: what is no id matches nothing.
fn filter_ids(texts: &[String]) -> Vec<Uuid> {
    texts.iter().map(|text| text.parse().unwrap_or(Uuid::nil())).collect()
}

fn day(text: &str, pointer: &'static str) -> Result<Option<Date>, Violation> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(date) => Ok(Some(date)),
            Err(_) => Err(Violation::Malformed { pointer, given: text.chars().take(64).collect() }),
        },
    }
}

#[tonic::async_trait]
impl Network for Rpc {
    async fn register_actor(&self, request: Request<pb::RegisterActorRequest>) -> Result<Response<pb::Actor>, Status> {
        let actor = self.command(request, |work, message| {
            Box::pin(async move {
                let given = message.profile.unwrap_or_default().into();
                commands::actors::register(work, &given, &message.state, &message.key).await
            })
        });
        Ok(Response::new(actor.await?.into()))
    }

    async fn change_actor(&self, request: Request<pb::ChangeActorRequest>) -> Result<Response<pb::Actor>, Status> {
        let actor = self.command(request, |work, message| {
            Box::pin(async move {
                let id = path_id(&message.id, "actor")?;
                let given = message.profile.unwrap_or_default().into();
                commands::actors::change(work, id, message.revision, &given, &message.state).await
            })
        });
        Ok(Response::new(actor.await?.into()))
    }

    async fn get_actor(&self, request: Request<pb::GetActorRequest>) -> Result<Response<pb::Actor>, Status> {
        let id = path_id(&request.get_ref().id, "actor")?;
        Ok(Response::new(queries::actors::get(&self.store, &principal(&request), id).await?.into()))
    }

    async fn list_actors(&self, request: Request<pb::ListActorsRequest>) -> Result<Response<pb::ListActorsResponse>, Status> {
        let caller = principal(&request);
        let asked = request.into_inner();
        let page = Page::new(asked.page, asked.per_page);
        let filter = store::actor::Filter {
            q: asked.q,
            kinds: asked.kinds,
            types: asked.types,
            life_phases: asked.life_phases,
            themes: asked.themes,
            districts: asked.districts,
            languages: asked.languages,
            states: asked.states,
        };
        let (total, actors) = queries::actors::list(&self.store, &caller, filter, page).await?;
        Ok(Response::new(pb::ListActorsResponse { total, actors: actors.into_iter().map(Into::into).collect() }))
    }

    async fn add_cooperation(&self, request: Request<pb::AddCooperationRequest>) -> Result<Response<pb::Cooperation>, Status> {
        let cooperation = self.command(request, |work, message| {
            Box::pin(async move {
                let from = body_id(&message.from_actor_id, "/from_actor_id", "one of the two actors")?;
                let to = body_id(&message.to_actor_id, "/to_actor_id", "one of the two actors")?;
                let since = day(&message.since, "/since")?;
                let until = day(&message.until, "/until")?;
                let given = convert::cooperation(message, since);
                commands::cooperations::add(work, from, to, &given, until).await
            })
        });
        Ok(Response::new(cooperation.await?.into()))
    }

    async fn move_cooperation(&self, request: Request<pb::MoveCooperationRequest>) -> Result<Response<pb::Cooperation>, Status> {
        let cooperation = self.command(request, |work, message| {
            Box::pin(async move {
                let id = path_id(&message.id, "cooperation")?;
                let on = day(&message.on, "/on")?;
                commands::cooperations::move_to(work, id, message.revision, &message.state, &message.reason, on).await
            })
        });
        Ok(Response::new(cooperation.await?.into()))
    }

    async fn get_cooperation(&self, request: Request<pb::GetCooperationRequest>) -> Result<Response<pb::Cooperation>, Status> {
        let id = path_id(&request.get_ref().id, "cooperation")?;
        Ok(Response::new(queries::cooperations::get(&self.store, &principal(&request), id).await?.into()))
    }

    async fn list_cooperations(
        &self,
        request: Request<pb::ListCooperationsRequest>,
    ) -> Result<Response<pb::ListCooperationsResponse>, Status> {
        let caller = principal(&request);
        let asked = request.into_inner();
        let filter = store::cooperation::Filter {
            actors: filter_ids(&asked.actor_ids),
            types: asked.types,
            states: asked.states,
            between_active: false,
        };
        let page = Page::new(asked.page, asked.per_page);
        let (total, cooperations) = queries::cooperations::list(&self.store, &caller, filter, page).await?;
        Ok(Response::new(pb::ListCooperationsResponse { total, cooperations: cooperations.into_iter().map(Into::into).collect() }))
    }

    async fn list_measures(&self, request: Request<pb::ListMeasuresRequest>) -> Result<Response<pb::ListMeasuresResponse>, Status> {
        let caller = principal(&request);
        let asked = request.into_inner();
        let filter = store::measure::Filter { alerts: filter_ids(&asked.alert_ids), indicators: asked.indicator_ids, states: asked.states };
        let listed = queries::measures::list(&self.store, &caller, &filter, Page::new(asked.page, asked.per_page)).await?;
        Ok(Response::new(listed.into()))
    }

    async fn get_measure(&self, request: Request<pb::GetMeasureRequest>) -> Result<Response<pb::Measure>, Status> {
        self.measure(&principal(&request), path_id(&request.get_ref().id, "measure")?).await
    }

    async fn propose_measure(&self, request: Request<pb::ProposeMeasureRequest>) -> Result<Response<pb::Measure>, Status> {
        let caller = principal(&request);
        let measure = self.command(request, |work, message| {
            Box::pin(async move {
                let candidates = body_ids(&message.candidate_actor_ids, "/candidate_actor_ids")?;
                commands::measures::propose(work, &message.title, &message.reasoning, &message.indicator_id, &candidates).await
            })
        });
        self.measure(&caller, measure.await?.id).await
    }

    async fn decide_measure(&self, request: Request<pb::DecideMeasureRequest>) -> Result<Response<pb::Measure>, Status> {
        let caller = principal(&request);
        let measure = self.command(request, |work, message| {
            Box::pin(async move {
                let id = path_id(&message.id, "measure")?;
                let lead = message.lead_actor_id.trim();
                let decision = GivenDecision {
                    lead: if lead.is_empty() { None } else { Some(body_id(lead, "/lead_actor_id", "the lead")?) },
                    partners: body_ids(&message.partner_actor_ids, "/partner_actor_ids")?,
                    due_on: day(&message.due_on, "/due_on")?,
                    goal: message.goal,
                    title: message.title,
                    target: message.target,
                };
                commands::measures::decide(work, id, message.revision, &decision).await
            })
        });
        self.measure(&caller, measure.await?.id).await
    }

    async fn reject_measure(&self, request: Request<pb::RejectMeasureRequest>) -> Result<Response<pb::Measure>, Status> {
        let caller = principal(&request);
        let measure = self.command(request, |work, message| {
            Box::pin(async move {
                let id = path_id(&message.id, "measure")?;
                commands::measures::reject(work, id, message.revision, &message.reason).await
            })
        });
        self.measure(&caller, measure.await?.id).await
    }

    async fn move_measure(&self, request: Request<pb::MoveMeasureRequest>) -> Result<Response<pb::Measure>, Status> {
        let caller = principal(&request);
        let measure = self.command(request, |work, message| {
            Box::pin(async move {
                let id = path_id(&message.id, "measure")?;
                commands::measures::move_to(work, id, message.revision, &message.state, &message.note).await
            })
        });
        self.measure(&caller, measure.await?.id).await
    }

    async fn get_network(&self, request: Request<pb::GetNetworkRequest>) -> Result<Response<pb::GetNetworkResponse>, Status> {
        let caller = principal(&request);
        let asked = request.into_inner();
        let part =
            queries::net::Part { types: asked.types, life_phases: asked.life_phases, districts: asked.districts, states: asked.states };
        Ok(Response::new(queries::net::net(&self.store, &caller, part).await?.into()))
    }

    async fn analyse(&self, request: Request<pb::AnalyseRequest>) -> Result<Response<pb::AnalyseResponse>, Status> {
        let view = queries::net::View::of_field(&request.get_ref().view).map_err(Refusal::from)?;
        let table = queries::net::table(&self.store, &principal(&request), view).await?;
        Ok(Response::new(convert::table(view, table)))
    }

    async fn import_actors(&self, request: Request<pb::ImportActorsRequest>) -> Result<Response<pb::ImportActorsResponse>, Status> {
        let report = self.command(request, |work, message| {
            Box::pin(async move {
                let actors: Vec<_> = message.actors.into_iter().map(Into::into).collect();
                let cooperations: Vec<_> = message.cooperations.into_iter().map(convert::imported_cooperation).collect();
                commands::import::import(work, &actors, &cooperations).await
            })
        });
        Ok(Response::new(report.await?.into()))
    }
}
