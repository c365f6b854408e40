//! What is likely wrong with text that is not YAML, in the words of whoever wrote it.

use super::document::TextPosition;

/// The place and the message of a fault that the parser found at `start`.
pub(super) fn explained(text: &str, start: TextPosition, info: &str) -> (TextPosition, String) {
    let of_line = |line| TextPosition { line, column: 1 };
    if info.contains("tab") {
        return (tab(text, start), format!("not valid YAML: {info}"));
    }
    let faulty = text.lines().nth(start.line.saturating_sub(1)).unwrap_or_default();
    if let Some(name) = variable(faulty) {
        return (start, not_expanded(name));
    }
    if let Some((line, wrong)) = misindented(text, start.line) {
        return (of_line(line), wrong);
    }
    (start, format!("not valid YAML: {info}"))
}

/// What is said of a variable of a shell's, which nothing replaces here.
pub(super) fn not_expanded(name: &str) -> String {
    let secret = name.to_lowercase().replace('_', "-");
    format!(
        "${{{name}}}: variables are not expanded; write {{ secret: {secret} }} for a credential, else the value itself"
    )
}

/// The name within `${TOKEN}`, where that stands in a text.
pub(super) fn variable(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("${")?;
    let (name, _) = after.split_once('}')?;
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let is_name = name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit());
    is_name.then_some(name)
}

/// The line near a fault whose indentation belongs to no level, and what is wrong with it.
fn misindented(text: &str, fault: usize) -> Option<(usize, String)> {
    let mut levels: Vec<usize> = Vec::new();
    let mut opens = true;
    // The indentation of the key whose block text is passed.
    let mut block = None;
    for (at, line) in text.lines().enumerate().take(fault.saturating_add(1)) {
        let content = line.trim_start_matches(' ');
        if content.trim_end().is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        if block.is_some_and(|key| indent > key) {
            continue;
        }
        let top = levels.last().copied();
        let wrong = match top {
            Some(top) if indent > top && !opens => Some(top),
            Some(top) if indent < top && !levels.contains(&indent) => nearest(&levels, indent),
            _ => None,
        };
        if let Some(usual) = wrong.filter(|_| at + 2 > fault.saturating_sub(1)) {
            let number = at + 1;
            return Some((
                number,
                format!("line {number} is indented by {indent}, its neighbours by {usual}"),
            ));
        }
        levels.retain(|level| *level < indent);
        levels.push(indent);
        // A key without a value and an item are followed by what is deeper.
        let code = content.split(" #").next().unwrap_or_default().trim_end();
        let is_block = ["|", ">", "|-", ">-", "|+", ">+"].iter().any(|head| code.ends_with(head));
        block = is_block.then_some(indent);
        opens = code.ends_with([':', '{', '[', ',', '-']) || code.starts_with("- ");
    }
    None
}

/// The level that a line was likely meant for: the nearest, and of two the deeper.
fn nearest(levels: &[usize], indent: usize) -> Option<usize> {
    levels.iter().rev().copied().min_by_key(|level| level.abs_diff(indent))
}

/// The parser places a tab's error at the start of the text before it; this finds the tab.
fn tab(text: &str, start: TextPosition) -> TextPosition {
    let indented = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    let mut lines = text.lines().enumerate().skip(start.line.saturating_sub(1));
    lines.find(|(_, line)| indented(line)).map_or(start, |(index, line)| TextPosition {
        line: index + 1,
        column: line.find('\t').map_or(1, |column| column + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_whose_indentation_belongs_to_no_level_is_named() {
        let deeper = "streams:\n  pots:\n    pagination:\n      type: cursor\n       next: { body: x }\n      send: y\n";
        assert_eq!(
            misindented(deeper, 5),
            Some((5, "line 5 is indented by 7, its neighbours by 6".to_owned()))
        );
        let between = "streams:\n    pots:\n        path: /pots\n   cups:\n        path: /cups\n";
        assert_eq!(
            misindented(between, 4),
            Some((4, "line 4 is indented by 3, its neighbours by 4".to_owned()))
        );
        let right = "streams:\n  pots:\n    - a\n    - b: 1\n      c: 2\n  text: |\n    some\n      lines\n";
        assert_eq!(misindented(right, 9), None);
    }

    #[test]
    fn a_variable_of_a_shell_is_found_by_its_form() {
        assert_eq!(variable("token: ${TOKEN}"), Some("TOKEN"));
        assert_eq!(variable("a ${API_KEY_2} b"), Some("API_KEY_2"));
        for text in ["${}", "${token}", "$TOKEN", "{{ vars.x }}", "${A B}", "${A"] {
            assert_eq!(variable(text), None, "{text}");
        }
        insta::assert_snapshot!(not_expanded("API_KEY"),
            @"${API_KEY}: variables are not expanded; write { secret: api-key } for a credential, else the value itself");
    }
}
