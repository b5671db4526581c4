//! The services this binary holds, each named once.

use anyhow::{Context, Result};
use bildung_chassis::host::Contract;
use bildung_chassis::{Config, Host, Service};
use clap::ValueEnum;

/// Every service on one line: in the order of starting, with what `--help` says about it.
macro_rules! services {
    ($($part:ident: $service:ty, $help:literal;)*) => {
        /// A part that `run` can start.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(crate) enum Part {
            $(#[doc = $help] $part,)*
            /// A small identity provider with demo persons; loopback only
            DemoIssuer,
        }

        impl Part {
            /// Every service, in the order of starting.
            pub(crate) const SERVICES: &[Self] = &[$(Self::$part),*];

            /// Its name in settings, roles and addresses.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$part => <$service>::NAME,)*
                    Self::DemoIssuer => "demo-issuer",
                }
            }

            /// What must be prepared for it; nothing for the demo issuer.
            pub(crate) fn contract(self) -> Option<Contract> {
                match self {
                    $(Self::$part => Some(Contract::of::<$service>()),)*
                    Self::DemoIssuer => None,
                }
            }

            /// Adds it to a host; the demo issuer is no service.
            pub(crate) async fn join(self, host: Host) -> Result<Host> {
                match self {
                    $(Self::$part => host.with::<$service>().await,)*
                    Self::DemoIssuer => Ok(host),
                }
            }

            /// Whether its section of the settings is understood.
            pub(crate) fn check(self, config: &Config) -> Result<()> {
                match self {
                    $(Self::$part => section::<$service>(config),)*
                    Self::DemoIssuer => Ok(()),
                }
            }
        }
    };
}

services! {
    Catalogue: bildung_catalogue::Catalogue, "Offers, imports, search";
    Network: bildung_network::Network, "Actors, cooperations, measures";
    Monitoring: bildung_monitoring::Monitoring, "Data, indicators, problem situations";
    Newcomers: bildung_newcomers::Newcomers, "Cases of newcomers";
    Gateway: bildung_gateway::Gateway, "REST, sign-in and the portal";
}

fn section<S: Service>(config: &Config) -> Result<()> {
    config.section::<S::Settings>(S::NAME).map(drop).with_context(|| format!("section [{}]", S::NAME))
}

/// The contracts of all services.
pub(crate) fn contracts() -> Vec<Contract> {
    Part::SERVICES.iter().filter_map(|part| part.contract()).collect()
}

/// The names of all services.
pub(crate) fn names() -> Vec<&'static str> {
    Part::SERVICES.iter().map(|part| part.name()).collect()
}
