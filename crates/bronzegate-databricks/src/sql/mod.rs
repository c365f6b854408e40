//! SQL on a warehouse: names and texts written safely, statements run to their end.

mod statements;
mod text;

pub(crate) use statements::{Parameter, StatementError, Statements};
pub(crate) use text::{identifier, literal};
