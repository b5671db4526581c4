use super::*;
use jiff::SignedDuration;

#[tokio::test]
async fn without_a_given_consent_nobody_is_referred() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let other = bureau.open(&user, None).await.unwrap();
    let code = |outcome: Result<(ReferralView, AnswerToken)>| refused(outcome).code;

    assert_eq!(code(bureau.refer(&user, case.id, None).await), "consent_missing", "none at all");
    assert_eq!(code(bureau.refer(&user, case.id, Some(Uuid::from_u128(7))).await), "consent_missing", "unknown");
    let requested = bureau.consent_for(&user, case.id, ACTOR, "referral", "requested").await.unwrap();
    assert_eq!(requested.state, "requested");
    assert_eq!(code(bureau.refer(&user, case.id, Some(requested.id)).await), "consent_missing", "only requested");
    let refusal = bureau.consent_for(&user, case.id, ACTOR, "referral", "refused").await.unwrap();
    assert_eq!(code(bureau.refer(&user, case.id, Some(refusal.id)).await), "consent_missing", "refused");
    let elsewhere = bureau.consent_for(&user, case.id, Uuid::from_u128(9), "referral", "given").await.unwrap();
    assert_eq!(code(bureau.refer(&user, case.id, Some(elsewhere.id)).await), "consent_missing", "for another actor");
    let advice = bureau.consent_for(&user, case.id, ACTOR, "advice", "given").await.unwrap();
    assert_eq!(code(bureau.refer(&user, case.id, Some(advice.id)).await), "consent_missing", "for another purpose");
    let theirs = bureau.consent(&user, other.id).await.unwrap();
    assert_eq!(code(bureau.refer(&user, case.id, Some(theirs.id)).await), "consent_missing", "of another case");
    assert_eq!(bureau.count("select count(*) from referral").await, 0);

    let given = bureau.decide(&user, case.id, requested.id, "given").await.unwrap().0;
    let (referral, _) = bureau.refer(&user, case.id, Some(given.id)).await.unwrap();
    assert_eq!(referral.state, "sent");
    bureau.db.clock.advance(SignedDuration::from_hours(24 * 365));
    assert_eq!(code(bureau.refer(&user, case.id, Some(given.id)).await), "consent_missing", "expired");
    assert_eq!(bureau.read(&user, case.id).await.unwrap().consents.iter().find(|consent| consent.id == given.id).unwrap().state, "expired");
}

#[tokio::test]
async fn offer_and_actor_must_be_known_and_the_offer_published() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap().id;
    let stranger = bureau.consent_for(&user, case.id, Uuid::from_u128(9), "referral", "given").await.unwrap().id;
    let refer = |offer_id, actor_id, consent_id| {
        bureau.refer_to(&user, Refer { case_id: case.id, offer_id, actor_id, consent_id: Some(consent_id) })
    };
    assert_eq!(refused(refer(Uuid::from_u128(5), ACTOR, consent).await).code, "offer_unknown");
    assert_eq!(refused(refer(OFFER, Uuid::from_u128(9), stranger).await).code, "actor_unknown");
    let mut work = bureau.office.store.begin(&Principal::System("test")).await.unwrap();
    store::copies::put_actor(work.tx(), Uuid::from_u128(9), "Musikschule", 1).await.unwrap();
    store::copies::put_offer(work.tx(), OFFER, "Deutsch A1", "Volkshochschule", Some(ACTOR), 2).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(refused(refer(OFFER, Uuid::from_u128(9), stranger).await).code, "actor_not_provider");
    let mut work = bureau.office.store.begin(&Principal::System("test")).await.unwrap();
    store::copies::withdraw_offer(work.tx(), OFFER, 3).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(refused(refer(OFFER, ACTOR, consent).await).code, "offer_withdrawn");
}

#[tokio::test]
async fn the_link_is_answered_once_without_signing_in() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, Some("Änne Kanarienvogel")).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap();
    let (referral, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    assert_eq!(token.reveal().len(), 43, "256 bits");
    let hash: Vec<u8> = sqlx::query_scalar("select answer_hash from referral").fetch_one(&bureau.db.admin).await.unwrap();
    assert_eq!(hash, AnswerToken::hash(token.reveal()));

    let shown = bureau.show(token.reveal()).await.unwrap();
    assert_eq!((shown.state.as_str(), shown.offer_title.as_str(), shown.actor_name.as_str()), ("sent", "Deutsch A1", "Volkshochschule"));
    assert_eq!(shown.answers, ["accept", "waitlist", "reject"]);
    assert_eq!(refused(bureau.answer(token.reveal(), "perhaps", "").await).code, "answer_unknown");
    assert_eq!(refused(bureau.answer("no-token", "accept", "").await).code, "referral_unknown");
    assert_eq!(bureau.answer(token.reveal(), "accept", "").await.unwrap().state, "accepted");
    for answer in ["accept", "reject", "waitlist"] {
        assert_eq!(refused(bureau.answer(token.reveal(), answer, "").await).code, "referral_already_answered");
    }
    let file = bureau.read(&user, case.id).await.unwrap();
    assert_eq!((file.referrals[0].id, file.referrals[0].state.as_str()), (referral.id, "accepted"));
    let events: Vec<String> = sqlx::query_scalar("select type from chassis.outbox order by seq").fetch_all(&bureau.db.admin).await.unwrap();
    assert_eq!(
        events,
        ["bildung.newcomers.case.opened.v1", "bildung.newcomers.referral.sent.v1", "bildung.newcomers.referral.answered.v1"]
    );
}

#[tokio::test]
async fn who_waits_can_still_be_placed_and_a_rejection_is_final() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap();
    let (_, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    let waiting = bureau.answer(token.reveal(), "waitlist", "").await.unwrap();
    assert_eq!(waiting.answers, ["accept", "reject"]);
    assert_eq!(refused(bureau.answer(token.reveal(), "waitlist", "").await).code, "referral_already_answered");
    bureau.db.clock.advance(SignedDuration::from_hours(24 * 30));
    let ended = bureau.answer(token.reveal(), "reject", "Bitte bei Berta Kanarienvogel nachfragen").await.unwrap();
    assert_eq!((ended.state.as_str(), ended.answers.len()), ("rejected", 0));
    assert_eq!(refused(bureau.answer(token.reveal(), "accept", "").await).code, "referral_already_answered");
    let (code, words): (String, Vec<u8>) =
        sqlx::query_as("select reason_code, reason from referral").fetch_one(&bureau.db.admin).await.unwrap();
    assert_eq!(code, "other");
    assert!(!String::from_utf8_lossy(&words).contains("Kanarienvogel"));
    let file = bureau.read(&user, case.id).await.unwrap();
    assert_eq!(file.referrals[0].reason.as_deref(), Some("Bitte bei Berta Kanarienvogel nachfragen"));
    let event: serde_json::Value =
        sqlx::query_scalar("select data from chassis.outbox order by seq desc limit 1").fetch_one(&bureau.db.admin).await.unwrap();
    assert_eq!((event["status"].as_str(), event["reason_code"].as_str()), (Some("rejected"), Some("other")));
    assert!(!event.to_string().contains("Kanarienvogel"));
}

#[tokio::test]
async fn a_withdrawn_consent_revokes_its_referrals_at_once() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap();
    let (_, first) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    let (_, second) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    let (_, rejected) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    bureau.answer(second.reveal(), "accept", "").await.unwrap();
    bureau.answer(rejected.reveal(), "reject", "no_place").await.unwrap();
    // A newer consent took the old one's place; what relied on the old one ends with the new one.
    let newer = bureau.consent(&user, case.id).await.unwrap();
    let (view, revoked) = bureau.decide(&user, case.id, newer.id, "withdrawn").await.unwrap();
    assert_eq!((view.state.as_str(), revoked), ("withdrawn", 2));
    assert_eq!(refused(bureau.answer(first.reveal(), "accept", "").await).code, "referral_revoked");
    assert_eq!(refused(bureau.refer(&user, case.id, Some(newer.id)).await).code, "consent_missing");
    assert_eq!(refused(bureau.decide(&user, case.id, newer.id, "given").await).code, "consent_transition_refused", "there is no way back");
    let states: Vec<String> = bureau.read(&user, case.id).await.unwrap().referrals.into_iter().map(|referral| referral.state).collect();
    assert_eq!(states, ["revoked", "revoked", "rejected"]);
    assert_eq!(bureau.read(&user, case.id).await.unwrap().consents[0].state, "superseded");
}

#[tokio::test]
async fn of_an_answer_and_a_withdrawal_at_the_same_time_exactly_one_wins() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    for _ in 0..10 {
        let case = bureau.open(&user, None).await.unwrap();
        let consent = bureau.consent(&user, case.id).await.unwrap();
        let (_, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
        let (answered, decided) =
            tokio::join!(bureau.answer(token.reveal(), "reject", "age"), bureau.decide(&user, case.id, consent.id, "withdrawn"));
        let (_, revoked) = decided.unwrap();
        assert_ne!(answered.is_ok(), revoked == 1, "one of them, never both or none");
    }
}

#[tokio::test]
async fn what_nobody_answers_in_time_expires() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap();
    let (_, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    bureau.db.clock.advance(SignedDuration::from_hours(24 * 14) - SignedDuration::from_secs(1));
    assert!(bureau.show(token.reveal()).await.is_ok());
    assert_eq!(commands::expiry::once(&bureau.office).await.unwrap(), 0);
    bureau.db.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(refused(bureau.show(token.reveal()).await).code, "referral_expired");
    assert_eq!(refused(bureau.answer(token.reveal(), "accept", "").await).code, "referral_expired");
    assert_eq!(commands::expiry::once(&bureau.office).await.unwrap(), 1);
    assert_eq!(commands::expiry::once(&bureau.office).await.unwrap(), 0);
    assert_eq!(bureau.read(&user, case.id).await.unwrap().referrals[0].state, "expired");

    let (_, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    bureau.answer(token.reveal(), "accept", "").await.unwrap();
    bureau.db.clock.advance(SignedDuration::from_hours(24 * 365));
    assert_eq!(commands::expiry::once(&bureau.office).await.unwrap(), 1, "the consent");
    let file = bureau.read(&user, case.id).await.unwrap();
    assert_eq!((file.consents[0].state.as_str(), file.referrals[1].state.as_str()), ("expired", "revoked"));
    assert!(bureau.trail().await.iter().filter(|(action, ..)| action == "expire").count() == 2);
}

#[tokio::test]
async fn the_office_takes_a_referral_back() {
    let bureau = Bureau::new().await;
    let user = coordinator();
    let case = bureau.open(&user, None).await.unwrap();
    let consent = bureau.consent(&user, case.id).await.unwrap();
    let (referral, token) = bureau.refer(&user, case.id, Some(consent.id)).await.unwrap();
    for expected in [Ok("revoked"), Err("referral_transition_refused")] {
        let mut attempt = bureau.begin(&user, Action::ReferralRevoke).await;
        let outcome = commands::referrals::revoke(&mut attempt, &bureau.office, case.id, referral.id).await;
        match expected {
            Ok(state) => assert_eq!(attempt.finish(outcome).await.unwrap().state, state),
            Err(code) => assert_eq!(refused(attempt.finish(outcome).await).code, code),
        }
    }
    assert_eq!(refused(bureau.answer(token.reveal(), "accept", "").await).code, "referral_revoked");
}
