//! Events: those of the repository and others, damaged.

use bronzegate_core::backfill;
use bronzegate_core::doors::{Action, Event};
use fastrand::Rng;
use serde_json::{Value, json};

use super::Outcome;
use super::mutation::{TIMES, mutated_at_the_edges};

const STEPS: [&str; 10] = ["15m", "6h", "1d", "1w", "1mo", "1y", "0d", "9999999999y", "1ns", "-1d"];

/// Pieces that events have, or should not have.
const PIECES: [&str; 8] = [
    "null",
    "{}",
    "[]",
    "\"\\n\\u001b[2J\":1,",
    "\"rate_share\":1e-12,",
    "\"revision\":0,",
    "..",
    "\u{202e}",
];

#[expect(clippy::unused_async, reason = "every target is a future, which has a deadline")]
pub(super) async fn case(mut random: Rng) -> Outcome {
    let time = |random: &mut Rng| *random.choice(TIMES.iter()).expect("there are some");
    let event = match random.u8(..4) {
        0 => json!({ "source": "crm", "scheduled_time": time(&mut random) }),
        1 => {
            json!({ "source": "crm", "stream": "deals", "window": { "from": time(&mut random), "to": time(&mut random), "revision": 2 } })
        }
        2 => {
            let step = *random.choice(STEPS.iter()).expect("there are some");
            json!({ "source": "crm", "stream": "deals", "backfill": { "from": time(&mut random), "to": time(&mut random), "window": step, "list_for": 3 } })
        }
        _ => json!({ "source": "crm", "stream": "deals", "rate_share": 0.5 }),
    };
    let mut text = event.to_string().into_bytes();
    if random.bool() {
        text = mutated_at_the_edges(&text, &PIECES, &mut random);
    }
    let Ok(event) = serde_json::from_slice::<Value>(&text) else { return Ok("no JSON") };
    match Event::parse(&event) {
        Err(error) => {
            let told = error.to_string();
            if told.chars().any(char::is_control) {
                return Err(format!("this is told: {told:?}"));
            }
            Ok("refused")
        }
        Ok(read) => {
            let again = Event::parse(&read.to_json()).map_err(|error| format!("{event}: {error}"))?;
            if again != read {
                return Err(format!("{event} is read as {read:?}, and then as {again:?}"));
            }
            if let Action::Backfill(backfill) = &read.action {
                // Too many windows are refused, not listed.
                let _ = backfill::windows(backfill.span, backfill.step);
            }
            Ok("accepted")
        }
    }
}
