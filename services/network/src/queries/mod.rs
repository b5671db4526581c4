//! What can be asked: each question authorises, reads and gives a view.
pub(crate) mod actors;
pub(crate) mod cooperations;
pub(crate) mod measures;
pub(crate) mod net;

use bildung_chassis::{Principal, Role};

/// Who sees more of the network than residents do.
const READERS: &[Role] =
    &[Role::EducationManager, Role::Editor, Role::Analyst, Role::Coordinator, Role::Deputy, Role::Supervisor, Role::Admin];

fn sees_all(principal: &Principal) -> bool {
    !matches!(principal, Principal::Resident) && principal.require(READERS).is_ok()
}
