//! The end of a body: whether it is whole, and what it held beside its records.

use super::splitter::Splitter;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::PageBody;
use crate::formats::record_chunk::RecordChunk;

impl Splitter {
    /// Closes the body.
    ///
    /// # Errors
    /// The body ends too early, or is empty.
    pub(crate) fn finish(mut self, out: &mut Vec<RecordChunk>) -> Result<PageBody, SplitError> {
        if let Some(kind) = self.missing() {
            return Err(self.error(kind, 0));
        }
        // A last line without a line break, and a document that is a single scalar.
        let ended = self.records.end(&[], 0, out).and_then(|()| self.values.end_value(&[], 0));
        ended.map_err(|kind| self.error(kind, 0))?;
        self.records.remember_last(out);
        let (form, bytes) = (self.form, self.offset);
        let (found, elements) = match self.values.lists() {
            Some((found, elements)) => (found, Some(elements)),
            None => (self.found, None),
        };
        let (values, names) = self.values.into_parts();
        let body = PageBody { found, form, bytes, values, names, has_line_end: true, ..PageBody::default() };
        let body = self.records.into_body(body);
        Ok(PageBody { records: elements.unwrap_or(body.records), ..body })
    }

    /// The wanted values that are whole by now.
    pub(crate) fn values_so_far(&self) -> Vec<Option<Vec<u8>>> {
        self.values.so_far()
    }

    /// The wanted value of this number, once it is whole.
    pub(crate) fn value(&self, nth: usize) -> Option<&[u8]> {
        self.values.value(nth)
    }

    /// What a body that ends here lacks.
    fn missing(&self) -> Option<SplitErrorKind> {
        let open_scalar = self.scalar.is_some_and(|scalar| !scalar.is_complete());
        let is_open = self.lexer.in_string() || open_scalar || self.nesting.depth() > 0;
        if self.mark.is_undecided() {
            // The body was nothing but the beginning of a byte order mark.
            Some(SplitErrorKind::NotUtf8)
        } else if is_open || !self.utf8.is_complete() {
            Some(SplitErrorKind::Truncated)
        } else {
            (self.grammar.is_at_start() && !self.lines).then_some(SplitErrorKind::Empty)
        }
    }
}
