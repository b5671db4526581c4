//! The life of a data set: from the uploaded file to numbers the public may see, through the eyes of two people.
use super::Violation;
use std::str::FromStr;

/// Where a data set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The file is stored.
    Received,
    /// It is being read.
    Running,
    /// Everything readable is stored, the rest is in quarantine.
    Completed,
    /// Somebody has looked at it and stands for it.
    Checked,
    /// A second person has released it.
    Released,
    /// It could not be read; nothing of it is stored.
    Failed,
}

impl State {
    const ALL: [State; 6] = [State::Received, State::Running, State::Completed, State::Checked, State::Released, State::Failed];

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Running => "running",
            State::Completed => "completed",
            State::Checked => "checked",
            State::Released => "released",
            State::Failed => "failed",
        }
    }
}

impl FromStr for State {
    type Err = anyhow::Error;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == code).ok_or_else(|| anyhow::anyhow!("unknown state of a data set: {code}"))
    }
}

/// Where a data set stands and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// A rehearsal stores nothing and can never be released.
    pub dry_run: bool,
    /// Who checked it.
    pub checked_by: Option<String>,
}

impl Standing {
    /// May it be checked? Also again, when something has changed since.
    pub fn check(&self) -> Result<(), Violation> {
        match self.state {
            _ if self.dry_run => Err(Violation::DryRun),
            State::Completed | State::Checked => Ok(()),
            State::Received | State::Running => Err(Violation::NotReadYet),
            State::Failed => Err(Violation::Failed),
            State::Released => Err(Violation::AlreadyReleased),
        }
    }

    /// May `person` release it?
    pub fn release(&self, person: &str) -> Result<(), Violation> {
        match self.state {
            _ if self.dry_run => Err(Violation::DryRun),
            State::Checked if self.checked_by.as_deref() == Some(person) => Err(Violation::FourEyes),
            State::Checked => Ok(()),
            State::Received | State::Running => Err(Violation::NotReadYet),
            State::Failed => Err(Violation::Failed),
            State::Completed => Err(Violation::NotChecked),
            State::Released => Err(Violation::AlreadyReleased),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(state: State) -> Standing {
        Standing { state, dry_run: false, checked_by: Some("user:a".into()) }
    }

    #[test]
    fn two_people() {
        let checked = standing(State::Checked);
        assert_eq!(checked.release("user:a"), Err(Violation::FourEyes));
        assert_eq!(checked.release("user:b"), Ok(()));
    }

    #[test]
    fn every_other_way_is_closed() {
        for state in State::ALL {
            let may_check = matches!(state, State::Completed | State::Checked);
            assert_eq!(standing(state).check().is_ok(), may_check, "{state:?}");
            assert_eq!(standing(state).release("user:b").is_ok(), state == State::Checked, "{state:?}");
            let rehearsal = Standing { dry_run: true, ..standing(state) };
            assert_eq!(rehearsal.check(), Err(Violation::DryRun));
            assert_eq!(rehearsal.release("user:b"), Err(Violation::DryRun));
            assert_eq!(state.as_str().parse::<State>().expect("known"), state);
        }
    }
}
