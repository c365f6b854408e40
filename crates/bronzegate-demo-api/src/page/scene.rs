//! What a page is written for: the request, and what the server knows of its stream.

use crate::{
    rate::{RateLimit, Verdict},
    record::Recipe,
    serve::Call,
    stream::Stream,
};
use bytes::Bytes;
use std::sync::Arc;

/// The request a page is written for.
pub(crate) struct Scene<'a> {
    pub(crate) stream: &'a Stream,
    pub(crate) recipe: Recipe,
    pub(crate) call: &'a Call,
    pub(crate) rate: Option<(&'a RateLimit, Verdict)>,
    /// The records of the whole answer, where they are not made by the recipe.
    pub(crate) records: Option<Arc<[Bytes]>>,
}
