//! How long a writer waits that has lost a race.

use std::time::Duration;

use bronzegate_core::random;

/// The longest wait before the log is looked at again.
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait after so many lost races: drawn evenly up to a bound that doubles ("full jitter"), so that
/// writers that met do not meet again.
pub(crate) fn wait(races: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(50);
    let bound = FIRST.saturating_mul(1_u32.checked_shl(races).unwrap_or(u32::MAX)).min(LONGEST);
    bound.mul_f64(random::share())
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
