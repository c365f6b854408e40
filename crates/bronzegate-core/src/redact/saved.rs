//! Secrets in what is about to be saved.

use serde::Serialize;
use serde_json::Value;

/// Where in what is saved a text stands that is a secret, by a test for it: `branches.0.page.position.url`.
pub(crate) fn secret_at(saved: &impl Serialize, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let saved = serde_json::to_value(saved).expect("what is saved has text keys only");
    let mut places = vec![(String::new(), &saved)];
    while let Some((place, value)) = places.pop() {
        let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        match value {
            Value::String(text) if is_secret(text) => return Some(place),
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                places.extend(elements.map(|(nth, value)| (below(&nth.to_string()), value)));
            }
            Value::Object(members) => {
                places.extend(members.iter().map(|(name, value)| (below(name), value)));
            }
            _ => {}
        }
    }
    None
}
