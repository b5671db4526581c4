//! What every handler has at hand: the services, the settings, the gateway's own store.
use crate::{
    settings::{City, Settings},
    sign_in::oidc::Issuer,
    theme::Theme,
};
use anyhow::Context as _;
use bildung_chassis::{Background, Clock, Ids, Platform, Store, Wiring, token::Verifier};
use bildung_proto::rpc::{
    catalogue::catalogue_client::CatalogueClient, monitoring::monitoring_client::MonitoringClient, network::network_client::NetworkClient,
    newcomers::newcomers_client::NewcomersClient,
};
use std::sync::Arc;
use tonic::transport::Channel;

/// Lists with a page of large items stay far below this.
const MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// What every handler has at hand; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    /// The services.
    pub(crate) peers: Peers,
    /// Settings of the gateway.
    pub(crate) settings: Arc<Settings>,
    /// The city's own words.
    pub(crate) city: Arc<City>,
    /// The city's colours.
    pub(crate) theme: Arc<Theme>,
    /// Sessions and idempotency keys.
    pub(crate) store: Store,
    /// Verifies access tokens.
    pub(crate) verifier: Verifier,
    /// Signs people in.
    pub(crate) issuer: Arc<Issuer>,
    /// Work that outlives its request.
    pub(crate) background: Background,
    /// Largest file that is taken, in bytes.
    pub(crate) max_upload_bytes: u64,
    /// The data are made up and anybody may sign in.
    pub(crate) demo: bool,
}

/// The services, as typed clients over lazy channels.
#[derive(Clone)]
pub(crate) struct Peers {
    /// Offers.
    pub(crate) catalogue: CatalogueClient<Channel>,
    /// Actors, measures.
    pub(crate) network: NetworkClient<Channel>,
    /// Data, indicators.
    pub(crate) monitoring: MonitoringClient<Channel>,
    /// Cases.
    pub(crate) newcomers: NewcomersClient<Channel>,
}

impl App {
    /// Puts the parts together; connects to nothing yet.
    pub(crate) fn new(platform: &Platform, settings: Settings, wiring: &Wiring) -> anyhow::Result<Self> {
        let channel = |name: &'static str| platform.peers.channel(name).with_context(|| format!("the address of {name} cannot be used"));
        let peers = Peers {
            catalogue: CatalogueClient::new(channel("catalogue")?)
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
            network: NetworkClient::new(channel("network")?)
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
            monitoring: MonitoringClient::new(channel("monitoring")?)
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
            newcomers: NewcomersClient::new(channel("newcomers")?)
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
        };
        let city: City = platform.config.section("city")?;
        Ok(Self {
            peers,
            issuer: Arc::new(Issuer::new(&platform.config.common.identity.issuer, &settings, platform.clock.clone())?),
            theme: Arc::new(Theme::new(&city.colours)),
            city: Arc::new(city),
            settings: Arc::new(settings),
            store: platform.store.clone(),
            verifier: platform.verifier.clone(),
            background: wiring.background(),
            max_upload_bytes: platform.config.common.import.max_bytes,
            demo: platform.config.common.identity.demo,
        })
    }

    /// The time.
    pub(crate) fn clock(&self) -> &Clock {
        self.store.clock()
    }
    /// Identifiers and secrets.
    pub(crate) fn ids(&self) -> &Ids {
        self.store.ids()
    }
}
