//! Tables in a page of the documentation that a program writes: a line marks where one begins and names it, and another
//! where it ends.

/// The name in a line `<begin>name -->`.
pub(crate) fn named<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.strip_prefix(begin)?.strip_suffix(" -->")
}

/// The page's text with these tables in place of what it has, each by its name.
///
/// # Errors
/// A table cannot be made, or a mark has no end.
pub fn rewritten(
    text: &str,
    begin: &str,
    end: &str,
    mut table: impl FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut wanted = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        wanted.push_str(line);
        wanted.push('\n');
        if let Some(name) = named(line, begin) {
            wanted.push_str(&table(name)?);
            lines.find(|line| *line == end).ok_or(format!("the table of {name} has no end: {end}"))?;
            wanted.push_str(end);
            wanted.push('\n');
        }
    }
    Ok(wanted)
}
