//! `sample`: a stream's first records as the API sends them.

use bronzegate_core::error::Result;

use super::Context;
use crate::arguments::SampleArguments;
use crate::output::Output;

/// Prints the records, one a line.
pub(crate) async fn sample(context: &Context, arguments: &SampleArguments, out: &mut Output) -> Result<u8> {
    let source = context.sources.load(&arguments.stream.source).await?;
    let stream = context.engine(source).stream(&arguments.stream.stream)?;
    for record in stream.sample(arguments.records.get()).await? {
        out.line(on_one_line(record));
    }
    Ok(0)
}

/// Takes the line breaks out. JSON has none inside of strings (RFC 8259, section 7), so each stands
/// between tokens and means nothing.
fn on_one_line(mut record: Vec<u8>) -> Vec<u8> {
    record.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_and_else_as_it_came() {
        assert_eq!(
            on_one_line(b"{\r\n  \"a\": \"x\\ny\",\n  \"b\": 1.0\n}".to_vec()),
            br#"{  "a": "x\ny",  "b": 1.0}"#
        );
    }
}
