//! What the Functions host makes of a function's outputs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The messages that the host makes of an output: one of each element of a list. A text by itself is decoded if
/// it happens to be base64.
///
/// # Panics
/// When one is longer than a queue takes: 64 KiB, in base64.
pub(crate) fn messages(output: &Value) -> Vec<Value> {
    let texts: Vec<Vec<u8>> = match output {
        Value::Null => Vec::new(),
        Value::Array(elements) => elements.iter().map(text).collect(),
        Value::String(text) => vec![STANDARD.decode(text).unwrap_or_else(|_| text.clone().into_bytes())],
        other => vec![text(other)],
    };
    for text in &texts {
        let length = STANDARD.encode(text).len();
        assert!(length <= 64 << 10, "a message of {length} bytes");
    }
    let message = |text: Vec<u8>| {
        let text = String::from_utf8(text).expect("a message is text");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    texts.into_iter().map(message).collect()
}

fn text(element: &Value) -> Vec<u8> {
    match element {
        Value::String(text) => text.clone().into_bytes(),
        // The host writes an object with line breaks.
        Value::Object(_) => format!("{element:#}").into_bytes(),
        other => panic!("an element of an output is an object or a text: {other}"),
    }
}
