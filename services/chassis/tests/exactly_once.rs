//! Exactly once, tried at each gap: a fail point between commit and publish, publish and mark, effect and acknowledgement,
//! with a bus that itself recognises a repetition for 100 ms only. One test: fail points belong to the process.
#![expect(unreachable_pub, clippy::unwrap_used, reason = "tests")]
#[path = "it/probe.rs"]
mod probe;

use bildung_chassis::testing::eventually;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn each_gap_leaves_one_effect_and_without_the_inbox_row_two() {
    let scenario = fail::FailScenario::setup();
    let stage = probe::stage().await;
    let (process, store) = probe::start(&stage).await;
    let mut expected = 0;
    for point in ["outbox::commit_publish", "outbox::publish_mark", "inbox::commit_ack"] {
        fail::cfg(point, "1*return").unwrap();
        for _ in 0..3 {
            expected += 1;
            probe::state(&store, Uuid::from_u128(expected)).await;
        }
        let expected = i64::try_from(expected).unwrap();
        eventually(point, || async { probe::effects(&stage).await.1 == expected }).await;
        // Longer than the relay's pause, the consumer's and the bus's memory of identifiers.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(probe::effects(&stage).await, (expected, expected), "after {point}");
        fail::remove(point);
    }
    process.stop().await.unwrap();

    let stage = probe::stage().await;
    let (process, store) = probe::start(&stage).await;
    fail::cfg("inbox::leave_out_row", "return").unwrap();
    fail::cfg("inbox::commit_ack", "1*return").unwrap();
    probe::state(&store, Uuid::from_u128(1)).await;
    eventually("the second effect", || async { probe::effects(&stage).await.0 == 2 }).await;
    assert_eq!(probe::effects(&stage).await, (2, 1), "the inbox row is what makes it once");
    process.stop().await.unwrap();
    scenario.teardown();
}
