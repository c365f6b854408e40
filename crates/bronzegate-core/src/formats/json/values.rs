//! A body that is read for its values alone.

use std::sync::Arc;

use bytes::Bytes;

use super::splitter::Splitter;
use super::wanted::Wanted;
use crate::formats::error::SplitError;
use crate::formats::page_body::PageBody;

/// Reads the values at these paths of a JSON body, which has no records.
///
/// # Errors
/// Those of [`Splitter::push`] and [`Splitter::finish`].
pub(crate) fn values(body: Bytes, paths: Arc<[Vec<String>]>) -> Result<PageBody, SplitError> {
    let mut splitter = Splitter::new(&Wanted { values: paths, ..Wanted::default() });
    splitter.push(body, &mut Vec::new())?;
    splitter.finish(&mut Vec::new())
}
