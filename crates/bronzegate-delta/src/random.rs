//! Ids and waits: the only randomness of this crate.

use std::time::Duration;

use uuid::Uuid;

/// The longest wait before the log is looked at again.
const LONGEST: Duration = Duration::from_secs(5);

/// A random id: of a table, of a commit.
pub(crate) fn id() -> String {
    Uuid::new_v4().to_string()
}

/// How long to wait after so many lost races: drawn evenly up to a bound that doubles ("full jitter"), so that
/// writers that met do not meet again.
pub(crate) fn wait(races: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(50);
    let bound = FIRST.saturating_mul(1_u32.checked_shl(races).unwrap_or(u32::MAX)).min(LONGEST);
    // The last eight bytes of a random id are random but for two bits, which come first.
    let (_, low) = Uuid::new_v4().as_u64_pair();
    let share = (low << 2) as f64 / u64::MAX as f64;
    bound.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_up_to_a_bound() {
        for races in [0, 1, 5, 31, 32, u32::MAX] {
            let waits: Vec<_> = (0..50).map(|_| wait(races)).collect();
            assert!(waits.iter().all(|wait| *wait <= LONGEST));
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{races}");
        }
    }
}
