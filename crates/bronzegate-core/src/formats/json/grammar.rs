//! The grammar of JSON between tokens (RFC 8259, sections 2 to 5) as a table.

/// The kind of a token, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Token {
    String,
    Colon,
    Comma,
    /// A number or literal, or a byte that begins no token.
    Scalar,
    OpenObject,
    OpenArray,
    CloseObject,
    CloseArray,
}

impl Token {
    const KINDS: [Self; 256] = {
        let mut kinds = [Self::Scalar; 256];
        kinds[b'"' as usize] = Self::String;
        kinds[b':' as usize] = Self::Colon;
        kinds[b',' as usize] = Self::Comma;
        kinds[b'{' as usize] = Self::OpenObject;
        kinds[b'[' as usize] = Self::OpenArray;
        kinds[b'}' as usize] = Self::CloseObject;
        kinds[b']' as usize] = Self::CloseArray;
        kinds
    };

    #[inline]
    pub(crate) fn of(byte: u8) -> Self {
        Self::KINDS[usize::from(byte)]
    }

    /// Whether the token opens or closes a container.
    #[inline]
    pub(crate) fn is_bracket(self) -> bool {
        self as u8 >= Self::OpenObject as u8
    }
}

/// What has been read last in the innermost container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// Nothing yet: the document's value comes.
    Begin,
    /// The document's value.
    End,
    /// `{`
    InObject,
    /// A comma in an object.
    ObjectComma,
    Name,
    Colon,
    Member,
    /// `[`
    InArray,
    /// A comma in an array.
    ArrayComma,
    Element,
    /// Not a state: the token may not stand here.
    Bad,
}

impl State {
    /// The state behind a string, colon, comma or scalar.
    #[inline]
    pub(crate) fn after(self, token: Token) -> Self {
        const NEXT: [[State; 4]; 11] = {
            use State::{ArrayComma, Bad, Colon, Element, End, Member, Name, ObjectComma};
            [
                [End, Bad, Bad, End],
                [Bad, Bad, Bad, Bad],
                [Name, Bad, Bad, Bad],
                [Name, Bad, Bad, Bad],
                [Bad, Colon, Bad, Bad],
                [Member, Bad, Bad, Member],
                [Bad, Bad, ObjectComma, Bad],
                [Element, Bad, Bad, Element],
                [Element, Bad, Bad, Element],
                [Bad, Bad, ArrayComma, Bad],
                [Bad, Bad, Bad, Bad],
            ]
        };
        NEXT[self as usize][token as usize & 3]
    }

    /// The state behind a container that opens here, once it has closed again.
    #[inline]
    pub(crate) fn after_value(self) -> Self {
        self.after(Token::Scalar)
    }

    /// Whether the innermost container may close here, by this token.
    #[inline]
    pub(crate) fn may_close(self, token: Token) -> bool {
        match token {
            Token::CloseObject => matches!(self, Self::InObject | Self::Member),
            _ => matches!(self, Self::InArray | Self::Element),
        }
    }
}
