//! What the two form parsers have in common. Both take a body in pieces of any size and report the start, the data and
//! the end of each part.

#![forbid(unsafe_code)]

/// The result of a parsing step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// The input is used up.
    More,
    /// A part begins; the parser's `part` describes it.
    Begin,
    /// Data of the part, as a slice of the input.
    Data(&'a [u8]),
    /// Data of the part that the parser holds: `own(from, to)`.
    Own(usize, usize),
    /// The part is complete.
    End,
}

/// Why a body isn't a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Something other than the end of the line follows a boundary.
    Delimiter,
    /// A line of a part's head isn't a header.
    Line,
    /// A part has no Content-Disposition of form-data with a name.
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

/// A string in a parser's buffer: its position, and its length without the NUL that follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    pub at: usize,
    pub len: usize,
}

/// The description of a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    pub name: Option<Span>,
    pub filename: Option<Span>,
    pub content_type: Option<Span>,
}
