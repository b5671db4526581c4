//! gRPC between the services: lazy channels to the peers, and the layers around every server.
use crate::{Principal, Refusal, config::Common, telemetry, token::Verifier};
use anyhow::Context as _;
use futures::future::BoxFuture;
use http::{Request as HttpRequest, Response as HttpResponse};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};
use tonic::{
    Request, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Layer, Service};
use tracing::Instrument as _;

/// Where the services are.
#[derive(Clone, Debug)]
pub struct Peers {
    addresses: BTreeMap<String, String>,
    own: SocketAddr,
}

impl Peers {
    /// Peers as configured; the others are in this process, behind `own`.
    pub fn new(common: &Common, own: SocketAddr) -> Self {
        Self { addresses: common.peers.clone(), own }
    }

    /// A channel that connects when it is first used, and again whenever it must.
    pub fn channel(&self, service: &str) -> anyhow::Result<Channel> {
        let address = self.addresses.get(service).cloned().unwrap_or_else(|| format!("http://{}", self.own));
        Ok(Endpoint::from_shared(address)
            .with_context(|| format!("peers.{service} is not an address"))?
            .connect_timeout(Duration::from_secs(1))
            .http2_keep_alive_interval(Duration::from_secs(15))
            .keep_alive_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .connect_lazy())
    }
}

/// A request to a peer: with the caller's token, the trace and a deadline.
pub fn request<T>(message: T, token: Option<&SecretString>, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    if let Some(value) = token.and_then(|token| format!("Bearer {}", token.expose_secret()).parse().ok()) {
        request.metadata_mut().insert("authorization", value);
    }
    telemetry::inject(request.metadata_mut());
    request
}

/// On whose behalf a request comes: what the identity layer has verified.
pub fn principal<T>(request: &Request<T>) -> Principal {
    request.extensions().get::<Principal>().cloned().unwrap_or(Principal::Resident)
}

/// Verifies the token of each request and puts it into the caller's trace.
#[derive(Clone, Debug)]
pub(crate) struct IdentityLayer(pub(crate) Verifier);

impl<S> Layer<S> for IdentityLayer {
    type Service = Identified<S>;
    fn layer(&self, inner: S) -> Identified<S> {
        Identified { inner, verifier: self.0.clone() }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Identified<S> {
    inner: S,
    verifier: Verifier,
}

impl<S> Service<HttpRequest<Body>> for Identified<S>
where
    S: Service<HttpRequest<Body>, Response = HttpResponse<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = HttpResponse<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: HttpRequest<Body>) -> Self::Future {
        // The service that was polled ready is the one to be called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let verifier = self.verifier.clone();
        let mut path = request.uri().path().trim_start_matches('/').splitn(2, '/');
        let (service, method) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let span = tracing::info_span!(
            "rpc",
            otel.kind = "server",
            otel.name = format!("{service}/{method}"),
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method
        );
        telemetry::continue_from_headers(&span, request.headers());
        Box::pin(
            async move {
                match verifier.principal(bearer(request.headers())).await {
                    Ok(principal) => {
                        request.extensions_mut().insert(principal);
                        inner.call(request).await
                    }
                    Err(refusal) => Ok(Status::from(refusal).into_http()),
                }
            }
            .instrument(span),
        )
    }
}

/// The bearer token of a request.
pub fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Reads an identifier of a request.
pub fn id(text: &str, pointer: &str) -> Result<uuid::Uuid, Refusal> {
    text.parse().map_err(|_| Refusal::invalid("id_invalid", "an identifier is not a UUID").field(pointer, "must be a UUID"))
}
