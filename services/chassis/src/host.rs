//! Runs one service, or several of them, in a process: parse, build, bind, serve, drain.
//!
//! Every service registers its gRPC services with the host's one listener; a client of a peer that is not configured
//! reaches that same listener. So a laptop runs all in one process and a cluster one service per process, by one code path.
use crate::{
    Clock, Config, Ids, Store,
    bus::Bus,
    database,
    health::Health,
    inbox::{Handle, Handlers, Inbox},
    outbox::Relay,
    rpc::{IdentityLayer, Peers},
    telemetry,
    token::Verifier,
};
use anyhow::Context as _;
use bildung_proto::events::Event;
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::migrate::Migrator;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{body::Body, server::NamedService, service::RoutesBuilder};

/// How long in-flight work may take after the signal to stop.
pub const DRAIN: Duration = Duration::from_secs(20);

/// A service: its name, its schema, its settings, the facts it consumes and how it is wired.
pub trait Service: Sized + Send + 'static {
    /// Name in settings, roles, subjects, metrics and addresses.
    const NAME: &'static str;
    /// Its section of the settings.
    type Settings: DeserializeOwned + Serialize + Default + Send;
    /// Its migrations.
    fn migrator() -> &'static Migrator;
    /// Event types it consumes.
    fn consumes() -> &'static [&'static str] {
        &[]
    }
    /// Puts the service's parts together; long work goes into [`Wiring::task`].
    fn wire(platform: Platform, settings: Self::Settings, wiring: &mut Wiring) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What must be prepared for a service before it runs.
#[derive(Clone, Copy)]
pub struct Contract {
    /// Its name.
    pub name: &'static str,
    /// Its migrations.
    pub migrator: &'static Migrator,
    /// Event types it consumes.
    pub consumes: &'static [&'static str],
}

impl Contract {
    /// The contract of `S`.
    pub fn of<S: Service>() -> Self {
        Self { name: S::NAME, migrator: S::migrator(), consumes: S::consumes() }
    }
}

/// What the host gives to a service.
#[derive(Clone)]
pub struct Platform {
    /// Its database.
    pub store: Store,
    /// Channels to the other services.
    pub peers: Peers,
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// The settings.
    pub config: Arc<Config>,
    /// Verifies access tokens.
    pub verifier: Verifier,
    /// The process's health, to be served by the gateway.
    pub health: Health,
}

type Task = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> + Send>;

/// What a service gives to the host.
pub struct Wiring {
    rpc: RoutesBuilder,
    handlers: Handlers,
    tasks: Vec<(&'static str, Task)>,
    background: Background,
    addresses: Vec<(&'static str, SocketAddr)>,
}

impl Wiring {
    /// Adds a gRPC service.
    pub fn rpc<S>(&mut self, service: S)
    where
        S: tower::Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.rpc.add_service(service);
    }

    /// Handles `E` with `handler`; `E` must be among [`Service::consumes`].
    pub fn handle<E: Event, H: Handle<E>>(&mut self, handler: H) {
        self.handlers.add::<E, H>(handler);
    }

    /// Adds a task that runs until it is told to stop; its failure ends the process.
    pub fn task<F, R>(&mut self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> R + Send + 'static,
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tasks.push((name, Box::new(|stop| Box::pin(task(stop)))));
    }

    /// Starts jobs that outlive the request that asked for them.
    pub fn background(&self) -> Background {
        self.background.clone()
    }

    /// Tells the host where the service listens besides gRPC.
    pub fn listens(&mut self, name: &'static str, address: SocketAddr) {
        self.addresses.push((name, address));
    }
}

/// Starts jobs that the host waits for when it stops.
#[derive(Clone, Debug)]
pub struct Background {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    /// Runs a job; what it returns as an error is logged.
    pub fn spawn<R>(&self, name: &'static str, job: R)
    where
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tracker.spawn(async move {
            if let Err(error) = job.await {
                tracing::error!(job = name, error = format!("{error:#}"), "a job failed");
            }
        });
    }
    /// Cancelled when the process is to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

/// A process: bound, wired, not yet serving.
pub struct Host {
    config: Arc<Config>,
    clock: Clock,
    ids: Ids,
    verifier: Verifier,
    health: Health,
    listener: TcpListener,
    address: SocketAddr,
    rpc: RoutesBuilder,
    tasks: Vec<(&'static str, Task)>,
    background: Background,
    stop: CancellationToken,
    services: Vec<Store>,
    addresses: Vec<(&'static str, SocketAddr)>,
}

impl Host {
    /// Binds the gRPC listener.
    pub async fn bind(config: Config, clock: Clock) -> anyhow::Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let listen = config.common.rpc.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on rpc.listen = {listen}"))?;
        let stop = CancellationToken::new();
        Ok(Self {
            verifier: Verifier::new(&config.common.identity, clock.clone())?,
            config: Arc::new(config),
            ids: Ids::new(clock.clone()),
            clock,
            health: Health::default(),
            address: listener.local_addr()?,
            listener,
            rpc: RoutesBuilder::default(),
            tasks: Vec::new(),
            background: Background { tracker: TaskTracker::new(), stop: stop.clone() },
            stop,
            services: Vec::new(),
            addresses: Vec::new(),
        })
    }

    /// Adds a service: checks its database, connects it to the bus, wires it.
    pub async fn with<S: Service>(mut self) -> anyhow::Result<Self> {
        self.add::<S>().await.with_context(|| format!("cannot start the service {}", S::NAME))?;
        Ok(self)
    }

    async fn add<S: Service>(&mut self) -> anyhow::Result<()> {
        let pool = database::pool(self.config.database(S::NAME)?)?;
        database::check(&pool, Some(S::migrator())).await?;
        let store = Store::new(S::NAME, pool, self.clock.clone(), self.ids.clone());
        self.health.watch(store.clone(), Some(S::migrator()));
        let platform = Platform {
            store: store.clone(),
            peers: Peers::new(&self.config.common, self.address),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            config: Arc::clone(&self.config),
            verifier: self.verifier.clone(),
            health: self.health.clone(),
        };
        let mut wiring = Wiring {
            rpc: std::mem::take(&mut self.rpc),
            handlers: Handlers::default(),
            tasks: Vec::new(),
            background: self.background.clone(),
            addresses: Vec::new(),
        };
        S::wire(platform, self.config.section(S::NAME)?, &mut wiring).await?;
        self.rpc = wiring.rpc;
        self.tasks.append(&mut wiring.tasks);
        self.addresses.append(&mut wiring.addresses);
        self.services.push(store.clone());
        self.connect::<S>(store, wiring.handlers).await
    }

    async fn connect<S: Service>(&mut self, store: Store, handlers: Handlers) -> anyhow::Result<()> {
        let mut declared = S::consumes().to_vec();
        declared.sort_unstable();
        anyhow::ensure!(handlers.types() == declared, "{} declares {declared:?} but handles {:?}", S::NAME, handlers.types());
        let settings = &self.config.common.bus;
        let bus = Bus::connect(settings, S::NAME).await?;
        if bus.is_there().await {
            bus.check(settings, S::NAME, S::consumes()).await?;
        } else {
            tracing::warn!(service = S::NAME, "the bus is away: events wait in the outbox");
        }
        let relay = Relay {
            service: S::NAME,
            pool: store.pool().clone(),
            bus: bus.clone(),
            commits: store.commits(),
            retention_days: settings.retention_days,
        };
        self.tasks.push(("outbox", Box::new(|stop| Box::pin(relay.run(stop)))));
        if !handlers.is_empty() {
            let inbox = Inbox { store, bus, handlers };
            self.tasks.push(("inbox", Box::new(|stop| Box::pin(inbox.run(stop)))));
        }
        Ok(())
    }

    /// Where a service listens besides gRPC, such as `http`.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        if name == "rpc" {
            return Some(self.address);
        }
        self.addresses.iter().find(|(known, _)| *known == name).map(|(_, address)| *address)
    }

    /// The store of a service of this process.
    pub fn store(&self, service: &str) -> Option<Store> {
        self.services.iter().find(|store| store.service() == service).cloned()
    }

    /// Told to stop by cancelling this.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until told to stop, then drains: not ready at once, in-flight work finishes.
    pub async fn serve(self) -> anyhow::Result<()> {
        let stop = self.stop;
        let (reporter, health_service) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let mut rpc = self.rpc;
        rpc.add_service(health_service);
        let tracker = TaskTracker::new();
        // gRPC and health go on while tasks such as the HTTP server drain; they end when everything else has.
        let admin = TaskTracker::new();
        let stop_rpc = CancellationToken::new();
        let server = tonic::transport::Server::builder()
            .timeout(Duration::from_mins(10))
            .layer(IdentityLayer(self.verifier))
            .add_routes(rpc.routes())
            .serve_with_incoming_shutdown(
                tonic::transport::server::TcpIncoming::from(self.listener).with_nodelay(Some(true)),
                stop_rpc.clone().cancelled_owned(),
            );
        #[expect(clippy::disallowed_methods, reason = "the host is what runs tasks")]
        let server = tokio::spawn(server);

        let failed = Arc::new(std::sync::Mutex::new(None));
        for (name, task) in self.tasks {
            let (stop, failed) = (stop.clone(), Arc::clone(&failed));
            tracker.spawn(async move {
                if let Err(error) = task(stop.clone()).await {
                    tracing::error!(task = name, error = format!("{error:#}"), "a task failed, stopping");
                    failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                    stop.cancel();
                }
            });
        }
        if let Some(address) = self.config.common.admin.listen {
            let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on admin.listen = {address}"))?;
            let router = self.health.router();
            let stop = stop_rpc.clone();
            admin.spawn(async move {
                axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.ok();
            });
        }
        if let Some(url) = self.config.common.bus.monitor_url.clone() {
            tracker.spawn(watch_broker(url, self.health.clone(), stop.clone()));
        }
        tracker.close();
        admin.close();
        self.health.started();
        tracing::info!(services = self.services.iter().map(Store::service).collect::<Vec<_>>().join(" "), rpc = %self.address, "serving");

        stop.cancelled().await;
        self.health.drain();
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        self.background.tracker.close();
        let drained = async {
            tracker.wait().await;
            self.background.tracker.wait().await;
            stop_rpc.cancel();
            admin.wait().await;
            server.await
        };
        if let Ok(served) = tokio::time::timeout(DRAIN, drained).await {
            served.context("the gRPC server panicked")?.context("the gRPC server failed")?;
        } else {
            tracing::warn!("stopping with work in flight after {} s", DRAIN.as_secs());
        }
        match failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}

/// Cancels `stop` at the first signal to end; ends the process hard at the second.
pub async fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut signalled = false;
    loop {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        if signalled {
            tracing::warn!("second signal: ending at once");
            std::process::exit(130);
        }
        signalled = true;
        tracing::info!("stopping");
        stop.cancel();
    }
}

/// Looks once a minute whether the broker is a single node that acknowledges before it has written to disk.
async fn watch_broker(monitor_url: String, health: Health, stop: CancellationToken) {
    #[derive(serde::Deserialize)]
    struct Jsz {
        config: Option<JetStream>,
        #[serde(default)]
        meta_cluster: Option<serde_json::Value>,
    }
    #[derive(serde::Deserialize)]
    struct JetStream {
        #[serde(default)]
        sync_always: bool,
    }
    let gauge = telemetry::meter()
        .u64_gauge("bus_single_node_unsafe")
        .with_description("1: a single NATS node without sync_interval: always")
        .build();
    let Ok(client) = crate::token::http_client() else { return };
    loop {
        let answer = async {
            client.get(format!("{}/jsz", monitor_url.trim_end_matches('/'))).send().await?.error_for_status()?.json::<Jsz>().await
        };
        match answer.await {
            Ok(jsz) => {
                let unsafe_node = jsz.meta_cluster.is_none() && !jsz.config.is_some_and(|config| config.sync_always);
                gauge.record(u64::from(unsafe_node), &[]);
                let warning = "the NATS server is a single node without sync_interval: always; a power cut can lose events that it acknowledged (they are published again from the outbox only by hand)";
                if unsafe_node {
                    tracing::warn!("{warning}");
                }
                health.warn("bus", unsafe_node.then(|| warning.to_owned()));
            }
            Err(error) => tracing::debug!(%error, "the NATS monitoring address does not answer"),
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(Duration::from_mins(1)) => {} }
    }
}
