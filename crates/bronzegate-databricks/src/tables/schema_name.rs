//! The name of a schema, and of tables in it.

use std::fmt;

use crate::sql::identifier;

/// `<catalog>.<schema>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaName {
    catalog: String,
    schema: String,
}

/// The most characters of a name in Unity Catalog.
const LONGEST: usize = 255;

impl SchemaName {
    /// Reads `<catalog>.<schema>`; why not where it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let form = "write databricks:<catalog>.<schema>";
        let (catalog, schema) = text.split_once('.').ok_or(form)?;
        // Unity Catalog takes none of these in a name.
        let is_name = |name: &str| {
            let refused = |c: char| c.is_control() || matches!(c, '.' | ' ' | '/' | '\u{7f}');
            !name.is_empty() && name.chars().count() <= LONGEST && !name.contains(refused)
        };
        if !is_name(catalog) || !is_name(schema) {
            return Err(
                "write databricks:<catalog>.<schema>, without dots, spaces or slashes in either name",
            );
        }
        Ok(Self { catalog: catalog.to_owned(), schema: schema.to_owned() })
    }

    /// `` `main`.`bronze`.`orders` ``.
    pub(crate) fn quoted(&self, table: &str) -> String {
        [self.catalog.as_str(), &self.schema, table].map(identifier).join(".")
    }

    /// `main.bronze.orders`, for messages and the REST API.
    pub(crate) fn full(&self, table: &str) -> String {
        format!("{self}.{table}")
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.catalog, self.schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_two_names_that_a_catalog_takes() {
        let name = SchemaName::parse("main.bro`nze").unwrap();
        assert_eq!(name.quoted("orders"), "`main`.`bro``nze`.`orders`");
        assert_eq!(name.full("orders"), "main.bro`nze.orders");
        for text in ["", "main", "main.", ".bronze", "a.b.c", "a b.c", "a.b/c", "a.b\nc"] {
            assert!(SchemaName::parse(text).is_err(), "{text}");
        }
    }
}
