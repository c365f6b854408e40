//! What some APIs write before JSON, so that no browser runs it as a script: `)]}'`.

use bytes::Bytes;

/// Takes a text off the beginning of a body, where it is there.
#[derive(Default)]
pub(crate) struct Prefix {
    /// The text, until it is known whether it is there.
    text: Option<Vec<u8>>,
    held: Vec<u8>,
}

impl Prefix {
    pub(crate) fn new(text: Option<&str>) -> Self {
        Self { text: text.map(|text| text.as_bytes().to_vec()), held: Vec::new() }
    }

    /// What of a chunk, and of those before it, is not the text.
    pub(crate) fn take_off(&mut self, chunk: Bytes) -> Bytes {
        let Some(text) = &self.text else { return chunk };
        self.held.extend_from_slice(&chunk);
        if self.held.len() < text.len() && text.starts_with(&self.held) {
            return Bytes::new();
        }
        let from = if self.held.starts_with(text) { text.len() } else { 0 };
        self.text = None;
        Bytes::from(std::mem::take(&mut self.held)).slice(from..)
    }

    /// What is held of a body that has ended.
    pub(crate) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_off_where_it_is_however_it_is_cut() {
        for (body, want) in [(")]}'\n[1]", "\n[1]"), ("[1]", "[1]"), (")]", ")]"), (")]}x", ")]}x"), ("", "")]
        {
            for size in [1, 2, 3, 9] {
                let mut prefix = Prefix::new(Some(")]}'"));
                let mut left: Vec<u8> = Vec::new();
                for chunk in body.as_bytes().chunks(size) {
                    left.extend(prefix.take_off(Bytes::copy_from_slice(chunk)));
                }
                left.extend(prefix.rest());
                assert_eq!(String::from_utf8(left).unwrap(), want, "{body} {size}");
            }
        }
    }
}
