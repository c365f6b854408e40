//! Everything that a run tells: its report, what is logged, and what is saved beside the records.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use bronzegate_core::report::RunReport;
use serde_json::Value;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Bench;

/// The longest message, beside its place.
const LONGEST: usize = 2_400;

/// What is logged, at every level, of bronzegate's own.
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    /// Collects what this process logs from now on, as the programs would show it at the level `trace`.
    ///
    /// # Panics
    /// When something else collects it already.
    pub fn collecting() -> Self {
        let told = Self::default();
        let own = filter_fn(|event| event.target().starts_with("bronzegate"));
        let lines = tracing_subscriber::fmt::layer().compact().with_writer(told.clone()).with_filter(own);
        tracing_subscriber::registry().with(lines).init();
        told
    }

    pub(super) fn clear(&self) {
        self.0.lock().expect("no holder of this lock panics").clear();
    }

    /// Every text that a run of the bench has left, with its place.
    pub(super) fn of(&self, bench: &Bench, report: &RunReport) -> Vec<(String, String)> {
        let report_text = serde_json::to_value(report).expect("a report is JSON");
        let mut texts = vec![("the report".to_owned(), format!("{report:?}"))];
        strings("the report", &report_text, &mut texts);
        for (path, content) in bench.everything() {
            if !is_of_log(&path) {
                continue;
            }
            let place = path.display().to_string();
            match serde_json::from_slice(&content) {
                Ok(json) => strings(&place, &json, &mut texts),
                Err(_) => texts.push((place, String::from_utf8_lossy(&content).into_owned())),
            }
        }
        let logged = self.0.lock().expect("no holder of this lock panics");
        // The fields of a line are written as Rust writes texts.
        let logged = String::from_utf8_lossy(&logged).replace("\\\\", "\\").replace("\\\"", "\"");
        texts.push(("the log".to_owned(), logged));
        texts
    }
}

/// The messages of a report are lines of bounded length that move no cursor.
pub(super) fn is_tellable(report: &RunReport) -> Result<(), String> {
    let error = report.error.iter().map(|error| &error.message);
    for message in error.chain(&report.warnings).chain(&report.cursor_out).chain(&report.cursor_in) {
        if message.chars().count() > LONGEST || message.chars().any(char::is_control) {
            return Err(format!("this is told: {message:?}"));
        }
    }
    Ok(())
}

fn is_of_log(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "_bronzegate")
}

fn strings(place: &str, value: &Value, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((place.to_owned(), text.clone())),
        Value::Array(elements) => elements.iter().for_each(|element| strings(place, element, texts)),
        Value::Object(members) => {
            for (name, member) in members {
                texts.push((place.to_owned(), name.clone()));
                strings(place, member, texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Write for Told {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no holder of this lock panics").write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Told {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
