//! Time and identity as parameters, so that a test can move the one and foresee the other.
use jiff::{SignedDuration, Timestamp};
use rand::RngCore as _;
use std::sync::{Arc, Mutex};
use uuid::{ContextV7, Uuid};

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Timestamp>>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self(Some(Arc::new(Mutex::new(start))))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(manual) => *manual.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Moves a manual clock.
    ///
    /// # Panics
    /// If this is the machine's clock.
    pub fn advance(&self, by: SignedDuration) {
        let manual = self.0.as_ref().expect("only a manual clock can be moved");
        let mut now = manual.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }
}

/// Makes identifiers and secrets.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    order: Arc<Mutex<ContextV7>>,
}

impl Ids {
    /// Identifiers whose time comes from `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock, order: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// A UUIDv7: sorts by time of making.
    pub fn id(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        let order = self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*order, seconds, nanoseconds))
    }

    /// Random bytes from the operating system, fit for keys and tokens.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_making_even_at_one_instant() {
        let ids = Ids::new(Clock::manual(Timestamp::UNIX_EPOCH));
        let made: Vec<Uuid> = (0..1000).map(|_| ids.id()).collect();
        assert!(made.is_sorted());
        assert_eq!(made.iter().collect::<std::collections::BTreeSet<_>>().len(), 1000);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let before = clock.now();
        assert_eq!(before, clock.now());
        clock.advance(SignedDuration::from_secs(5));
        assert_eq!(clock.now().as_second(), before.as_second() + 5);
    }
}
