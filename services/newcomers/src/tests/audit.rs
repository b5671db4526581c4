use super::*;
use crate::audit::{self, Anchor, Verdict};
use bildung_chassis::Kind;

async fn verify(bureau: &Bureau) -> Result<Verdict> {
    let mut attempt = bureau.begin(&person("auditor-1", Role::Auditor), Action::AuditVerify).await;
    let outcome = queries::audit::verify(&mut attempt, &bureau.office).await;
    attempt.finish(outcome).await
}

async fn tamper(bureau: &Bureau, sql: &'static str) {
    sqlx::query(sql).execute(&bureau.db.admin).await.unwrap();
}

async fn with_entries() -> Bureau {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    for _ in 0..4 {
        bureau.read(&coordinator(), case.id).await.unwrap();
        bureau.read(&deputy(), case.id).await.unwrap_err();
    }
    bureau
}

#[tokio::test]
async fn each_request_leaves_exactly_one_entry_refused_or_not() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    bureau.read(&coordinator(), case.id).await.unwrap();
    bureau.read(&deputy(), case.id).await.unwrap_err();
    bureau.read(&person("x", Role::Admin), case.id).await.unwrap_err();
    bureau.read(&Principal::Resident, case.id).await.unwrap_err();
    bureau.refer(&coordinator(), case.id, None).await.err().unwrap();
    bureau.answer("no-token", "accept", "").await.unwrap_err();
    let trail = bureau.trail().await;
    let told: Vec<(&str, &str, &str)> =
        trail.iter().map(|(action, outcome, code)| (action.as_str(), outcome.as_str(), code.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            ("case.open", "done", ""),
            ("case.read", "done", ""),
            ("case.read", "refused", "case_unknown"),
            ("case.read", "refused", "role_missing"),
            ("case.read", "refused", "sign_in_required"),
            ("referral.send", "refused", "consent_missing"),
            ("referral.answer", "refused", "referral_unknown"),
        ]
    );
    let about: Vec<Vec<Uuid>> =
        sqlx::query_scalar("select subjects from audit_entry order by sequence").fetch_all(&bureau.db.admin).await.unwrap();
    assert!(about[..6].iter().all(|subjects| subjects == &[case.id]), "also the refused say which case was tried");
    let all: String =
        sqlx::query_scalar("select string_agg(audit_entry::text, ' ') from audit_entry").fetch_one(&bureau.db.admin).await.unwrap();
    assert!(!all.contains("Kanarien"));
}

#[tokio::test]
async fn an_attempt_that_fails_or_is_dropped_leaves_neither_work_nor_entry() {
    let bureau = Bureau::new().await;
    let mut attempt = bureau.begin(&coordinator(), Action::CaseOpen).await;
    let input = OpenCase { name: None, language: "uk".into(), legal_basis: "public_task".into(), notice_version: "1".into() };
    commands::cases::open(&mut attempt, &bureau.office, input).await.unwrap();
    let failed: Result<()> = attempt.finish(Err(anyhow::anyhow!("the machine is on fire").into())).await;
    assert!(matches!(failed, Err(Error::Internal(_))));
    drop(bureau.begin(&coordinator(), Action::CaseList).await);
    assert_eq!(bureau.count("select count(*) from case_file").await, 0);
    assert_eq!(bureau.count("select count(*) from chassis.outbox").await, 0);
    assert!(bureau.trail().await.is_empty());
}

#[tokio::test]
async fn an_untouched_chain_is_intact_also_under_concurrent_writing() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    futures::future::join_all((0..40).map(|_| bureau.read(&user, case.id))).await;
    let verdict = verify(&bureau).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken), (41, None));
    assert_eq!(
        refused({
            let mut attempt = bureau.begin(&user, Action::AuditVerify).await;
            let outcome = queries::audit::verify(&mut attempt, &bureau.office).await;
            attempt.finish(outcome).await
        })
        .kind,
        Kind::Forbidden
    );
}

#[tokio::test]
async fn an_edited_entry_shows() {
    for change in [
        "update audit_entry set action = 'case.list' where sequence = 4",
        "update audit_entry set outcome = 'done', code = null where sequence = 5",
        "update audit_entry set subjects = '{}' where sequence = 4",
        "update audit_entry set actor = 'user:somebody-else' where sequence = 4",
        "update audit_entry set at = at + interval '1 second' where sequence = 4",
        "update audit_entry set roles = '{admin}' where sequence = 4",
    ] {
        let bureau = with_entries().await;
        tamper(&bureau, change).await;
        let (at, problem) = verify(&bureau).await.unwrap().broken.expect(change);
        assert!((4..=5).contains(&at), "{change}");
        assert_eq!(problem, "its content does not fit its hash");
    }
}

#[tokio::test]
async fn a_deleted_or_reordered_entry_shows() {
    let bureau = with_entries().await;
    tamper(&bureau, "delete from audit_entry where sequence = 4").await;
    assert_eq!(verify(&bureau).await.unwrap().broken, Some((5, "the entry before it is missing".into())));

    let bureau = with_entries().await;
    tamper(&bureau, "delete from audit_entry where sequence = 1").await;
    assert_eq!(verify(&bureau).await.unwrap().broken, Some((2, "the entry before it is missing".into())));

    let bureau = with_entries().await;
    tamper(&bureau, "update audit_entry set sequence = case sequence when 4 then 1005 else 1004 end where sequence in (4, 5)").await;
    tamper(&bureau, "update audit_entry set sequence = sequence - 1000 where sequence > 1000").await;
    assert_eq!(verify(&bureau).await.unwrap().broken, Some((4, "it does not follow the entry before it".into())));
}

#[tokio::test]
async fn a_cut_tail_and_a_rewritten_chain_show_against_the_anchor() {
    let bureau = with_entries().await;
    let path = bureau.office.settings.audit_anchor_file.clone().unwrap();
    assert_eq!(audit::write_anchor(&bureau.office.store, &path, 0).await.unwrap(), 9);
    assert_eq!(Anchor::read(&path).await.unwrap().len(), 1);
    assert_eq!(verify(&bureau).await.unwrap().broken, None);
    tamper(&bureau, "delete from audit_entry where sequence > 7").await;
    let (at, problem) = verify(&bureau).await.unwrap().broken.unwrap();
    assert_eq!(at, 8);
    assert!(problem.contains("entry 9 was anchored"), "{problem}");
    // The check itself wrote entry 8; after one more, number 9 exists again, but is another.
    verify(&bureau).await.unwrap();
    let (at, problem) = verify(&bureau).await.unwrap().broken.unwrap();
    assert_eq!((at, problem.as_str()), (9, "it differs from the one anchored outside the database"));
}
