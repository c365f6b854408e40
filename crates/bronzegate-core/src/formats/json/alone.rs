//! The splitter alone, as the benchmark measures it.

use bytes::Bytes;

use super::splitter::Splitter;
use super::wanted::{RecordsAt, Wanted};

/// Splits a JSON body that comes in chunks of this many bytes, and returns how many records it has at the path.
///
/// # Errors
/// The body's first fault, as text.
pub fn records_of(body: &Bytes, records: &[String], chunk: usize) -> Result<u64, String> {
    let wanted = Wanted { records: Some(RecordsAt::Path(records.to_vec())), ..Wanted::default() };
    let mut splitter = Splitter::new(&wanted);
    let mut pieces = Vec::new();
    for from in (0..body.len()).step_by(chunk) {
        let chunk = body.slice(from..body.len().min(from + chunk));
        splitter.push(chunk, &mut pieces).map_err(|error| error.to_string())?;
        pieces.clear();
    }
    let page = splitter.finish(&mut pieces).map_err(|error| error.to_string())?;
    Ok(page.records)
}
