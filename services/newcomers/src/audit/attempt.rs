//! A request at work: its transaction, in whose name it runs, and what the trail will say about it.
//!
//! A refusal undoes what the request did so far, but its entry is kept: the work is done behind a savepoint.
use super::{Action, Entry, GENESIS, roles};
use crate::store;
use bildung_chassis::{Error, Kind, Principal, Result, Role, Store, Work};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeSet,
    ops::{Deref, DerefMut},
};
use uuid::Uuid;

/// Begin it, do the work, [`Attempt::finish`] it. Dropped without that, nothing has happened.
pub(crate) struct Attempt {
    work: Work,
    action: Action,
    about: BTreeSet<Uuid>,
}

impl Attempt {
    /// Begins on behalf of `principal`.
    pub(crate) async fn begin(store: &Store, principal: &Principal, action: Action) -> Result<Self> {
        let mut work = store.begin(principal).await?;
        let now = work.now;
        store::context::enter(work.tx(), principal, now).await?;
        let worker = [Role::Coordinator, Role::Deputy].into_iter().find(|role| principal.has(*role));
        if let (Some(subject), Some(role)) = (principal.subject(), worker) {
            store::staff::seen(work.tx(), subject, role.as_str(), now.to_zoned(TimeZone::UTC).date()).await?;
        }
        Self::set_savepoint(work, action).await
    }

    /// Begins on behalf of whoever holds an answer link.
    pub(crate) async fn begin_answer(store: &Store, answer_hash: &[u8], action: Action) -> Result<Self> {
        let mut work = store.begin(&Principal::Resident).await?;
        let now = work.now;
        store::context::enter_answer(work.tx(), answer_hash, now).await?;
        Self::set_savepoint(work, action).await
    }

    async fn set_savepoint(mut work: Work, action: Action) -> Result<Self> {
        sqlx::query!("savepoint attempt").execute(work.tx()).await?;
        Ok(Self { work, action, about: BTreeSet::new() })
    }

    /// Names a case, referral or handover that is concerned, also one that turns out to be unknown.
    pub(crate) fn about(&mut self, subject: Uuid) {
        self.about.insert(subject);
    }

    /// Whether anything was named.
    pub(crate) fn is_about_something(&self) -> bool {
        !self.about.is_empty()
    }

    /// Writes the entry and commits: the work and its entry, or after a refusal the entry alone.
    pub(crate) async fn finish<T>(mut self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => {
                self.note("done", None).await?;
                self.work.commit().await?;
                Ok(value)
            }
            Err(Error::Refused(refusal)) if refusal.kind != Kind::Unavailable => {
                sqlx::query!("rollback to savepoint attempt").execute(self.work.tx()).await?;
                self.note("refused", Some(refusal.code.clone())).await?;
                self.work.commit().await?;
                Err(refusal.into())
            }
            Err(error) => Err(error),
        }
    }

    async fn note(&mut self, outcome: &str, code: Option<String>) -> Result<()> {
        let (last, prev) = store::audit::lock_end(self.work.tx()).await?.unwrap_or((0, GENESIS.to_vec()));
        let entry = Entry {
            sequence: last + 1,
            at: self.work.now,
            actor: self.work.principal.label(),
            roles: roles(&self.work.principal),
            action: self.action.as_str().into(),
            outcome: outcome.into(),
            code,
            subjects: self.about.iter().copied().collect(),
        };
        let hash = entry.hash(&prev);
        store::audit::insert(self.work.tx(), &entry, &prev, &hash).await
    }
}

impl Deref for Attempt {
    type Target = Work;
    fn deref(&self) -> &Work {
        &self.work
    }
}

impl DerefMut for Attempt {
    fn deref_mut(&mut self) -> &mut Work {
        &mut self.work
    }
}
