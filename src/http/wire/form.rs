//! What the parsers of forms have in common: both take a body in pieces of any size, and tell a field as a beginning,
//! its bytes, and an end.

#![forbid(unsafe_code)]

/// What a step has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// All of the piece has been read.
    More,
    /// A field begins; `part` of the parser says which.
    Begin,
    /// Bytes of the field, where they lie in the piece.
    Data(&'a [u8]),
    /// Bytes of the field that the parser has: `own(from, to)`.
    Own(usize, usize),
    /// The field has ended.
    End,
}

/// Why a body isn't a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Something follows a boundary that isn't the end of its line.
    Delimiter,
    /// A line of a part's head isn't a header.
    Line,
    /// A part isn't form-data with a name.
    Name,
    /// A part has two names, file names or content types.
    Twice,
    /// An invalid escape, or a NUL.
    Escape,
    /// A head, or a name, is too long.
    HeadTooLong,
    TooManyParts,
    /// The body ends before the form does.
    Unfinished,
}

/// A string in the room of a parser: where it begins, and its length without the NUL behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    pub at: usize,
    pub len: usize,
}

/// What is known of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    pub name: Option<Span>,
    pub filename: Option<Span>,
    pub content_type: Option<Span>,
}
