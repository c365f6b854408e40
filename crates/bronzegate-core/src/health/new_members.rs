//! Members that records get from the next run on: of partitions, which an earlier version did not write.

use crate::bronze::{CommitLog, StoreError};
use crate::config::{Stream, partition_member};

/// What the records of the next run get of their partitions and those before it have not, as far as the log knows; `None`
/// where nothing is new.
///
/// # Errors
/// [`StoreError`] when the log cannot be read.
pub async fn new_members(log: &CommitLog, stream: &Stream) -> Result<Option<String>, StoreError> {
    let mut members = stream.branch_members();
    members.retain(|member| member.starts_with(&partition_member("")));
    if members.is_empty() {
        return Ok(None);
    }
    let Some(newest) = log.last_committed().await? else { return Ok(None) };
    members.retain(|member| !newest.branch_members.contains(member));
    Ok((!members.is_empty()).then(|| {
        format!(
            "from the next run on records get `{}`, which those of the last run do not have; `branch_fields` can leave it out",
            members.join("`, `")
        )
    }))
}
