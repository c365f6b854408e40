//! Plain tables: no lines, columns two spaces apart, numbers at the right, nothing to strip before `awk`.

use bronzegate_core::redact::visible;
use comfy_table::{CellAlignment, Table};

/// A column's side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// Text, at the left.
    Text(&'static str),
    /// A number, at the right.
    Number(&'static str),
}

/// Lays rows out under their columns' names.
pub(crate) fn table(columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(columns.iter().map(|column| match column {
        Column::Text(name) | Column::Number(name) => *name,
    }));
    // A cell may quote an API or the name of a file.
    let shown = |cell: String| visible(&cell).replace('\n', " ");
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(shown).collect::<Vec<_>>()));
    for (column, kind) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, 2));
        if let Column::Number(_) = kind {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
