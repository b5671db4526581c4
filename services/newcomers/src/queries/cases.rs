//! Reading, listing and searching cases.
use super::{Page, referrals::ReferralView, total, window};
use crate::{
    Office,
    audit::Attempt,
    commands::{
        WORKERS, case_unknown,
        cases::{NAME_COLUMN, name_place},
    },
    domain::{CaseState, ConsentState, Machine as _, PersonName, Violation},
    store::{
        self,
        cases::{CaseRow, Filter},
        consents::ConsentRow,
    },
    vault::WrappedKey,
};
use bildung_chassis::{Result, Role};
use jiff::Timestamp;
use uuid::Uuid;

/// A case as its caseworker sees it; a supervisor sees no name.
#[derive(Clone, Debug)]
pub(crate) struct CaseView {
    pub id: Uuid,
    pub state: String,
    pub ownership: String,
    pub owner: Option<String>,
    pub name: Option<PersonName>,
    pub language: String,
    pub legal_basis: String,
    pub notice_version: String,
    pub notice_language: String,
    pub opened_at: Timestamp,
}

impl CaseView {
    fn open(office: &Office, row: CaseRow) -> Result<Self> {
        let name = match (row.name, row.kek_id, row.wrapped) {
            (Some(sealed), Some(kek_id), Some(bytes)) => {
                let key = office.vault.unwrap(row.person_id, &WrappedKey { kek_id, bytes })?;
                Some(PersonName::new(key.open_text(name_place(row.person_id), &sealed)?)?)
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            state: row.state,
            ownership: row.ownership,
            owner: row.owner_subject,
            name,
            language: row.language,
            legal_basis: row.legal_basis,
            notice_version: row.notice_version,
            notice_language: row.notice_language,
            opened_at: row.opened_at.to_jiff(),
        })
    }
}

/// A consent as its caseworker sees it.
#[derive(Clone, Debug)]
pub(crate) struct ConsentView {
    pub id: Uuid,
    pub state: String,
    pub purpose: String,
    pub recipient_actor_id: Uuid,
    pub recipient_name: Option<String>,
    pub form: String,
    pub notice_version: String,
    pub given_at: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl ConsentView {
    /// A consent whose time is over shows as expired, also before the job has said so.
    pub(crate) fn new(row: ConsentRow, now: Timestamp) -> Self {
        let valid_until = row.valid_until.map(jiff_sqlx::Timestamp::to_jiff);
        let over = row.state == ConsentState::Given.as_str() && valid_until.is_some_and(|until| until <= now);
        Self {
            id: row.id,
            state: if over { ConsentState::Expired.as_str().into() } else { row.state },
            purpose: row.purpose,
            recipient_actor_id: row.recipient_actor_id,
            recipient_name: row.recipient_name,
            form: row.form,
            notice_version: row.notice_version,
            given_at: row.given_at.map(jiff_sqlx::Timestamp::to_jiff),
            valid_until,
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

/// A case with all that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct CaseFile {
    pub case: CaseView,
    pub consents: Vec<ConsentView>,
    pub referrals: Vec<ReferralView>,
}

/// Reads a case.
pub(crate) async fn read(attempt: &mut Attempt, office: &Office, id: Uuid) -> Result<CaseFile> {
    attempt.about(id);
    attempt.principal.require(&[Role::Coordinator, Role::Deputy, Role::Supervisor])?;
    let row = store::cases::find(attempt.tx(), id).await?.ok_or_else(case_unknown)?;
    let case = CaseView::open(office, row)?;
    let now = attempt.now;
    let consents = store::consents::of_case(attempt.tx(), id).await?.into_iter().map(|row| ConsentView::new(row, now)).collect();
    let mut referrals = Vec::new();
    for row in store::referrals::of_case(attempt.tx(), id).await? {
        referrals.push(ReferralView::open(attempt, office, row).await?);
    }
    Ok(CaseFile { case, consents, referrals })
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Empty for all.
    pub states: Vec<String>,
    /// Only those of the caller.
    pub mine: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// The exact name, whatever its case, marks and order of parts.
    pub name: Option<PersonName>,
    pub page: u32,
    pub per_page: u32,
}

/// Lists the cases that the caller may see.
pub(crate) async fn list(attempt: &mut Attempt, office: &Office, wanted: Wanted) -> Result<Page<CaseView>> {
    attempt.principal.require(&[Role::Coordinator, Role::Deputy, Role::Supervisor])?;
    find(attempt, office, wanted).await
}

/// Searches by name; for those only who may see names.
pub(crate) async fn search(attempt: &mut Attempt, office: &Office, wanted: Wanted) -> Result<Page<CaseView>> {
    attempt.principal.require(WORKERS)?;
    find(attempt, office, wanted).await
}

async fn find(attempt: &mut Attempt, office: &Office, wanted: Wanted) -> Result<Page<CaseView>> {
    if wanted.states.iter().any(|state| CaseState::parse(state).is_none()) {
        let known = CaseState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Violation::UnknownCode { field: "state", known }.into());
    }
    let filter = Filter {
        states: wanted.states,
        owner: if wanted.mine { attempt.principal.subject().map(str::to_owned) } else { None },
        language: wanted.language,
        name_index: wanted.name.map(|name| office.vault.blind_index(NAME_COLUMN, &name.folded())),
    };
    let (count, rows) = store::cases::list(attempt.tx(), &filter, window(wanted.page, wanted.per_page)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        attempt.about(row.id);
        items.push(CaseView::open(office, row)?);
    }
    Ok(Page { total: total(count), items })
}
