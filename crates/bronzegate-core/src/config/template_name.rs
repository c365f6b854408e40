//! Names that a template can use.

/// The form of a name that templates can use.
pub(super) const NAME_FORM: &str = "letters, digits and _, not starting with a digit";

/// Whether a template can name it.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}
