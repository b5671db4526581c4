//! Contracts between the services and nothing else: generated gRPC code and the domain events.
pub mod events;

/// Every service and message of [`rpc`] as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Generated gRPC code, one module per context.
pub mod rpc {
    /// Offers: imports, search, publication.
    #[expect(missing_docs, clippy::allow_attributes, clippy::pedantic, reason = "generated")]
    pub mod catalogue {
        tonic::include_proto!("bildung.catalogue.v1");
    }
    /// Actors, cooperations, measures.
    #[expect(missing_docs, clippy::allow_attributes, clippy::pedantic, reason = "generated")]
    pub mod network {
        tonic::include_proto!("bildung.network.v1");
    }
    /// Data sets, indicators, alerts.
    #[expect(missing_docs, clippy::allow_attributes, clippy::pedantic, reason = "generated")]
    pub mod monitoring {
        tonic::include_proto!("bildung.monitoring.v1");
    }
    /// Newcomers' cases.
    #[expect(missing_docs, clippy::allow_attributes, clippy::pedantic, reason = "generated")]
    pub mod newcomers {
        tonic::include_proto!("bildung.newcomers.v1");
    }
}
