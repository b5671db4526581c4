//! Logs to standard output, traces and metrics to an OTLP collector, metrics to Prometheus as well.
//!
//! A trace begins at the REST request and goes on through gRPC, the outbox row and the bus into the consumer. What is
//! recorded are codes, counts and durations: never text of a person, a query string or a token.
use crate::config::{LogFormat, Telemetry};
use anyhow::Context as _;
use opentelemetry::{
    metrics::Meter,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::SdkTracerProvider,
};
use std::{collections::HashMap, io::IsTerminal as _, sync::OnceLock};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, prelude::*};

static REGISTRY: OnceLock<prometheus::Registry> = OnceLock::new();

/// Flushes and ends the exporters when dropped.
#[must_use]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            traces.shutdown().ok();
        }
        if let Some(metrics) = self.metrics.take() {
            metrics.shutdown().ok();
        }
    }
}

/// Installs logs, traces and metrics; once per process, needs the runtime.
pub fn init(process: &str, settings: &Telemetry) -> anyhow::Result<Guard> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let resource = Resource::builder().with_service_name(format!("bildungsbuero-{process}")).build();

    let registry = REGISTRY.get_or_init(prometheus::Registry::new).clone();
    let mut metrics = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_reader(opentelemetry_prometheus::exporter().with_registry(registry).build()?);
    let mut traces = None;
    if let Some(endpoint) = &settings.otlp {
        let exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        metrics = metrics.with_reader(PeriodicReader::builder(exporter).build());
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        traces = Some(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build());
    }
    let metrics = metrics.build();
    opentelemetry::global::set_meter_provider(metrics.clone());

    let filter =
        EnvFilter::try_new(&settings.filter).with_context(|| format!("telemetry.filter is not understood: {}", settings.filter))?;
    let log = match settings.format {
        LogFormat::Text => tracing_subscriber::fmt::layer().with_target(true).with_ansi(std::io::stdout().is_terminal()).boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer().json().flatten_event(true).boxed(),
    };
    // The exporter's own transport must not trace itself.
    let exported = EnvFilter::new("info,h2=off,hyper=off,tonic=off,tower=off,reqwest=off,async_nats=off,sqlx=off");
    let spans =
        traces.as_ref().map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("bildungsbuero")).with_filter(exported));
    tracing_subscriber::registry().with(log.with_filter(filter)).with(spans).try_init().ok();
    Ok(Guard { traces, metrics: Some(metrics) })
}

/// The meter of the product.
pub fn meter() -> Meter {
    opentelemetry::global::meter_provider().meter("bildungsbuero")
}

/// All metrics in Prometheus' text format.
pub fn prometheus_text() -> String {
    let Some(registry) = REGISTRY.get() else { return String::new() };
    prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap_or_default()
}

/// The current span as a W3C `traceparent`.
pub fn traceparent() -> Option<String> {
    let context = tracing::Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove("traceparent")
}

/// Makes `span` a child of the span that `traceparent` names.
pub fn continue_from(span: &tracing::Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    span.set_parent(TraceContextPropagator::new().extract(&carrier)).ok();
}

/// Makes `span` a child of the span that the headers name.
pub fn continue_from_headers(span: &tracing::Span, headers: &http::HeaderMap) {
    span.set_parent(TraceContextPropagator::new().extract(&Headers(headers))).ok();
}

/// Writes the current span into gRPC metadata.
pub fn inject(metadata: &mut tonic::metadata::MetadataMap) {
    TraceContextPropagator::new().inject_context(&tracing::Span::current().context(), &mut Metadata(metadata));
}

struct Headers<'a>(&'a http::HeaderMap);
impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }
    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

struct Metadata<'a>(&'a mut tonic::metadata::MetadataMap);
impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        let key = tonic::metadata::MetadataKey::from_bytes(key.as_bytes());
        if let (Ok(key), Ok(value)) = (key, value.parse()) {
            self.0.insert(key, value);
        }
    }
}
