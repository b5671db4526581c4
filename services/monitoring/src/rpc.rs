//! gRPC on one side, commands and questions on the other.
use crate::{
    Knowledge,
    commands::{self, Upload},
    ingest::Profile,
    queries,
};
use bildung_chassis::{Error, Principal, Refusal, Store, rpc};
use bildung_proto::rpc::monitoring::{
    CheckDatasetRequest, Dataset, GetDatasetRequest, GetIndicatorValuesRequest, GetIndicatorValuesResponse, GetQuarantineRequest,
    GetQuarantineResponse, ListAlertsRequest, ListAlertsResponse, ListDatasetsRequest, ListDatasetsResponse, ListIndicatorsRequest,
    ListIndicatorsResponse, ListObservationsRequest, ListObservationsResponse, ReleaseDatasetRequest, StartIngestRequest,
    StartIngestResponse, monitoring_server::Monitoring, start_ingest_request::Part,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// As much of a file as its layout is recognised by.
const HEAD: usize = 4096;

/// The service as its peers reach it.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) store: Store,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) max_bytes: u64,
}

impl Rpc {
    async fn receive(&self, principal: Principal, mut messages: Streaming<StartIngestRequest>) -> Result<Uuid, Error> {
        principal.require(commands::ANALYSTS)?;
        let Some(Part::Start(start)) = messages.try_next().await.map_err(broken)?.and_then(|message| message.part) else {
            return Err(Refusal::invalid("start_missing", "the first message has to be `start`").into());
        };
        let mut data = messages
            .map(|message| match message.map_err(broken)?.part {
                Some(Part::Data(bytes)) => Ok(Bytes::from(bytes)),
                _ => Err(Refusal::invalid("data_missing", "every message but the first has to be `data`").into()),
            })
            .boxed();
        let mut head = Vec::new();
        while head.len() < HEAD
            && let Some(bytes) = data.try_next().await?
        {
            head.extend_from_slice(&bytes);
        }
        if head.is_empty() {
            return Err(Refusal::invalid("body_empty", "the file is empty").into());
        }
        let upload = Upload {
            profile: Profile::choose(&start.profile, &head)?,
            dry_run: start.dry_run,
            file_name: start.file_name.map(|name| name.chars().filter(|character| !character.is_control()).take(200).collect()),
        };
        let (max_bytes, chunks) = (self.max_bytes, stream::iter([Ok(Bytes::from(head))]).chain(data));
        self.store.command(&principal, move |work| Box::pin(commands::receive(work, upload, chunks, max_bytes))).await
    }
}

/// The sender went away, or what it sent is no message.
#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn broken(status: Status) -> Error {
    Refusal::invalid("upload_broken", format!("the upload broke off: {}", status.message())).into()
}

#[tonic::async_trait]
impl Monitoring for Rpc {
    async fn start_ingest(&self, request: Request<Streaming<StartIngestRequest>>) -> Result<Response<StartIngestResponse>, Status> {
        let principal = rpc::principal(&request);
        let id = self.receive(principal, request.into_inner()).await?;
        Ok(Response::new(StartIngestResponse { id: id.to_string() }))
    }

    async fn get_dataset(&self, request: Request<GetDatasetRequest>) -> Result<Response<Dataset>, Status> {
        let id = rpc::id(&request.get_ref().id, "/id")?;
        Ok(Response::new(queries::dataset(&self.store, &rpc::principal(&request), id).await?))
    }

    async fn list_datasets(&self, request: Request<ListDatasetsRequest>) -> Result<Response<ListDatasetsResponse>, Status> {
        let page = queries::page(request.get_ref().page, request.get_ref().per_page)?;
        Ok(Response::new(queries::datasets(&self.store, &rpc::principal(&request), page).await?))
    }

    async fn get_quarantine(&self, request: Request<GetQuarantineRequest>) -> Result<Response<GetQuarantineResponse>, Status> {
        let principal = rpc::principal(&request);
        let asked = request.into_inner();
        let page = queries::page(asked.page, asked.per_page)?;
        Ok(Response::new(queries::quarantine(&self.store, &principal, rpc::id(&asked.id, "/id")?, page).await?))
    }

    async fn check_dataset(&self, request: Request<CheckDatasetRequest>) -> Result<Response<Dataset>, Status> {
        let (principal, id) = (rpc::principal(&request), rpc::id(&request.get_ref().id, "/id")?);
        let knowledge = Arc::clone(&self.knowledge);
        self.store.command(&principal, move |work| Box::pin(async move { commands::check(work, &knowledge, id).await })).await?;
        Ok(Response::new(queries::dataset(&self.store, &principal, id).await?))
    }

    async fn release_dataset(&self, request: Request<ReleaseDatasetRequest>) -> Result<Response<Dataset>, Status> {
        let (principal, id) = (rpc::principal(&request), rpc::id(&request.get_ref().id, "/id")?);
        let knowledge = Arc::clone(&self.knowledge);
        self.store.command(&principal, move |work| Box::pin(async move { commands::release(work, &knowledge, id).await })).await?;
        Ok(Response::new(queries::dataset(&self.store, &principal, id).await?))
    }

    async fn list_observations(&self, request: Request<ListObservationsRequest>) -> Result<Response<ListObservationsResponse>, Status> {
        let principal = rpc::principal(&request);
        Ok(Response::new(queries::observations(&self.store, &principal, &self.knowledge, request.into_inner()).await?))
    }

    async fn list_indicators(&self, request: Request<ListIndicatorsRequest>) -> Result<Response<ListIndicatorsResponse>, Status> {
        Ok(Response::new(queries::indicators(&self.store, &rpc::principal(&request), &self.knowledge).await?))
    }

    async fn get_indicator_values(
        &self,
        request: Request<GetIndicatorValuesRequest>,
    ) -> Result<Response<GetIndicatorValuesResponse>, Status> {
        let principal = rpc::principal(&request);
        Ok(Response::new(queries::indicator_values(&self.store, &principal, &self.knowledge, request.into_inner()).await?))
    }

    async fn list_alerts(&self, request: Request<ListAlertsRequest>) -> Result<Response<ListAlertsResponse>, Status> {
        let principal = rpc::principal(&request);
        Ok(Response::new(queries::alerts(&self.store, &principal, request.into_inner()).await?))
    }
}
