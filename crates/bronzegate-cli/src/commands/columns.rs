//! `columns`: a draft of a table's columns, made of a stream's first records.

use bronzegate_core::bronze::draft_columns;
use bronzegate_core::config::{ListedColumn, column_name};
use bronzegate_core::error::{Error, ErrorKind, Result};

use super::Context;
use crate::arguments::ColumnsArguments;
use crate::output::Output;

/// Prints the lines of a source file, or with `--json` the list.
pub(crate) async fn columns(context: &Context, arguments: &ColumnsArguments, out: &mut Output) -> Result<u8> {
    let name = &arguments.stream;
    let source = context.sources.load(&name.source).await?;
    let table = source.named(&name.stream)?.output.table.as_ref().map(|table| table.name.clone());
    let records = context.engine(source).stream(&name.stream)?.sample(arguments.records.get()).await?;
    let columns = draft_columns(&records);
    if columns.is_empty() {
        let cause = format!("{name}: none of the {} records that came has a member", records.len());
        return Err(Error::new(ErrorKind::Data, cause));
    }
    if context.json {
        for ListedColumn { member, name, kind } in &columns {
            out.json(&serde_json::json!({ "member": member, "name": name, "type": kind }));
        }
        return Ok(0);
    }
    out.line(lines(&table.unwrap_or_else(|| format!("{}_{}", name.source, name.stream)), &columns));
    Ok(0)
}

/// The lines, as they stand in a source file below a stream.
fn lines(table: &str, columns: &[ListedColumn]) -> String {
    let column = |ListedColumn { member, name, kind }: &ListedColumn| {
        let renamed =
            if *name == column_name(member) { String::new() } else { format!(", name: {}", quoted(name)) };
        format!("    - {{ member: {}{renamed}, type: {kind} }}", quoted(member))
    };
    let columns: Vec<_> = columns.iter().map(column).collect();
    format!("output:\n  table: {table}\n  columns:\n{}", columns.join("\n"))
}

/// A text that YAML reads as it is; any other one in the quotes of JSON, which YAML reads too.
fn quoted(text: &str) -> String {
    let is_plain = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_is_a_part_of_a_source_file() {
        let records = [br#"{"id":7,"a b":"x","on":true,"record":1}"#.to_vec()];
        let lines = lines("crm", &draft_columns(&records));
        insta::assert_snapshot!(lines, @r#"
        output:
          table: crm
          columns:
            - { member: id, type: long }
            - { member: "a b", type: string }
            - { member: "on", type: boolean }
            - { member: record, name: record_2, type: long }
        "#);
        let indented = lines.replace('\n', "\n    ");
        let file = format!(
            "source: x\nbase_url: https://x.example\nstreams:\n  s:\n    path: /s\n    records: items\n    {indented}\n"
        );
        let source = bronzegate_core::config::parse("x.yaml", &file).unwrap();
        assert_eq!(source.streams[0].output.table.as_ref().unwrap().columns, draft_columns(&records));
    }
}
