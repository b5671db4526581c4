//! The service on a real Postgres: what the pure parts cannot show.
mod audit;
mod cases;
mod copies;
mod handovers;
mod referrals;
mod rights;

use crate::{
    Newcomers, Notice, Office, Settings,
    audit::{Action, Attempt},
    commands::{
        self,
        cases::OpenCase,
        consents::RecordConsent,
        referrals::{AnswerToken, Refer},
    },
    domain::PersonName,
    queries::{
        self,
        cases::{CaseFile, CaseView, ConsentView},
        referrals::{Invitation, ReferralView},
    },
    store,
    vault::{Vault, create_key_file},
};
use bildung_chassis::{
    Error, Principal, Refusal, Result, Role, User,
    testing::{self, TestDatabase},
};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

const ACTOR: Uuid = Uuid::from_u128(0xac);
const OFFER: Uuid = Uuid::from_u128(0x0f);

/// A prepared office: one published offer, one actor, the notices of the settings.
struct Bureau {
    db: TestDatabase,
    office: Office,
    _folder: tempfile::TempDir,
}

impl Bureau {
    async fn new() -> Self {
        let db = testing::database::<Newcomers>().await;
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("newcomers.key");
        create_key_file(&key_file, db.store.ids()).unwrap();
        let settings = Settings { audit_anchor_file: Some(folder.path().join("audit.anchor")), ..Settings::default() };
        let office = Office { store: db.store.clone(), vault: Vault::open(&key_file).unwrap(), settings: Arc::new(settings) };
        commands::notices::publish(&office.store, &office.settings.notices).await.unwrap();
        let mut work = office.store.begin(&Principal::System("test")).await.unwrap();
        store::copies::put_offer(work.tx(), OFFER, "Deutsch A1", "Volkshochschule", None, 1).await.unwrap();
        store::copies::put_actor(work.tx(), ACTOR, "Volkshochschule", 1).await.unwrap();
        work.commit().await.unwrap();
        Self { db, office, _folder: folder }
    }

    async fn begin(&self, principal: &Principal, action: Action) -> Attempt {
        Attempt::begin(&self.office.store, principal, action).await.unwrap()
    }

    async fn open(&self, principal: &Principal, name: Option<&str>) -> Result<CaseView> {
        let mut attempt = self.begin(principal, Action::CaseOpen).await;
        let name = name.map(|name| PersonName::new(name.into()).unwrap());
        let input = OpenCase { name, language: "uk".into(), legal_basis: "public_task".into(), notice_version: "1".into() };
        let outcome = commands::cases::open(&mut attempt, &self.office, input).await;
        attempt.finish(outcome).await
    }

    async fn read(&self, principal: &Principal, id: Uuid) -> Result<CaseFile> {
        let mut attempt = self.begin(principal, Action::CaseRead).await;
        let outcome = queries::cases::read(&mut attempt, &self.office, id).await;
        attempt.finish(outcome).await
    }

    async fn consent(&self, principal: &Principal, case_id: Uuid) -> Result<ConsentView> {
        self.consent_for(principal, case_id, ACTOR, "referral", "given").await
    }

    async fn consent_for(&self, principal: &Principal, case_id: Uuid, recipient: Uuid, purpose: &str, state: &str) -> Result<ConsentView> {
        let mut attempt = self.begin(principal, Action::ConsentRecord).await;
        let input = RecordConsent {
            case_id,
            purpose: purpose.into(),
            recipient,
            form: "written".into(),
            notice_version: "1".into(),
            state: state.into(),
        };
        let outcome = commands::consents::record(&mut attempt, &self.office, input).await;
        attempt.finish(outcome).await
    }

    async fn decide(&self, principal: &Principal, case_id: Uuid, consent: Uuid, state: &str) -> Result<(ConsentView, usize)> {
        let mut attempt = self.begin(principal, Action::ConsentDecide).await;
        let outcome = commands::consents::decide(&mut attempt, &self.office, case_id, consent, state).await;
        attempt.finish(outcome).await
    }

    async fn refer(&self, principal: &Principal, case_id: Uuid, consent: Option<Uuid>) -> Result<(ReferralView, AnswerToken)> {
        self.refer_to(principal, Refer { case_id, offer_id: OFFER, actor_id: ACTOR, consent_id: consent }).await
    }

    async fn refer_to(&self, principal: &Principal, input: Refer) -> Result<(ReferralView, AnswerToken)> {
        let mut attempt = self.begin(principal, Action::ReferralSend).await;
        let outcome = commands::referrals::refer(&mut attempt, &self.office, input).await;
        attempt.finish(outcome).await
    }

    async fn answer(&self, token: &str, answer: &str, reason: &str) -> Result<Invitation> {
        let hash = AnswerToken::hash(token);
        let mut attempt = Attempt::begin_answer(&self.office.store, &hash, Action::ReferralAnswer).await.unwrap();
        let outcome = commands::referrals::answer(&mut attempt, &self.office, &hash, answer, reason).await;
        attempt.finish(outcome).await
    }

    async fn show(&self, token: &str) -> Result<Invitation> {
        let hash = AnswerToken::hash(token);
        let mut attempt = Attempt::begin_answer(&self.office.store, &hash, Action::ReferralShow).await.unwrap();
        let outcome = queries::referrals::show(&mut attempt, &hash).await;
        attempt.finish(outcome).await
    }

    /// (action, outcome, code) of every entry, the oldest first, as the administrator sees them.
    async fn trail(&self) -> Vec<(String, String, Option<String>)> {
        sqlx::query_as("select action, outcome, code from audit_entry order by sequence").fetch_all(&self.db.admin).await.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db.admin).await.unwrap()
    }
}

fn person(subject: &str, role: Role) -> Principal {
    Principal::User(User { subject: subject.into(), roles: [role].into(), sources: BTreeSet::new() })
}

fn coordinator() -> Principal {
    person("coordinator-1", Role::Coordinator)
}

fn deputy() -> Principal {
    person("deputy-1", Role::Deputy)
}

#[track_caller]
fn refused<T>(outcome: Result<T>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        Err(Error::Internal(error)) => panic!("failed: {error:#}"),
        Ok(_) => panic!("was not refused"),
    }
}
