//! A table as it is, compared with the columns that parts will have.

use bronzegate_core::bronze::TableColumn;

use super::catalog::TableInfo;

/// The columns by which the rows of a segment are counted.
const COUNTED_BY: [&str; 5] = ["_stream", "_segment", "_source_system", "_environment", "_ingested_at"];

/// The columns that a table lacks, or why it takes no rows.
///
/// What the catalog does not tell (constraints, generated columns) is found by `COPY INTO` itself, which then fails as a
/// whole.
pub(super) fn lacking(info: &TableInfo, columns: &[TableColumn]) -> Result<Vec<TableColumn>, String> {
    let kind = info.table_type.as_deref().unwrap_or("of no known type");
    if !matches!(kind, "MANAGED" | "EXTERNAL") {
        return Err(format!("it is {kind}, and COPY INTO loads tables alone; name another table"));
    }
    let format = info.data_source_format.as_deref().unwrap_or("none");
    if format != "DELTA" {
        return Err(format!(
            "its format is {format}, and COPY INTO loads Delta tables alone; name another table"
        ));
    }
    if info.row_filter.is_some() {
        return Err(
            "it has a row filter, under which rows cannot be counted; put the filter on a view".to_owned()
        );
    }
    let ours = |name: &str| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    for column in &info.columns {
        let name = &column.name;
        if column.mask.is_some() && COUNTED_BY.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "its column `{name}` has a mask, under which rows cannot be counted; put it on a view"
            ));
        }
        match ours(name) {
            Some(own) => {
                let (own, its) = (in_sql(own), column.type_text.to_ascii_lowercase());
                if own != its {
                    return Err(format!(
                        "its column `{name}` is {its}, and the stream's is {own}; change `columns`, or name another table"
                    ));
                }
            }
            None if column.nullable == Some(false) => {
                return Err(format!("its column `{name}` is NOT NULL, and the stream has none of this name"));
            }
            None => {}
        }
    }
    let is_there =
        |own: &&TableColumn| info.columns.iter().any(|column| column.name.eq_ignore_ascii_case(&own.name));
    Ok(columns.iter().filter(|own| !is_there(own)).cloned().collect())
}

/// A column's type in SQL's own words.
pub(super) fn in_sql(column: &TableColumn) -> String {
    match column.kind.to_string() {
        long if long == "long" => "bigint".to_owned(),
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn columns() -> Vec<TableColumn> {
        let column = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let list = [column("_stream", "string"), column("id", "long"), column("amount", "decimal(18,2)")];
        serde_json::from_value(Value::from(list.to_vec())).unwrap()
    }

    fn info(changes: Value) -> TableInfo {
        let mut info = json!({
            "table_type": "MANAGED", "data_source_format": "DELTA",
            "columns": [{ "name": "_STREAM", "type_text": "string" }, { "name": "id", "type_text": "bigint" },
                { "name": "more", "type_text": "string", "nullable": true }],
        });
        let Value::Object(changes) = changes else { panic!("an object") };
        info.as_object_mut().unwrap().extend(changes);
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn what_a_table_lacks_is_told_and_what_it_has_more_is_borne() {
        let lacks = lacking(&info(json!({})), &columns()).unwrap();
        assert_eq!(lacks.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["amount"]);
        assert_eq!(lacking(&info(json!({ "columns": [] })), &columns()).unwrap().len(), 3);
    }

    #[test]
    fn what_takes_no_rows_is_refused_by_name() {
        let column = |column: Value| json!({ "columns": [column] });
        for (changes, why) in [
            (json!({ "table_type": "VIEW" }), "it is VIEW"),
            (json!({ "table_type": null }), "it is of no known type"),
            (json!({ "data_source_format": "ICEBERG" }), "its format is ICEBERG"),
            (json!({ "row_filter": { "function_name": "f" } }), "it has a row filter"),
            (
                column(
                    json!({ "name": "_segment", "type_text": "string", "mask": { "function_name": "f" } }),
                ),
                "its column `_segment` has a mask",
            ),
            (
                column(json!({ "name": "id", "type_text": "string" })),
                "its column `id` is string, and the stream's is bigint",
            ),
            (
                column(json!({ "name": "key", "type_text": "string", "nullable": false })),
                "its column `key` is NOT NULL",
            ),
        ] {
            let reason = lacking(&info(changes), &columns()).unwrap_err();
            assert!(reason.contains(why), "{reason}");
        }
    }
}
