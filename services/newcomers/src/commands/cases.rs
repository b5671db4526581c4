//! Opening a case.
use super::{random_ref, worker};
use crate::{
    Office,
    audit::Attempt,
    commands::notices,
    domain::{CaseState, LEGAL_BASES, Machine as _, Ownership, PersonName, known_code, language_tag},
    queries::cases::CaseView,
    store,
    vault::Place,
};
use bildung_chassis::Result;
use bildung_proto::events::newcomers::CaseOpened;
use uuid::Uuid;

/// What is needed to open a case.
pub(crate) struct OpenCase {
    /// Absent for anonymous advice.
    pub name: Option<PersonName>,
    /// Of the person, BCP 47.
    pub language: String,
    /// Code.
    pub legal_basis: String,
    /// The notice that was shown.
    pub notice_version: String,
}

/// Where a person's name lies.
pub(crate) fn name_place(person: Uuid) -> Place {
    Place { table: "person", column: "name", owner: person }
}

/// The column of the blind index of names.
pub(crate) const NAME_COLUMN: &str = "person.name";

/// Opens a case; whoever opens it owns it.
pub(crate) async fn open(attempt: &mut Attempt, office: &Office, input: OpenCase) -> Result<CaseView> {
    let owner = worker(attempt)?;
    let language = language_tag(&input.language)?;
    let legal_basis = known_code("legal_basis", &input.legal_basis, LEGAL_BASES)?;
    let notice_language = notices::language_shown(attempt, &input.notice_version, language).await?;
    // An enquiry becomes an intake as soon as the notice was shown and the legal basis is set: here, both are.
    let state = CaseState::INITIAL.become_next(CaseState::Intake)?;

    let (id, person_id, now) = (attempt.id(), attempt.id(), attempt.now);
    attempt.about(id);
    let (key, wrapped) = office.vault.new_key(attempt.ids(), person_id)?;
    let sealed = match &input.name {
        Some(name) => Some((
            key.seal(attempt.ids(), name_place(person_id), name.reveal().as_bytes())?,
            office.vault.blind_index(NAME_COLUMN, &name.folded()),
        )),
        None => None,
    };
    store::people::insert_key(attempt.tx(), person_id, &wrapped).await?;
    store::people::insert(attempt.tx(), person_id, sealed.as_ref().map(|(name, index)| (name.as_slice(), index.as_slice()))).await?;

    // A handover of the whole caseload that waits takes this case along.
    let waiting = store::handovers::hold_whole_caseload(attempt.tx(), &owner).await?;
    let ownership = if waiting.is_some() { Ownership::HandoverPending } else { Ownership::Assigned };
    let case_ref = random_ref(attempt.ids());
    let case = store::cases::NewCase {
        id,
        case_ref,
        person_id,
        state: state.as_str(),
        ownership: ownership.as_str(),
        owner: &owner,
        handover_id: waiting,
        language,
        legal_basis,
        notice_version: &input.notice_version,
        notice_language: &notice_language,
        opened_at: now,
    };
    store::cases::insert(attempt.tx(), &case).await?;
    if let Some(handover_id) = waiting {
        store::handovers::add_opened(attempt.tx(), handover_id, id).await?;
    }
    store::cases::note_responsibility(attempt.tx(), &[id], &owner, None, now).await?;
    attempt.publish(&CaseOpened { case_ref }).await?;
    Ok(CaseView {
        id,
        state: state.as_str().into(),
        ownership: ownership.as_str().into(),
        owner: Some(owner),
        name: input.name,
        language: language.into(),
        legal_basis: legal_basis.into(),
        notice_version: input.notice_version,
        notice_language,
        opened_at: now,
    })
}
