//! Events end to end: from the commit of a command to the effect in another service's database, through a broker that
//! writes each message to disk. The reference is the loop one would write by hand for just this: same payload, batch,
//! durability, connections and indexes, without envelope types, dispatch, retries, dead letters, metrics or traces.
use crate::{ROUNDS, Round, Side};
use async_nats::jetstream::{self, AckKind, consumer::pull, message::PublishMessage, stream};
use bildung_chassis::{
    Clock, Handle, Host, Ids, Platform, Principal, Received, Rejection, Service, Store, Wiring, Work,
    host::Contract,
    testing::{Process, Stage},
};
use bildung_proto::events::{Event as _, newcomers::CaseOpened};
use futures::StreamExt as _;
use serde_json::json;
use sqlx::{PgPool, migrate::Migrator, postgres::PgPoolOptions};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use uuid::Uuid;

const EVENTS: usize = 3000;
const WRITERS: usize = 8;
const BATCH: i64 = 256;

static MIGRATOR: Migrator = sqlx::migrate!("bench/migrations");

struct Source;
impl Service for Source {
    const NAME: &'static str = "newcomers";
    type Settings = Option<()>;
    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }
    async fn wire(_: Platform, _: Option<()>, _: &mut Wiring) -> anyhow::Result<()> {
        Ok(())
    }
}

struct Target;
impl Service for Target {
    const NAME: &'static str = "monitoring";
    type Settings = Option<()>;
    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }
    fn consumes() -> &'static [&'static str] {
        &[CaseOpened::TYPE]
    }
    async fn wire(_: Platform, _: Option<()>, wiring: &mut Wiring) -> anyhow::Result<()> {
        wiring.handle::<CaseOpened, _>(Effect);
        Ok(())
    }
}

struct Effect;
impl Handle<CaseOpened> for Effect {
    async fn handle(&self, work: &mut Work, event: Received<CaseOpened>) -> Result<(), Rejection> {
        sqlx::query("insert into effect (event, aggregate) values ($1, $2)")
            .bind(event.id)
            .bind(event.data.case_ref)
            .execute(work.tx())
            .await?;
        Ok(())
    }
}

pub(crate) async fn run() -> (Side, Side) {
    let stage = Stage::new(&[Contract::of::<Source>(), Contract::of::<Target>()], json!({})).await;
    let handed: Arc<OnceLock<Store>> = Arc::default();
    let (hand, config) = (Arc::clone(&handed), stage.config.clone());
    let process = Process::start(move || async move {
        let host = Host::bind(config, Clock::system()).await?.with::<Source>().await?.with::<Target>().await?;
        hand.set(host.store("newcomers").unwrap()).ok();
        Ok(host)
    });
    let _process = process.await.unwrap();
    let store = handed.get().unwrap().clone();
    let target = stage.admin("monitoring").await;

    let by_hand = ByHand::start(&stage).await;
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        let store = store.clone();
        let commit = move |aggregate: Uuid| {
            let store = store.clone();
            async move {
                let fact = CaseOpened { case_ref: aggregate };
                let stated = store.command(&Principal::System("bench"), |work| Box::pin(async move { work.publish(&fact).await }));
                stated.await.unwrap();
            }
        };
        ours.0.push(round(commit, &target, "effect").await);
        let (source, wake) = (by_hand.source.clone(), Arc::clone(&by_hand.wake));
        let commit = move |aggregate: Uuid| {
            let pool = source.clone();
            let wake = Arc::clone(&wake);
            async move {
                let mut tx = pool.begin().await.unwrap();
                let insert = "insert into hand.outbox (id, type, subject, time, data) values ($1, $2, $3, now(), $4)";
                let insert = sqlx::query(insert).bind(Ids::new(Clock::system()).id()).bind(CaseOpened::TYPE).bind(aggregate);
                insert.bind(json!({"case_ref": aggregate})).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
                wake.notify_one();
            }
        };
        theirs.0.push(round(commit, &by_hand.target, "hand.effect").await);
    }
    (ours, theirs)
}

async fn round<F, R>(commit: F, target: &PgPool, table: &str) -> Round
where
    F: Fn(Uuid) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let ids = Ids::new(Clock::system());
    sqlx::query(sqlx::AssertSqlSafe(format!("truncate {table}"))).execute(target).await.unwrap();
    let begun = Instant::now();
    let committed = futures::stream::iter((0..EVENTS).map(|_| ids.id()))
        .map(|aggregate| {
            let commit = commit.clone();
            async move {
                commit(aggregate).await;
                (aggregate, Clock::system().now())
            }
        })
        .buffer_unordered(WRITERS)
        .collect::<HashMap<_, _>>()
        .await;
    let count = format!("select count(*) from {table}");
    while sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count.clone())).fetch_one(target).await.unwrap() < i64::try_from(EVENTS).unwrap()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let effects: Vec<(Uuid, f64)> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("select aggregate, extract(epoch from at)::float8 from {table}")))
            .fetch_all(target)
            .await
            .unwrap();
    let mut latencies: Vec<f64> =
        effects.iter().map(|(aggregate, at)| at * 1000.0 - committed[aggregate].as_microsecond() as f64 / 1000.0).collect();
    latencies.sort_by(f64::total_cmp);
    Round { per_second: EVENTS as f64 / seconds, p99_ms: latencies[EVENTS * 99 / 100] }
}

/// The hand-written loop.
struct ByHand {
    source: PgPool,
    target: PgPool,
    wake: Arc<tokio::sync::Notify>,
    loops: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for ByHand {
    fn drop(&mut self) {
        self.loops.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl ByHand {
    async fn start(stage: &Stage) -> Self {
        let pool = async |service: &str| {
            let options = stage.admin(service).await.connect_options().as_ref().clone();
            PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap()
        };
        let (source, target) = (pool("newcomers").await, pool("monitoring").await);
        for (pool, statements) in [
            (
                &source,
                "create schema hand; create table hand.outbox (seq bigint generated always as identity primary key, id uuid not null unique, type text not null,
                 subject uuid not null, time timestamptz not null, data jsonb not null, published_at timestamptz);
                 create index on hand.outbox (seq) where published_at is null; create index on hand.outbox (published_at) where published_at is not null",
            ),
            (
                &target,
                "create schema hand; create table hand.inbox (event uuid primary key, received_at timestamptz not null default now());
                 create index on hand.inbox (received_at);
                 create table hand.effect (event uuid not null, aggregate uuid primary key, at timestamptz not null default clock_timestamp())",
            ),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(pool).await.unwrap();
        }
        let js = jetstream::new(async_nats::connect(stage.nats.url()).await.unwrap());
        let stream = stream::Config {
            name: "HAND".into(),
            subjects: vec!["hand.>".into()],
            duplicate_window: Duration::from_mins(10),
            ..Default::default()
        };
        let stream = js.create_stream(stream).await.unwrap();
        let consumer = pull::Config { durable_name: Some("hand".into()), max_ack_pending: 1000, ..Default::default() };
        let consumer = stream.create_consumer(consumer).await.unwrap();
        let wake = Arc::new(tokio::sync::Notify::new());
        #[expect(clippy::disallowed_methods, reason = "the reference knows no host")]
        let loops = [tokio::spawn(publish(source.clone(), js, Arc::clone(&wake))), tokio::spawn(consume(target.clone(), consumer))];
        Self { source, target, wake, loops }
    }
}

async fn publish(pool: PgPool, js: jetstream::Context, wake: Arc<tokio::sync::Notify>) {
    loop {
        type Row = (i64, Uuid, String, Uuid, jiff_sqlx::Timestamp, serde_json::Value);
        let batch = "select seq, id, type, subject, time, data from hand.outbox where published_at is null order by seq limit $1";
        let batch: Vec<Row> = sqlx::query_as(batch).bind(BATCH).fetch_all(&pool).await.unwrap();
        if batch.is_empty() {
            tokio::time::timeout(Duration::from_secs(1), wake.notified()).await.ok();
            continue;
        }
        let mut sent = Vec::new();
        for (seq, id, kind, subject, time, data) in batch {
            let body = json!({"specversion": "1.0", "id": id, "source": "urn:bildung:newcomers", "type": kind, "subject": subject,
                "time": time.to_jiff(), "sequence": seq.to_string(), "datacontenttype": "application/json", "data": data});
            let message = PublishMessage::build().message_id(id.to_string()).payload(serde_json::to_vec(&body).unwrap().into());
            sent.push((seq, js.send_publish("hand.case", message).await.unwrap()));
        }
        let mut stored = Vec::new();
        for (seq, acknowledgement) in sent {
            acknowledgement.await.unwrap();
            stored.push(seq);
        }
        sqlx::query("update hand.outbox set published_at = now() where seq = any($1)").bind(&stored).execute(&pool).await.unwrap();
    }
}

async fn consume(pool: PgPool, consumer: jetstream::consumer::PullConsumer) {
    #[derive(serde::Deserialize)]
    struct Body {
        id: Uuid,
        data: CaseOpened,
    }
    let mut messages = consumer.stream().max_messages_per_batch(100).messages().await.unwrap();
    while let Some(message) = messages.next().await {
        let message = message.unwrap();
        let body: Body = serde_json::from_slice(&message.payload).unwrap();
        let mut tx = pool.begin().await.unwrap();
        let first =
            sqlx::query("insert into hand.inbox (event) values ($1) on conflict do nothing").bind(body.id).execute(&mut *tx).await.unwrap();
        if first.rows_affected() == 1 {
            let insert = sqlx::query("insert into hand.effect (event, aggregate) values ($1, $2)");
            insert.bind(body.id).bind(body.data.case_ref).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        message.ack_with(AckKind::Ack).await.unwrap();
    }
}
