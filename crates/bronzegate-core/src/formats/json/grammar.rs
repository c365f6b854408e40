//! The grammar of JSON between tokens (RFC 8259, sections 2 to 5), for a block of tokens at once.
//!
//! What may follow a token depends on its kind alone, once it is known whether a string is a name and whether a comma
//! stands in an object. So each kind has a set of bits, moved on to the tokens that come next, and each rule holds one
//! such set to the tokens it allows. A token stands after exactly one other, so five rules are the whole grammar.

use super::lexer::Tokens;
use super::nesting::Containers;

/// What the last token before a block asks of the first one in it.
#[derive(Debug)]
pub(crate) struct Grammar {
    behind_open: Next,
    behind_comma: Next,
    behind_name: Next,
    /// A colon, or the document's beginning.
    behind_colon: Next,
    behind_value: Next,
    /// 1 inside of a name.
    in_name: u64,
}

/// What the grammar makes of a block.
#[derive(Debug)]
pub(crate) struct Read {
    /// The names' opening quotes.
    pub(crate) names: u64,
    /// Tokens where nothing may stand but what follows a value.
    pub(crate) behind_value: u64,
    /// Tokens that may not stand where they do.
    pub(crate) faults: u64,
}

/// The place of the next token.
#[derive(Debug, Default)]
struct Next {
    /// 1 where it is in the next block.
    due: u64,
}

impl Next {
    /// Where the tokens stand that come next, from bits right after those before them.
    #[inline(always)]
    fn past_white(&mut self, behind: u64, due: u64, white: u64) -> u64 {
        // The sum carries each bit through the white space that it stands on.
        let (passed, overflow) = (behind | self.due).overflowing_add(white);
        self.due = due | u64::from(overflow);
        passed & !white
    }

    /// The same, from the last bytes of the tokens before them.
    #[inline(always)]
    fn after(&mut self, ends: u64, white: u64) -> u64 {
        self.past_white(ends << 1, ends >> 63, white)
    }

    #[inline(always)]
    fn is_due(&self) -> bool {
        self.due != 0
    }
}

impl Grammar {
    pub(crate) fn new() -> Self {
        Self {
            behind_open: Next::default(),
            behind_comma: Next::default(),
            behind_name: Next::default(),
            behind_colon: Next { due: 1 },
            behind_value: Next::default(),
            in_name: 0,
        }
    }

    /// Reads the tokens of a block. Where `lines` is set, a value may follow another outside of containers.
    #[inline(always)]
    pub(crate) fn block(&mut self, tokens: &Tokens, containers: &Containers, lines: bool) -> Read {
        let white = tokens.white;
        let behind_open = self.behind_open.after(tokens.open, white);
        let behind_comma = self.behind_comma.after(tokens.comma, white);
        let behind_colon = self.behind_colon.after(tokens.colon, white);
        let names = tokens.opening & containers.in_objects & (behind_open | behind_comma);
        let closing_names = self.ends_of_names(names, tokens);
        let behind_name = self.behind_name.after(closing_names, white);
        let ends = tokens.closing & !closing_names | tokens.close;
        let behind_value = self.behind_value.past_white(ends << 1 | tokens.behind_scalars, ends >> 63, white);

        let values = tokens.opening & !names | tokens.scalars | tokens.open;
        // Members begin with a name, elements are values.
        let members_or_elements = names | values & !containers.in_objects;
        let next_line = if lines { values & containers.outside } else { 0 };
        let faults = behind_open & !(members_or_elements | tokens.close)
            | behind_comma & !members_or_elements
            | behind_name ^ tokens.colon
            | behind_colon & !values
            | behind_value & !(tokens.comma | tokens.close | next_line)
            | tokens.comma & containers.outside
            | containers.misplaced;
        Read { names, behind_value, faults }
    }

    /// The closing quotes of names: a sum carries each name's first bit through its string.
    #[inline(always)]
    fn ends_of_names(&mut self, names: u64, tokens: &Tokens) -> u64 {
        let (passed, overflow) = tokens.string.overflowing_add(names | self.in_name);
        self.in_name = u64::from(overflow);
        passed & tokens.closing
    }

    /// Whether no token has come.
    pub(crate) fn is_at_start(&self) -> bool {
        self.behind_colon.is_due()
    }
}
