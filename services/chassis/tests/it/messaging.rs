//! Outbox, bus and inbox together.
use crate::probe::{POISON, POISON_ALLOWED, effects, stage, start, state};
use bildung_chassis::{bus::Bus, dead_letters, testing::eventually};
use std::{sync::atomic::Ordering, time::Duration};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn every_fact_has_one_effect_and_the_outbox_keeps_it() {
    let stage = stage().await;
    let (process, store) = start(&stage).await;
    for number in 0..50 {
        state(&store, Uuid::from_u128(number)).await;
    }
    eventually("50 effects", || async { effects(&stage).await == (50, 50) }).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from chassis.outbox where published_at is not null")
        .fetch_one(&stage.admin("newcomers").await)
        .await
        .unwrap();
    eventually("all marked", || async { kept == 50 }).await;
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_go_on_while_the_bus_is_away() {
    let mut stage = stage().await;
    let (process, store) = start(&stage).await;
    state(&store, Uuid::from_u128(1)).await;
    eventually("the first effect", || async { effects(&stage).await.0 == 1 }).await;
    stage.nats.stop();
    for number in 2..=20 {
        state(&store, Uuid::from_u128(number)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(effects(&stage).await.0, 1);
    stage.nats.restart().await;
    eventually("all effects", || async { effects(&stage).await == (20, 20) }).await;
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stream_is_rebuilt_from_the_outbox_without_a_second_effect() {
    let stage = stage().await;
    let (process, store) = start(&stage).await;
    for number in 0..5 {
        state(&store, Uuid::from_u128(number)).await;
    }
    eventually("5 effects", || async { effects(&stage).await.0 == 5 }).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let again = bildung_chassis::outbox::republish(&stage.admin("newcomers").await).await.unwrap();
    assert_eq!(again, 5);
    state(&store, Uuid::from_u128(99)).await;
    eventually("the last effect", || async { effects(&stage).await.1 == 6 }).await;
    assert_eq!(effects(&stage).await, (6, 6));
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_put_aside_with_its_reason_and_can_be_replayed() {
    let stage = stage().await;
    let (process, store) = start(&stage).await;
    state(&store, POISON).await;
    state(&store, Uuid::from_u128(7)).await;
    eventually("the fact behind the poison", || async { effects(&stage).await.0 == 1 }).await;

    let operator = Bus::connect_as_admin(&stage.config.common.bus, None).await.unwrap();
    let letters = dead_letters::list(&operator).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].consumer, "monitoring");
    assert_eq!(letters[0].event, "bildung.newcomers.case.opened.v1");
    assert!(letters[0].reason.contains("cannot stomach this"), "{}", letters[0].reason);

    POISON_ALLOWED.store(true, Ordering::SeqCst);
    dead_letters::replay(&operator, letters[0].number).await.unwrap();
    eventually("the replayed effect", || async { effects(&stage).await == (2, 2) }).await;
    assert!(dead_letters::list(&operator).await.unwrap().is_empty());
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_and_repeats_nothing() {
    let stage = stage().await;
    for round in 0..5_u128 {
        let (process, store) = start(&stage).await;
        for number in 0..20 {
            state(&store, Uuid::from_u128(round * 100 + number)).await;
        }
        process.kill();
    }
    let (process, _) = start(&stage).await;
    // What the killed processes had fetched comes again only after the acknowledgement wait.
    eventually("all effects", || async { effects(&stage).await.1 == 100 }).await;
    assert_eq!(effects(&stage).await, (100, 100));
    process.stop().await.unwrap();
}
