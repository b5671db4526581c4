use super::*;
use crate::{
    commands::handovers::ProposeHandover,
    queries::handovers::{HandoverView, Report},
};
use bildung_chassis::Kind;

async fn propose(bureau: &Bureau, principal: &Principal, to: &str, cases: Option<Vec<Uuid>>) -> Result<HandoverView> {
    let mut attempt = bureau.begin(principal, Action::HandoverPropose).await;
    let input = ProposeHandover {
        to: to.into(),
        cases: cases.map(|cases| cases.into_iter().collect()),
        note: "Frau Kanarienvogel ruft zurück.".into(),
    };
    let outcome = commands::handovers::propose(&mut attempt, &bureau.office, input).await;
    attempt.finish(outcome).await
}

async fn accept(bureau: &Bureau, principal: &Principal, id: Uuid) -> Result<Report> {
    let mut attempt = bureau.begin(principal, Action::HandoverAccept).await;
    let outcome = commands::handovers::accept(&mut attempt, id).await;
    attempt.finish(outcome).await
}

async fn read(bureau: &Bureau, principal: &Principal, id: Uuid) -> Result<HandoverView> {
    let mut attempt = bureau.begin(principal, Action::HandoverRead).await;
    let outcome = queries::handovers::read(&mut attempt, &bureau.office, id).await;
    attempt.finish(outcome).await
}

#[tokio::test]
async fn a_hundred_cases_change_hands_at_once_and_an_edit_in_between_loses_nothing() {
    let bureau = Bureau::new().await;
    let mut cases = Vec::new();
    for number in 0..100 {
        cases.push(bureau.open(&coordinator(), Some(&format!("Kanarie {number}"))).await.unwrap().id);
    }
    let handover = propose(&bureau, &coordinator(), "deputy-1", None).await.unwrap();
    assert_eq!((handover.state.as_str(), handover.case_count, handover.cases.len()), ("proposed", 100, 100));
    assert!(bureau.read(&coordinator(), cases[0]).await.is_ok(), "until it is accepted the owner works on");
    assert_eq!(refused(bureau.read(&deputy(), cases[0]).await).kind, Kind::NotFound, "and the recipient sees nobody yet");

    // Somebody edits a case and has not committed when the recipient accepts.
    let owner = coordinator();
    let mut edit = bureau.begin(&owner, Action::ConsentRecord).await;
    let input = RecordConsent {
        case_id: cases[50],
        purpose: "referral".into(),
        recipient: ACTOR,
        form: "written".into(),
        notice_version: "1".into(),
        state: String::new(),
    };
    let edited = commands::consents::record(&mut edit, &bureau.office, input).await;
    let recipient = deputy();
    let accepting = accept(&bureau, &recipient, handover.id);
    let finishing = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        // Begun before the handover ends, but waits for a case that will no longer be theirs.
        let late = bureau.consent(&owner, cases[51]);
        let finish = edit.finish(edited);
        tokio::join!(finish, late)
    };
    let (report, (edited, late)) = tokio::join!(accepting, finishing);
    assert_eq!(report.unwrap(), Report { before: 100, after: 100, without_owner: 0 });
    edited.unwrap();
    if let Err(Error::Refused(refusal)) = late {
        assert_eq!(refusal.kind, Kind::NotFound);
    }
    assert_eq!(
        bureau
            .count("select count(*) from case_file where owner_subject = 'deputy-1' and ownership = 'assigned' and handover_id is null")
            .await,
        100
    );
    assert_eq!(bureau.count("select count(*) from responsibility").await, 200);
    assert_eq!(bureau.count("select count(*) from chassis.outbox where type = 'bildung.newcomers.case.handed_over.v1'").await, 100);
    assert_eq!(bureau.read(&deputy(), cases[50]).await.unwrap().consents.len(), 1, "the edit came along");
    for case in [cases[0], cases[50], cases[99]] {
        assert_eq!(refused(bureau.read(&coordinator(), case).await).kind, Kind::NotFound, "the old owner is out at once");
        assert_eq!(refused(bureau.consent(&coordinator(), case).await).kind, Kind::NotFound);
    }
    assert_eq!(refused(accept(&bureau, &deputy(), handover.id).await).code, "handover_transition_refused");
    let done = read(&bureau, &coordinator(), handover.id).await.unwrap();
    assert_eq!((done.report, done.cases.len()), (Some(Report { before: 100, after: 100, without_owner: 0 }), 0));
}

#[tokio::test]
async fn a_case_opened_while_the_whole_caseload_waits_goes_along() {
    let bureau = Bureau::new().await;
    bureau.open(&coordinator(), None).await.unwrap();
    let handover = propose(&bureau, &coordinator(), "deputy-1", None).await.unwrap();
    let late = bureau.open(&coordinator(), None).await.unwrap();
    assert_eq!(late.ownership, "handover_pending");
    assert_eq!(accept(&bureau, &deputy(), handover.id).await.unwrap(), Report { before: 2, after: 2, without_owner: 0 });
    assert!(bureau.read(&deputy(), late.id).await.is_ok());
    assert_eq!(bureau.open(&coordinator(), None).await.unwrap().ownership, "assigned");
}

#[tokio::test]
async fn rejected_or_withdrawn_everything_stays_where_it_is() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), None).await.unwrap();
    for (side, action) in [(deputy(), Action::HandoverReject), (coordinator(), Action::HandoverWithdraw)] {
        let handover = propose(&bureau, &coordinator(), "deputy-1", Some(vec![case.id])).await.unwrap();
        assert_eq!(bureau.read(&coordinator(), case.id).await.unwrap().case.ownership, "handover_pending");
        let mut attempt = bureau.begin(&side, action).await;
        let outcome = match action {
            Action::HandoverReject => commands::handovers::reject(&mut attempt, &bureau.office, handover.id).await,
            _ => commands::handovers::withdraw(&mut attempt, &bureau.office, handover.id).await,
        };
        attempt.finish(outcome).await.unwrap();
        let after = bureau.read(&coordinator(), case.id).await.unwrap().case;
        assert_eq!((after.ownership.as_str(), after.owner.as_deref()), ("assigned", Some("coordinator-1")));
        assert_eq!(refused(accept(&bureau, &deputy(), handover.id).await).code, "handover_transition_refused");
        assert!(bureau.read(&deputy(), case.id).await.is_err());
    }
}

#[tokio::test]
async fn only_the_two_concerned_take_part_each_on_their_side() {
    let bureau = Bureau::new().await;
    let case = bureau.open(&coordinator(), None).await.unwrap();
    let handover = propose(&bureau, &coordinator(), "deputy-1", None).await.unwrap();
    assert_eq!(refused(accept(&bureau, &coordinator(), handover.id).await).code, "handover_other_side");
    let stranger = person("coordinator-2", Role::Coordinator);
    assert_eq!(refused(accept(&bureau, &stranger, handover.id).await).code, "handover_unknown");
    assert_eq!(refused(read(&bureau, &stranger, handover.id).await).code, "handover_unknown");
    assert_eq!(refused(accept(&bureau, &person("deputy-1", Role::Admin), handover.id).await).kind, Kind::Forbidden);
    let seen = read(&bureau, &deputy(), handover.id).await.unwrap();
    assert_eq!((seen.note.as_deref(), seen.cases[0].case_id), (Some("Frau Kanarienvogel ruft zurück."), case.id));
    assert_eq!(bureau.count("select count(*) from handover where position(convert_to('Kanarien', 'UTF8') in note) > 0").await, 0);
}

#[tokio::test]
async fn what_cannot_be_handed_over_is_refused() {
    let bureau = Bureau::new().await;
    assert_eq!(refused(propose(&bureau, &coordinator(), "deputy-1", None).await).code, "handover_without_cases");
    let case = bureau.open(&coordinator(), None).await.unwrap();
    let theirs = bureau.open(&deputy(), None).await.unwrap();
    assert_eq!(refused(propose(&bureau, &coordinator(), "coordinator-1", None).await).code, "handover_to_self");
    assert_eq!(refused(propose(&bureau, &coordinator(), "deputy-1", Some(vec![case.id, theirs.id])).await).code, "case_unknown");
    propose(&bureau, &coordinator(), "deputy-1", Some(vec![case.id])).await.unwrap();
    assert_eq!(refused(propose(&bureau, &coordinator(), "deputy-2", None).await).code, "case_handover_pending");
    assert_eq!(bureau.count("select count(*) from handover").await, 1);
}

#[tokio::test]
async fn of_an_acceptance_and_a_withdrawal_at_the_same_time_exactly_one_wins() {
    let bureau = Bureau::new().await;
    bureau.open(&coordinator(), None).await.unwrap();
    let (mut giver, mut taker) = (coordinator(), deputy());
    for _ in 0..10 {
        let to = taker.subject().unwrap().to_owned();
        let handover = propose(&bureau, &giver, &to, None).await.unwrap();
        let withdrawing = async {
            let mut attempt = bureau.begin(&giver, Action::HandoverWithdraw).await;
            let outcome = commands::handovers::withdraw(&mut attempt, &bureau.office, handover.id).await;
            attempt.finish(outcome).await
        };
        let (accepted, withdrawn) = tokio::join!(accept(&bureau, &taker, handover.id), withdrawing);
        assert_ne!(accepted.is_ok(), withdrawn.is_ok());
        if accepted.is_ok() {
            std::mem::swap(&mut giver, &mut taker);
        }
    }
}
