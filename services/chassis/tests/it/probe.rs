//! Two small services: one states facts, one counts what they do.
use bildung_chassis::{
    Clock, Handle, Host, Platform, Principal, Received, Rejection, Service, Store, Wiring, Work,
    host::Contract,
    testing::{Process, Stage},
};
use bildung_proto::events::{Event as _, newcomers::CaseOpened};
use serde_json::json;
use sqlx::migrate::Migrator;
use std::sync::{Arc, LazyLock, OnceLock};
use uuid::Uuid;

/// The macro takes the table of this crate's own schema; the probe's belongs into its service's.
static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("tests/migrations");
    migrator.dangerous_set_table_name("_sqlx_migrations");
    migrator
});

pub struct Source;
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

pub struct Sink;
impl Service for Sink {
    const NAME: &'static str = "monitoring";
    type Settings = Option<()>;
    fn migrator() -> &'static Migrator {
        &MIGRATOR
    }
    fn consumes() -> &'static [&'static str] {
        &[CaseOpened::TYPE]
    }
    async fn wire(_: Platform, _: Option<()>, wiring: &mut Wiring) -> anyhow::Result<()> {
        wiring.handle::<CaseOpened, _>(Count);
        Ok(())
    }
}

/// A fact with this aggregate is poisonous until it is allowed.
pub const POISON: Uuid = Uuid::from_u128(0xBAD);
pub static POISON_ALLOWED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

struct Count;
impl Handle<CaseOpened> for Count {
    async fn handle(&self, work: &mut Work, event: Received<CaseOpened>) -> Result<(), Rejection> {
        if event.data.case_ref == POISON && !POISON_ALLOWED.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(Rejection::Poison("cannot stomach this".into()));
        }
        sqlx::query("insert into effect (event, aggregate) values ($1, $2)")
            .bind(event.id)
            .bind(event.data.case_ref)
            .execute(work.tx())
            .await?;
        Ok(())
    }
}

pub async fn stage() -> Stage {
    let contracts = [Contract::of::<Source>(), Contract::of::<Sink>()];
    Stage::new(&contracts, json!({"bus": {"duplicate_window_ms": 100, "ack_wait_ms": 2000}})).await
}

/// Both services in one process.
pub async fn start(stage: &Stage) -> (Process, Store) {
    let config = stage.config.clone();
    let handed: Arc<OnceLock<Store>> = Arc::default();
    let hand = Arc::clone(&handed);
    let process = Process::start(move || async move {
        let host = Host::bind(config, Clock::system()).await?.with::<Source>().await?.with::<Sink>().await?;
        hand.set(host.store("newcomers").expect("a store")).ok();
        Ok(host)
    })
    .await
    .unwrap();
    (process, handed.get().expect("a store").clone())
}

pub async fn state(store: &Store, aggregate: Uuid) -> Uuid {
    let stated =
        store.command(&Principal::System("test"), |work| Box::pin(async move { work.publish(&CaseOpened { case_ref: aggregate }).await }));
    stated.await.unwrap()
}

/// The number of effects and of distinct events that had one.
pub async fn effects(stage: &Stage) -> (i64, i64) {
    sqlx::query_as("select count(*), count(distinct event) from effect").fetch_one(&stage.admin("monitoring").await).await.unwrap()
}
