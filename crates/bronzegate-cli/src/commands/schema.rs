//! `schema`: the JSON Schema of source files, for editors.

use bronzegate_core::config::json_schema;

use crate::output::Output;

/// Prints the schema.
pub(crate) fn schema(out: &mut Output) -> u8 {
    out.line(format!("{:#}", json_schema()));
    0
}
