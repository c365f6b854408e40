//! `schema`: the JSON Schema of source files, for editors.

use bronzegate_core::config::editor_schema;

use crate::output::Output;

/// Prints the schema.
pub(crate) fn schema(out: &mut Output) -> u8 {
    out.line(format!("{:#}", editor_schema()));
    0
}
