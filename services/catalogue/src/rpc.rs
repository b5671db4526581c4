//! gRPC on one side, commands and queries on the other.
use crate::{
    commands::{
        import_control,
        start_import::{self, NewImport},
    },
    domain::import_run::Action,
    queries,
    search::OfferIndex,
};
use bildung_chassis::{
    Refusal, Store,
    rpc::{id, principal},
};
use bildung_proto::rpc::catalogue::{self as wire, catalogue_server::Catalogue, start_import_request::Part};
use bytes::Bytes;
use futures::StreamExt as _;
use jiff::tz::TimeZone;
use tonic::{Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;

/// The gRPC service.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) store: Store,
    pub(crate) index: OfferIndex,
    pub(crate) zone: TimeZone,
    pub(crate) max_bytes: u64,
}

impl Rpc {
    async fn act(&self, request: Request<String>, action: Action) -> Answer<wire::ImportRun> {
        let caller = principal(&request);
        let run = id(request.get_ref(), "/id")?;
        self.store.command(&caller, |work| Box::pin(import_control::act(work, run, action))).await?;
        Ok(Response::new(queries::imports::get(&self.store, &caller, run).await?))
    }
}

#[tonic::async_trait]
impl Catalogue for Rpc {
    async fn search_offers(&self, request: Request<wire::SearchOffersRequest>) -> Answer<wire::SearchOffersResponse> {
        let caller = principal(&request);
        Ok(Response::new(queries::offers::search(&self.index, &self.store, &self.zone, &caller, request.into_inner()).await?))
    }

    async fn get_offer(&self, request: Request<wire::GetOfferRequest>) -> Answer<wire::Offer> {
        let caller = principal(&request);
        let offer = id(&request.get_ref().id, "/id")?;
        Ok(Response::new(queries::offers::get(&self.store, &self.zone, &caller, offer).await?))
    }

    async fn suggest_offers(&self, request: Request<wire::SuggestOffersRequest>) -> Answer<wire::SuggestOffersResponse> {
        let wire::SuggestOffersRequest { query, limit } = request.into_inner();
        let limit = if limit == 0 { 8 } else { limit };
        let items = queries::offers::suggest(&self.index, &self.store, query, limit).await?;
        Ok(Response::new(wire::SuggestOffersResponse { items }))
    }

    async fn start_import(&self, request: Request<Streaming<wire::StartImportRequest>>) -> Answer<wire::StartImportResponse> {
        let caller = principal(&request);
        let mut stream = request.into_inner();
        let first = stream.message().await?.and_then(|message| message.part);
        let Some(Part::Start(start)) = first else {
            return Err(Refusal::invalid("import_start_missing", "the stream has to begin with what is to be imported").into());
        };
        let new = NewImport {
            source: start.source,
            format: start.format,
            mode: start.mode,
            dry_run: start.dry_run,
            file_name: start.file_name,
            provider: start.provider,
        };
        let chunks = stream.map(|message| match message {
            Ok(wire::StartImportRequest { part: Some(Part::Data(data)) }) => Ok(Bytes::from(data)),
            Ok(_) => Ok(Bytes::new()),
            // who stops sending gets no answer; nothing is stored
            Err(_) => Err(Refusal::invalid("upload_broken", "the upload ended before its end").into()),
        });
        let max_bytes = self.max_bytes;
        let run = self
            .store
            .command(&caller, move |work| Box::pin(async move { start_import::start(work, max_bytes, new, chunks).await }))
            .await?;
        Ok(Response::new(wire::StartImportResponse { id: run.to_string() }))
    }

    async fn get_import(&self, request: Request<wire::GetImportRequest>) -> Answer<wire::ImportRun> {
        let caller = principal(&request);
        let run = id(&request.get_ref().id, "/id")?;
        Ok(Response::new(queries::imports::get(&self.store, &caller, run).await?))
    }

    async fn list_imports(&self, request: Request<wire::ListImportsRequest>) -> Answer<wire::ListImportsResponse> {
        let caller = principal(&request);
        Ok(Response::new(queries::imports::list(&self.store, &caller, request.into_inner()).await?))
    }

    async fn confirm_import(&self, request: Request<wire::ConfirmImportRequest>) -> Answer<wire::ImportRun> {
        self.act(request.map(|request| request.id), Action::Confirm).await
    }

    async fn undo_import(&self, request: Request<wire::UndoImportRequest>) -> Answer<wire::ImportRun> {
        self.act(request.map(|request| request.id), Action::Undo).await
    }

    async fn list_sources(&self, request: Request<wire::ListSourcesRequest>) -> Answer<wire::ListSourcesResponse> {
        let items = queries::imports::sources(&self.store, &principal(&request)).await?;
        Ok(Response::new(wire::ListSourcesResponse { items }))
    }

    async fn list_providers(&self, request: Request<wire::ListProvidersRequest>) -> Answer<wire::ListProvidersResponse> {
        let wire::ListProvidersRequest { page, per_page } = request.into_inner();
        Ok(Response::new(queries::providers::list(&self.store, page, per_page).await?))
    }

    async fn get_provider(&self, request: Request<wire::GetProviderRequest>) -> Answer<wire::Provider> {
        let provider = id(&request.get_ref().id, "/id")?;
        Ok(Response::new(queries::providers::get(&self.store, provider).await?))
    }
}
