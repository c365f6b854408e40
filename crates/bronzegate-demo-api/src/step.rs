//! The requests of an export job as a vendor has them, as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Describes one request of a job. In `at`, `says` and `headers`, `{id}` stands for the job's id; in the last two
/// `{base}` stands for the server's own address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its method and path: `GET /reports/{id}`.
    pub at: String,
    /// A parameter that it must have, and what stands in it: tells apart what has one path.
    #[serde(default)]
    pub having: Option<(String, String)>,
    /// The parameter in which the job's id stands, where the path does not have it.
    #[serde(default)]
    pub id_in: Option<String>,
    /// What it does.
    pub does: Does,
    /// The status of its answer.
    #[serde(default = "ok")]
    pub status: u16,
    /// What its answer says.
    #[serde(default)]
    pub says: Value,
    /// The headers of its answer.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The status and the body of its answer as long as the job is not done.
    #[serde(default)]
    pub meanwhile: Option<(u16, Value)>,
}

/// Names what a request of a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// It submits the job.
    Submit,
    /// It makes the job begin; it comes once.
    Start,
    /// It asks whether the job is done.
    Poll,
    /// It names something of a job that is done.
    Tell,
    /// It asks for the records, as the stream's style has them; with a number after the id and a slash, for that part of
    /// so many.
    Results(u64),
}

fn ok() -> u16 {
    200
}

impl Step {
    pub(crate) fn method(&self) -> &str {
        self.at.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.at.split_once(' ').map_or("", |(_, path)| path)
    }

    /// The path up to what differs from job to job.
    pub(crate) fn root(&self) -> &str {
        let path = self.path();
        let (before, _) = path.split_once("{id}").unwrap_or((path, ""));
        if before == path { path } else { before.rsplit_once('/').map_or(before, |(root, _)| root) }
    }

    /// The id and what follows it in a path of this step, if it is one.
    pub(crate) fn id_of<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let Some((before, after)) = self.path().split_once("{id}") else {
            return (self.path() == path).then_some(("", ""));
        };
        let rest = path.strip_prefix(before)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        let rest = rest.strip_prefix(after)?;
        let is_whole = rest.is_empty() || matches!(self.does, Does::Results(parts) if parts > 1);
        is_whole.then_some((id, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: &str, does: Does) -> Step {
        serde_json::from_value(serde_json::json!({ "at": at, "does": does })).unwrap()
    }

    #[test]
    fn the_id_is_found_between_the_parts_of_the_path() {
        let poll = step("GET /exports/{id}/status.json", Does::Poll);
        assert_eq!((poll.method(), poll.root()), ("GET", "/exports"));
        assert_eq!(poll.id_of("/exports/J4/status.json"), Some(("J4", "")));
        assert_eq!(poll.id_of("/exports/J4/file.json"), None);
        let part = step("GET /files/{id}", Does::Results(2));
        assert_eq!(part.id_of("/files/J4/1"), Some(("J4", "/1")));
        assert_eq!(step("GET /files/{id}", Does::Results(1)).id_of("/files/J4/1"), None);
        let fixed = step("POST /graphql.json", Does::Submit);
        assert_eq!((fixed.root(), fixed.id_of("/graphql.json")), ("/graphql.json", Some(("", ""))));
    }
}
