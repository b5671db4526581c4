//! Readiness, limits checked at start, files.
use crate::probe::{Sink, Source, stage, start};
use bildung_chassis::{
    Clock, Error, Host, Kind, Principal, Service as _,
    files::{self, Files},
    testing,
};
use bytes::Bytes;
use std::io::Read as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_prepared_is_said_with_the_remedy() {
    let stage = stage().await;
    sqlx::query("delete from public._sqlx_migrations").execute(&stage.admin("monitoring").await).await.unwrap();
    let error = Host::bind(stage.config.clone(), Clock::system()).await.unwrap().with::<Sink>().await.err().unwrap();
    let error = format!("{error:#}");
    assert!(error.contains("bildungsbuero prepare"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_limits_that_differ_are_refused_at_start() {
    let stage = stage().await;
    let other = stage.config.with(serde_json::json!({"bus": {"retention_days": 3}})).unwrap();
    let error = Host::bind(other, Clock::system()).await.unwrap().with::<Source>().await.err().unwrap();
    assert!(format!("{error:#}").contains("other limits than declared"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_being_away_keeps_nobody_from_starting() {
    let mut stage = stage().await;
    stage.nats.stop();
    let (process, store) = start(&stage).await;
    crate::probe::state(&store, uuid::Uuid::from_u128(5)).await;
    stage.nats.restart().await;
    testing::eventually("the effect", || async { crate::probe::effects(&stage).await.0 == 1 }).await;
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_goes_with_the_database_and_liveness_does_not() {
    let stage = stage().await;
    let port = testing::free_port();
    let config = stage.config.with(serde_json::json!({"admin": {"listen": format!("127.0.0.1:{port}")}})).unwrap();
    let process =
        testing::Process::start(move || async move { Host::bind(config, Clock::system()).await?.with::<Source>().await }).await.unwrap();
    let http = bildung_chassis::token::http_client().unwrap();
    let status = async |path: &str| match http.get(format!("http://127.0.0.1:{port}{path}")).send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => 0,
    };
    testing::eventually("ready", async || status("/readyz").await == 200).await;
    assert_eq!(status("/livez").await, 200);
    sqlx::query("update public._sqlx_migrations set success = false").execute(&stage.admin("newcomers").await).await.unwrap();
    assert_eq!(status("/readyz").await, 503);
    assert_eq!(status("/livez").await, 200);
    process.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in_and_one_too_large_leaves_nothing() {
    let db = testing::database::<Source>().await;
    let body: Vec<u8> = (0..700_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let store_file = async |limit: u64| {
        let chunks: Vec<Result<Bytes, Error>> = body.chunks(10_007).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        db.store
            .command(&Principal::System("test"), |work| {
                Box::pin(async move {
                    let (id, now) = (work.id(), work.now);
                    files::receive(work.tx(), id, now, futures::stream::iter(chunks), limit).await
                })
            })
            .await
    };
    let stored = store_file(1_000_000).await.unwrap();
    assert_eq!(stored.size, 700_000);
    let files = Files::new(&db.store);
    assert_eq!(files.read(stored.id).await.unwrap(), body);
    let mut reader = files.open_blocking(stored.id);
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    });
    assert_eq!(read.await.unwrap().unwrap(), body);

    let Err(Error::Refused(refusal)) = store_file(699_999).await else { panic!("taken") };
    assert_eq!(refusal.kind, Kind::TooLarge);
    let left: i64 = sqlx::query_scalar("select count(*) from chassis.file").fetch_one(&db.admin).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_service_has_no_more_rights_than_it_needs() {
    let db = testing::database::<Source>().await;
    for statement in
        ["create table mine (id int)", "delete from chassis._sqlx_migrations", "create role other", "alter table effect add column x int"]
    {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(db.store.pool()).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{statement}");
    }
    assert_eq!(Source::NAME, "newcomers");
}
