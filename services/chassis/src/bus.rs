//! The message bus: JetStream with one stream of events and one of dead letters, and a durable consumer per service.
//!
//! Streams and consumers are declared by [`crate::prepare`]; a service has the right to use only its own and checks at
//! start that they are as declared. The bus is not the record: losing it loses nothing (see [`crate::outbox`]).
use crate::config::{self, read_secret};
use anyhow::{Context as _, bail};
use async_nats::{
    ConnectOptions, ServerAddr,
    jetstream::{
        self,
        consumer::{AckPolicy, pull},
        stream::{self, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// Stream of all domain events.
pub const EVENTS: &str = "BILDUNG_EVENTS";
/// Stream of events that a consumer gave up on.
pub const DEAD: &str = "BILDUNG_DEAD";
/// The oldest server that honours `filter_subjects`, `sync_interval` and strict requests.
const OLDEST_SERVER: (i64, i64, i64) = (2, 12, 0);

/// A service's connection to the bus.
#[derive(Clone, Debug)]
pub struct Bus {
    pub(crate) client: async_nats::Client,
    pub(crate) js: jetstream::Context,
}

impl Bus {
    /// Connects as `service`; goes on trying in the background if the bus is away.
    pub async fn connect(settings: &config::Bus, service: &str) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new()
            .name(format!("bildungsbuero-{service}"))
            .custom_inbox_prefix(format!("_INBOX_{service}"))
            .retry_on_initial_connect()
            .reconnect_delay_callback(|attempt| Duration::from_millis(u64::try_from(attempt * 100).unwrap_or(2000).min(2000)))
            .request_timeout(Some(Duration::from_secs(5)));
        if let Some(user) = settings.users.get(service) {
            options = options.user_and_password(user.user.clone(), read_secret(&user.password_file)?.expose_secret().to_owned());
        }
        Self::open(settings, options).await
    }

    /// Connects with the rights to declare streams; fails if the bus is away.
    pub async fn connect_as_admin(settings: &config::Bus, user: Option<&config::BusUser>) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new().name("bildungsbuero-prepare").custom_inbox_prefix("_INBOX_admin");
        if let Some(user) = user {
            options = options.user_and_password(user.user.clone(), read_secret(&user.password_file)?.expose_secret().to_owned());
        }
        Self::open(settings, options).await
    }

    async fn open(settings: &config::Bus, options: ConnectOptions) -> anyhow::Result<Self> {
        let address: ServerAddr = settings.url.parse().context("bus.url is not understood")?;
        let client = options.connect(address).await.with_context(|| format!("cannot connect to NATS at {}", settings.url))?;
        let mut js = jetstream::new(client.clone());
        js.set_timeout(Duration::from_secs(5));
        Ok(Self { client, js })
    }

    /// Whether the bus is there, waiting for it a moment.
    pub(crate) async fn is_there(&self) -> bool {
        let flushed = tokio::time::timeout(Duration::from_secs(2), self.client.flush()).await;
        matches!(flushed, Ok(Ok(()))) && self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// Refuses a server that is too old; says nothing while it is away.
    pub fn check_server(&self) -> anyhow::Result<()> {
        if self.client.connection_state() == async_nats::connection::State::Connected
            && !self.client.is_server_compatible(OLDEST_SERVER.0, OLDEST_SERVER.1, OLDEST_SERVER.2)
        {
            bail!("the NATS server is version {}; 2.12 or newer is needed", self.client.server_info().version);
        }
        Ok(())
    }

    /// Makes both streams and the consumers as declared, changing what is there.
    pub async fn declare(&self, settings: &config::Bus, consumers: &[(&str, &[&str])]) -> anyhow::Result<()> {
        self.check_server()?;
        for stream in [events_stream(settings), dead_stream(settings)] {
            let name = stream.name.clone();
            self.js.create_or_update_stream(stream).await.with_context(|| format!("cannot declare the stream {name}"))?;
        }
        let stream = self.js.get_stream(EVENTS).await.with_context(|| format!("cannot open the stream {EVENTS}"))?;
        for (name, types) in consumers {
            if !types.is_empty() {
                stream
                    .create_consumer(consumer(settings, name, types))
                    .await
                    .with_context(|| format!("cannot declare the consumer {name}"))?;
            }
        }
        Ok(())
    }

    /// Refuses streams or a consumer that differ from what is declared.
    pub async fn check(&self, settings: &config::Bus, service: &str, types: &[&str]) -> anyhow::Result<()> {
        self.check_server()?;
        for declared in [events_stream(settings), dead_stream(settings)] {
            let stream = self
                .js
                .get_stream(&declared.name)
                .await
                .with_context(|| format!("cannot read the stream {}: has `bildungsbuero prepare` been run?", declared.name))?;
            let found = &stream.cached_info().config;
            if found.max_age != declared.max_age
                || found.subjects != declared.subjects
                || found.duplicate_window != declared.duplicate_window
                || found.max_message_size != declared.max_message_size
                || found.num_replicas != declared.num_replicas
            {
                bail!("the stream {} has other limits than declared: run `bildungsbuero prepare`", declared.name);
            }
        }
        if !types.is_empty() {
            let declared = consumer(settings, service, types);
            let found: jetstream::consumer::PullConsumer = self
                .js
                .get_consumer_from_stream(service, EVENTS)
                .await
                .with_context(|| format!("cannot read the consumer {service}: has `bildungsbuero prepare` been run?"))?;
            let mut subjects = found.cached_info().config.filter_subjects.clone();
            if subjects.is_empty() {
                subjects.push(found.cached_info().config.filter_subject.clone());
            }
            subjects.sort();
            let mut expected = declared.filter_subjects.clone();
            expected.sort();
            if subjects != expected {
                bail!("the consumer {service} has other subjects than declared: run `bildungsbuero prepare`");
            }
        }
        Ok(())
    }
}

fn events_stream(settings: &config::Bus) -> stream::Config {
    stream::Config {
        name: EVENTS.into(),
        description: Some("facts of all services".into()),
        subjects: vec!["bildung.*.*.*.*".into()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: Duration::from_secs(u64::from(settings.retention_days) * 86_400),
        max_message_size: 1_048_576,
        duplicate_window: Duration::from_millis(settings.duplicate_window_ms),
        num_replicas: settings.replicas,
        ..Default::default()
    }
}

fn dead_stream(settings: &config::Bus) -> stream::Config {
    stream::Config {
        name: DEAD.into(),
        description: Some("facts that a consumer gave up on, with the reason".into()),
        subjects: vec!["dead.>".into()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_message_size: 1_114_112,
        duplicate_window: Duration::from_millis(settings.duplicate_window_ms),
        num_replicas: settings.replicas,
        ..Default::default()
    }
}

fn consumer(settings: &config::Bus, name: &str, types: &[&str]) -> pull::Config {
    pull::Config {
        durable_name: Some(name.into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_millis(settings.ack_wait_ms),
        max_ack_pending: 1000,
        filter_subjects: types.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}
