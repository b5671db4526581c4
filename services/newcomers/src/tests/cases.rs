use super::*;
use crate::queries::{Page, cases::Wanted};
use bildung_chassis::Kind;

async fn search(bureau: &Bureau, principal: &Principal, name: &str) -> Result<Page<CaseView>> {
    let mut attempt = bureau.begin(principal, Action::CaseSearch).await;
    let wanted = Wanted { name: Some(PersonName::new(name.into()).unwrap()), ..Wanted::default() };
    let outcome = queries::cases::search(&mut attempt, &bureau.office, wanted).await;
    attempt.finish(outcome).await
}

async fn list(bureau: &Bureau, principal: &Principal) -> Result<Page<CaseView>> {
    let mut attempt = bureau.begin(principal, Action::CaseList).await;
    let outcome = queries::cases::list(&mut attempt, &bureau.office, Wanted::default()).await;
    attempt.finish(outcome).await
}

#[tokio::test]
async fn a_case_is_opened_sealed_and_owned() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    assert_eq!((case.state.as_str(), case.ownership.as_str(), case.owner.as_deref()), ("intake", "assigned", Some("coordinator-1")));
    assert_eq!(case.notice_language, "de", "there is no Ukrainian notice: the German one was shown");
    let (name, index): (Vec<u8>, Vec<u8>) =
        sqlx::query_as("select name, name_index from person").fetch_one(&bureau.db.admin).await.unwrap();
    for bytes in [&name, &index] {
        assert!(!String::from_utf8_lossy(bytes).to_lowercase().contains("kanarien"));
    }
    let file = bureau.read(&coordinator(), case.id).await.unwrap();
    assert_eq!(file.case.name.unwrap().reveal(), "Änne Kanarienvogel");
    let event: serde_json::Value = sqlx::query_scalar("select data from chassis.outbox").fetch_one(&bureau.db.admin).await.unwrap();
    assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), ["case_ref"]);
    assert_ne!(event["case_ref"], case.id.to_string(), "the bus knows another id than the office");
}

#[tokio::test]
async fn anonymous_advice_needs_no_name() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), None).await.unwrap();
    assert!(bureau.read(&coordinator(), case.id).await.unwrap().case.name.is_none());
}

#[tokio::test]
async fn unknown_codes_and_notices_are_refused_and_leave_only_their_entry() {
    let bureau = Bureau::new().await;
    for (language, legal_basis, notice_version, code) in [
        ("Deutsch", "public_task", "1", "language_invalid"),
        ("uk", "because", "1", "legal_basis_unknown"),
        ("uk", "public_task", "0", "notice_version_unknown"),
    ] {
        let mut attempt = bureau.begin(&coordinator(), Action::CaseOpen).await;
        let input =
            OpenCase { name: None, language: language.into(), legal_basis: legal_basis.into(), notice_version: notice_version.into() };
        let outcome = commands::cases::open(&mut attempt, &bureau.office, input).await;
        let refusal = refused(attempt.finish(outcome).await);
        assert_eq!((refusal.kind, refusal.code.as_str(), refusal.fields.len()), (Kind::Invalid, code, 1));
    }
    assert_eq!(bureau.count("select count(*) from case_file").await + bureau.count("select count(*) from data_key").await, 0);
    assert_eq!(bureau.trail().await.len(), 3);
}

#[tokio::test]
async fn an_exact_name_is_found_whatever_its_marks_and_order_and_nobody_elses_case() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    bureau.open(&coordinator(), Some("Änne Kanarie")).await.unwrap();
    let found = search(&bureau, &coordinator(), "KANARIENVOGEL, anne").await.unwrap();
    assert_eq!((found.total, found.items[0].id), (1, case.id));
    assert_eq!(search(&bureau, &deputy(), "Änne Kanarienvogel").await.unwrap().total, 0);
    assert_eq!(refused(search(&bureau, &person("s", Role::Supervisor), "Änne Kanarienvogel").await).kind, Kind::Forbidden);
}

#[tokio::test]
async fn a_supervisor_lists_without_names_and_an_admin_not_at_all() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    let supervisor = person("s", Role::Supervisor);
    let seen = list(&bureau, &supervisor).await.unwrap();
    assert_eq!(seen.total, 1);
    assert!(seen.items[0].name.is_none());
    assert!(bureau.read(&supervisor, case.id).await.unwrap().case.name.is_none());
    for role in [Role::Admin, Role::Auditor, Role::EducationManager, Role::Editor, Role::Analyst, Role::Provider] {
        assert_eq!(refused(list(&bureau, &person("x", role)).await).kind, Kind::Forbidden, "{role}");
        assert_eq!(refused(bureau.read(&person("x", role), case.id).await).kind, Kind::Forbidden, "{role}");
    }
    assert_eq!(refused(list(&bureau, &Principal::Resident).await).kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn an_unknown_case_and_somebody_elses_answer_the_same() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), None).await.unwrap();
    let foreign = refused(bureau.read(&deputy(), case.id).await);
    let unknown = refused(bureau.read(&deputy(), Uuid::from_u128(1)).await);
    assert_eq!(foreign, unknown);
    assert_eq!(foreign.kind, Kind::NotFound);
    assert_eq!(refused(bureau.consent(&deputy(), case.id).await), foreign);
    assert_eq!(refused(bureau.refer(&deputy(), case.id, None).await), foreign);
    assert_eq!(refused(bureau.decide(&deputy(), case.id, Uuid::from_u128(2), "withdrawn").await), foreign);
}

#[tokio::test]
async fn a_deputy_named_for_a_time_works_on_the_cases_until_then() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    let mut attempt = bureau.begin(&coordinator(), Action::DeputyName).await;
    let until = attempt.now + jiff::SignedDuration::from_hours(24);
    let outcome = commands::staff::name_deputy(&mut attempt, "deputy-1", until).await;
    attempt.finish(outcome).await.unwrap();
    assert_eq!(bureau.read(&deputy(), case.id).await.unwrap().case.name.unwrap().reveal(), "Änne Kanarienvogel");
    assert!(bureau.consent(&deputy(), case.id).await.is_ok());
    assert!(bureau.read(&person("deputy-2", Role::Deputy), case.id).await.is_err());
    assert!(bureau.read(&person("deputy-1", Role::Coordinator), case.id).await.is_err(), "who stands in does so as a deputy");
    bureau.db.clock.advance(jiff::SignedDuration::from_hours(24));
    assert!(bureau.read(&deputy(), case.id).await.is_err());
}

#[tokio::test]
async fn a_ciphertext_moved_to_another_row_does_not_open() {
    let bureau = Bureau::new().await;
    let one = bureau.open(&coordinator(), Some("Änne Kanarienvogel")).await.unwrap();
    let two = bureau.open(&coordinator(), Some("Berta Beispiel")).await.unwrap();
    sqlx::query("update person set name = (select name from person p join case_file c on c.person_id = p.id where c.id = $1) where id = (select person_id from case_file where id = $2)")
        .bind(one.id)
        .bind(two.id)
        .execute(&bureau.db.admin)
        .await
        .unwrap();
    let Err(Error::Internal(error)) = bureau.read(&coordinator(), two.id).await else { panic!("it opened") };
    assert!(!format!("{error:#}").contains("Kanarien"));
}

#[tokio::test]
async fn a_published_notice_keeps_its_text() {
    let bureau = Bureau::new().await;
    let mut notices = bureau.office.settings.notices.clone();
    commands::notices::publish(&bureau.office.store, &notices).await.unwrap();
    notices[0].text.push('!');
    let told = commands::notices::publish(&bureau.office.store, &notices).await.unwrap_err().to_string();
    assert!(told.contains("new version"), "{told}");
    let newer = Notice { version: "2".into(), ..notices[0].clone() };
    commands::notices::publish(&bureau.office.store, &[newer]).await.unwrap();
}
