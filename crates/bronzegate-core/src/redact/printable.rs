//! Text from outside as a terminal and a log may show it.

/// The most characters that a message shows of one text from outside.
const LONGEST_LINE: usize = 300;

/// Text from outside as a terminal may show it: what moves its cursor or colours it, or turns the direction
/// of writing, becomes a space; line breaks stay.
pub fn visible(text: &str) -> String {
    let is_unseen = |char: char| {
        char.is_control() && char != '\n'
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|char| if is_unseen(char) { ' ' } else { char }).collect()
}

/// The same on one line, and at most so many characters of it.
pub fn printable(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in visible(text).split_whitespace() {
        for char in (if line.is_empty() { None } else { Some(' ') }).into_iter().chain(word.chars()) {
            if length == longest {
                line.push('…');
                return line;
            }
            line.push(char);
            length += 1;
        }
    }
    line
}

/// One line of at most 300 characters: what a message shows of one text from outside.
pub fn line(text: &str) -> String {
    printable(text, LONGEST_LINE)
}
