//! A form that is read in parts: feeds a parser and calls the program's callback for each event.

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null};

use crate::abi::types::{
    YOLANDA_HTTP_FORM_BEGIN, YOLANDA_HTTP_FORM_DATA, YOLANDA_HTTP_FORM_END,
    yolanda_http_form_callback, yolanda_http_part,
};
use crate::http::wire::form::{Event, Fault, Part, Span};
use crate::http::wire::multipart::Multipart;
use crate::http::wire::urlencoded::{Urlencoded, is_urlencoded};
use crate::sys::explained::{Lossy, explain};
use crate::sys::pool::Owned;

const PARTS: u64 = 1000;
const HEAD: usize = 4 << 10;
/// The longest head of a part. The whole object fits into one 8 KiB piece of the pools.
const HEAD_MAX: usize = 7 << 10;

enum Parser {
    Multipart(Multipart),
    Urlencoded(Urlencoded),
}

impl Parser {
    fn next<'a>(&mut self, input: &mut &'a [u8], room: &mut [u8]) -> Result<Event<'a>, Fault> {
        match self {
            Parser::Multipart(parser) => parser.next(input, room),
            Parser::Urlencoded(parser) => parser.next(input, room),
        }
    }

    fn finish(&mut self, room: &mut [u8]) -> Result<Event<'static>, Fault> {
        match self {
            Parser::Multipart(parser) => parser.finish().map(|()| Event::More),
            Parser::Urlencoded(parser) => parser.finish(room),
        }
    }

    fn own(&self, from: usize, to: usize) -> &[u8] {
        match self {
            Parser::Multipart(parser) => parser.own(from, to),
            Parser::Urlencoded(parser) => parser.own(from, to),
        }
    }

    fn part(&self) -> &Part {
        match self {
            Parser::Multipart(parser) => parser.part(),
            Parser::Urlencoded(parser) => parser.part(),
        }
    }

    fn parts(&self) -> u64 {
        match self {
            Parser::Multipart(parser) => parser.parts(),
            Parser::Urlencoded(parser) => parser.parts(),
        }
    }
}

/// The state of a form.
#[derive(Clone, Copy)]
enum State {
    Open,
    /// `finish` has succeeded.
    Finished,
    /// The program's callback has stopped it.
    Canceled,
    Failed(Fault),
}

pub struct Form {
    callback: yolanda_http_form_callback,
    data: *mut c_void,
    parser: RefCell<Parser>,
    /// The strings of the current part.
    room: RefCell<[u8; HEAD_MAX]>,
    head_max: usize,
    state: Cell<State>,
    /// A call is in progress, and may have called the program.
    is_reading: Cell<bool>,
    /// The program has freed it inside its callback.
    is_freed: Cell<bool>,
}

impl Form {
    /// A form for a body with this Content-Type. Limits of 0 stand for the defaults. Err with errno: EINVAL, ENOTSUP,
    /// ENOMEM.
    pub fn new(
        content_type: Option<&[u8]>,
        callback: yolanda_http_form_callback,
        data: *mut c_void,
        parts_max: u64,
        head_max: usize,
    ) -> Result<Owned<Form>, c_int> {
        if callback.is_none() {
            return Err(explain!(libc::EINVAL, "a form without a callback"));
        }
        if head_max > HEAD_MAX {
            return Err(explain!(
                libc::EINVAL,
                "a limit of {head_max} bytes for heads of parts, above {HEAD_MAX}"
            ));
        }
        let Some(kind) = content_type else {
            return Err(explain!(libc::ENOTSUP, "no form: no Content-Type"));
        };
        let parts_max = if parts_max == 0 { PARTS } else { parts_max };
        let parser = match Multipart::new(kind, parts_max) {
            Some(parser) => Parser::Multipart(parser),
            None if is_urlencoded(kind) => Parser::Urlencoded(Urlencoded::new(parts_max)),
            None => {
                return Err(explain!(libc::ENOTSUP, "no form: Content-Type '{}'", Lossy(kind)));
            }
        };
        let form = Owned::new(Form {
            callback,
            data,
            parser: RefCell::new(parser),
            room: RefCell::new([0; HEAD_MAX]),
            head_max: if head_max == 0 { HEAD } else { head_max },
            state: Cell::new(State::Open),
            is_reading: Cell::new(false),
            is_freed: Cell::new(false),
        });
        form.ok_or(libc::ENOMEM)
    }

    /// Reads the next bytes of the body. Err with errno: EINVAL, E2BIG, EMSGSIZE, ECANCELED, EBUSY.
    pub fn feed(&self, mut bytes: &[u8]) -> Result<(), c_int> {
        self.read(State::Open, |parser, room| parser.next(&mut bytes, room))
    }

    /// Ends the body. Err as for `feed`.
    pub fn finish(&self) -> Result<(), c_int> {
        self.read(State::Finished, Parser::finish)
    }

    /// Calls `step` until it returns no more events, and the program for each event. `end`: the state of the form
    /// after that.
    fn read<'a>(
        &self,
        end: State,
        mut step: impl FnMut(&mut Parser, &mut [u8]) -> Result<Event<'a>, Fault>,
    ) -> Result<(), c_int> {
        if self.is_reading.get() {
            return Err(explain!(libc::EBUSY, "the form is being read"));
        }
        if let State::Open = self.state.get() {
            self.is_reading.set(true);
            let result = loop {
                // These mutable borrows end before the program is called.
                let event = {
                    let (mut parser, mut room) = (self.parser.borrow_mut(), self.room.borrow_mut());
                    step(&mut parser, room.get_mut(..self.head_max).unwrap_or_default())
                };
                match event {
                    Ok(Event::More) => break end,
                    Ok(event) if self.tell(event) && !self.is_freed.get() => (),
                    Ok(_) => break State::Canceled,
                    Err(fault) => break State::Failed(fault),
                }
            };
            self.state.set(result);
            self.is_reading.set(false);
        } else if let State::Finished = self.state.get() {
            return Err(explain!(libc::EINVAL, "the form has been finished"));
        }
        match self.state.get() {
            State::Open | State::Finished => Ok(()),
            State::Canceled => Err(explain!(libc::ECANCELED, "the callback has ended the form")),
            State::Failed(fault) => Err(explained(fault, self.parser.borrow().parts())),
        }
    }

    /// Calls the program. Returns whether it wants to continue.
    fn tell(&self, event: Event<'_>) -> bool {
        let (parser, room) = (self.parser.borrow(), self.room.borrow());
        let (event, bytes) = match event {
            Event::Begin => (YOLANDA_HTTP_FORM_BEGIN, None),
            Event::Data(bytes) => (YOLANDA_HTTP_FORM_DATA, Some(bytes)),
            Event::Own(from, to) => (YOLANDA_HTTP_FORM_DATA, Some(parser.own(from, to))),
            Event::End | Event::More => (YOLANDA_HTTP_FORM_END, None),
        };
        // Each string in the room ends with a NUL.
        let text = |span: Option<Span>| {
            let bytes = span.and_then(|span| room.get(span.at..));
            bytes.map_or(null(), |bytes| bytes.as_ptr().cast())
        };
        let Part { name, filename, content_type } = *parser.part();
        let part = yolanda_http_part {
            name: text(name),
            filename: text(filename),
            content_type: text(content_type),
        };
        let (at, length) = bytes.map_or((null(), 0), |bytes| (bytes.as_ptr().cast(), bytes.len()));
        let (Some(callback), data) = (self.callback, self.data) else { return false };
        // SAFETY: the program gave the callback for this form and this data. What the pointers lead to stays
        // borrowed, so that nothing changes it until the callback has returned; a call that it makes with this form
        // finds that it is being read.
        unsafe { callback(&raw const part, at, length, event, data) == 0 }
    }

    /// Frees a form. If a call is reading it, `reap` frees it after that call.
    ///
    /// # Safety
    /// `form` came from `Owned::into_raw`, and nobody uses it from now on but the call that is reading it.
    pub unsafe fn free(form: NonNull<Form>) {
        // SAFETY: it is live until here.
        let live = unsafe { form.as_ref() };
        if live.is_reading.get() {
            live.is_freed.set(true);
        } else {
            // SAFETY: `into_raw` returned it, and no call is reading it.
            drop(unsafe { Owned::from_raw(form) });
        }
    }

    /// Frees a form that the program has freed inside its callback.
    ///
    /// # Safety
    /// `form` came from `Owned::into_raw`, and is live. If its callback has freed it, nobody else uses it.
    pub unsafe fn reap(form: *mut Form) {
        // SAFETY: it is live: `free` left it to the call that was reading it.
        let live = unsafe { &*form };
        if live.is_freed.get() && !live.is_reading.get() {
            // SAFETY: `into_raw` returned it, and the program has given it up.
            drop(unsafe { Owned::from_raw(NonNull::new_unchecked(form)) });
        }
    }
}

#[cold]
fn explained(fault: Fault, parts: u64) -> c_int {
    let (error, what) = match fault {
        Fault::Delimiter => (libc::EINVAL, "a boundary isn't followed by the end of its line"),
        Fault::Line => (libc::EINVAL, "its head has a line that isn't a header"),
        Fault::Name => (libc::EINVAL, "its Content-Disposition isn't form-data with a name"),
        Fault::Twice => (libc::EINVAL, "its head says something twice"),
        Fault::Escape => (libc::EINVAL, "an invalid escape, or a NUL"),
        Fault::HeadTooLong => (libc::EMSGSIZE, "its head is too long"),
        Fault::TooManyParts => (libc::E2BIG, "more parts than the limit"),
        Fault::Unfinished => (libc::EINVAL, "the body ends before the form does"),
    };
    explain!(error, "form, part {parts}: {what}")
}
