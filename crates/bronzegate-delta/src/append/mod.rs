//! Appending a segment to a table, once.

mod commit;
mod found;
mod publish;
#[cfg(test)]
mod tests;

pub(crate) use publish::Publish;
