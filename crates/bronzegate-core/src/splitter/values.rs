//! A body that is read for its values alone.

use bytes::Bytes;

use super::body::PageBody;
use super::envelope::Wanted;
use super::error::SplitError;
use super::scan::Splitter;

/// Reads the values at these paths of a JSON body, which has no records.
///
/// # Errors
/// Those of [`Splitter::push`] and [`Splitter::finish`].
pub(crate) fn values(body: Bytes, paths: Vec<Vec<String>>) -> Result<PageBody, SplitError> {
    let mut splitter = Splitter::new(&Wanted { records: None, values: paths, lines: false });
    splitter.push(body, &mut Vec::new())?;
    splitter.finish(&mut Vec::new())
}
