//! The second wall: what the database itself shows, and lets be done.
use super::*;

const TABLES: [&str; 8] = ["case_file", "person", "data_key", "consent", "referral", "handover", "handover_item", "responsibility"];

async fn filled() -> Bureau {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    let consent = bureau.consent(&coordinator(), case.id).await.unwrap();
    bureau.refer(&coordinator(), case.id, Some(consent.id)).await.unwrap();
    let mut attempt = bureau.begin(&coordinator(), Action::HandoverPropose).await;
    let input = commands::handovers::ProposeHandover { to: "deputy-1".into(), cases: None, note: "Alles wie besprochen.".into() };
    let outcome = commands::handovers::propose(&mut attempt, &bureau.office, input).await;
    attempt.finish(outcome).await.unwrap();
    bureau
}

async fn visible(conn: &mut sqlx::PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn a_query_that_does_not_say_on_whose_behalf_sees_nothing() {
    let bureau = filled().await;
    let mut conn = bureau.office.store.pool().acquire().await.unwrap();
    for table in TABLES {
        assert!(bureau.count(Box::leak(format!("select count(*) from {table}").into_boxed_str())).await > 0, "{table} is filled");
        assert_eq!(visible(&mut conn, table).await, 0, "{table}");
    }
    for principal in [Principal::Resident, person("x", Role::Admin), person("coordinator-1", Role::Auditor)] {
        let mut work = bureau.office.store.begin(&principal).await.unwrap();
        let now = work.now;
        store::context::enter(work.tx(), &principal, now).await.unwrap();
        for table in TABLES {
            assert_eq!(visible(work.tx(), table).await, 0, "{table} for {}", principal.label());
        }
    }
}

#[tokio::test]
async fn the_context_ends_with_its_transaction() {
    let bureau = filled().await;
    let owner = coordinator();
    for _ in 0..50 {
        let mut work = bureau.office.store.begin(&owner).await.unwrap();
        let now = work.now;
        store::context::enter(work.tx(), &owner, now).await.unwrap();
        assert_eq!(visible(work.tx(), "person").await, 1);
        work.commit().await.unwrap();
        let mut conn = bureau.office.store.pool().acquire().await.unwrap();
        assert_eq!(visible(&mut conn, "person").await, 0);
    }
}

#[tokio::test]
async fn the_recipient_of_a_waiting_handover_sees_rows_but_no_person() {
    let bureau = filled().await;
    let recipient = deputy();
    let mut work = bureau.office.store.begin(&recipient).await.unwrap();
    let now = work.now;
    store::context::enter(work.tx(), &recipient, now).await.unwrap();
    assert_eq!((visible(work.tx(), "case_file").await, visible(work.tx(), "person").await), (1, 0));
    assert_eq!(visible(work.tx(), "data_key").await, 1, "the note's, not the person's");
}

#[tokio::test]
async fn the_service_can_neither_change_nor_delete_what_must_stay() {
    let bureau = filled().await;
    let mut conn = bureau.office.store.pool().acquire().await.unwrap();
    for statement in [
        "update audit_entry set action = 'x'",
        "delete from audit_entry",
        "truncate audit_entry",
        "update privacy_notice set body = 'x'",
        "delete from privacy_notice",
        "update consent set purpose = 'advice'",
        "update consent set recipient_actor_id = gen_random_uuid()",
        "update referral set actor_id = gen_random_uuid()",
        "update referral set answer_hash = answer_hash",
        "update responsibility set owner_subject = 'x'",
        "update handover_item set case_id = gen_random_uuid()",
        "alter table person disable row level security",
        "drop policy seen on person",
        "set role newcomers_owner",
    ] {
        let told = sqlx::query(statement).execute(&mut *conn).await.unwrap_err().to_string();
        assert!(told.contains("permission denied") || told.contains("must be owner"), "{statement}: {told}");
    }
    let bypass: bool = sqlx::query_scalar("select rolbypassrls or rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert!(!bypass);
}

#[tokio::test]
async fn nobody_writes_into_somebody_elses_case_past_the_commands() {
    let bureau = filled().await;
    let stranger = person("coordinator-2", Role::Coordinator);
    let mut work = bureau.office.store.begin(&stranger).await.unwrap();
    let now = work.now;
    store::context::enter(work.tx(), &stranger, now).await.unwrap();
    let changed = sqlx::query("update case_file set owner_subject = 'coordinator-2'").execute(work.tx()).await.unwrap().rows_affected();
    let ended = sqlx::query("update consent set state = 'withdrawn'").execute(work.tx()).await.unwrap().rows_affected();
    assert_eq!((changed, ended), (0, 0));
    let case: Uuid = sqlx::query_scalar("select id from case_file").fetch_one(&bureau.db.admin).await.unwrap();
    let told = store::cases::note_responsibility(work.tx(), &[case], "coordinator-2", None, now).await;
    assert!(format!("{:#}", anyhow::Error::from(told.unwrap_err())).contains("row-level security"));
}
