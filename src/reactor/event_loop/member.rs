//! Members: the library's own objects that have a channel, which are connections. A loop tells them about changes
//! of their channel. It knows only the functions in the table of its `Parts`, and finds the object of a channel
//! through that table.

use crate::abi::types::channel;
use crate::reactor::event_loop::state::Loop;
use libc::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// A callback of a channel.
pub type OnEvent = unsafe extern "C-unwind" fn(data: *mut c_void) -> c_int;

/// The state of a member's number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It hasn't been registered yet, or its channel was removed.
    Off,
    Registered,
    Closed,
}

/// An object that has its own channel, and is the channel's `data`.
pub trait Member: Sized {
    /// The number of its registration.
    fn id(&self) -> u64;
    fn standing(&self) -> Standing;
    /// Its channel was added to the loop or removed from it.
    fn set_registered(&self, on: bool);
    /// Whether the registered number still refers to its file.
    fn owns_number(&self) -> bool;
    /// The channel was removed while the number still refers to its file, so that the file can be identified.
    fn identify(&self);
    /// Whether the channel may be registered edge-triggered, because a short read means that no bytes are left.
    fn may_be_edge(&self) -> bool;
    /// The back end reads from its descriptor by itself. False if it may not, because it isn't a stream.
    fn read_by_back_end(&self) -> bool;
    /// The back end doesn't watch it; errno has the reason.
    fn unwatched(&self);
    /// The descriptor was closed by somebody else.
    fn lost(&self);
    /// The peer has gone, and no events of the channel were wanted.
    fn hung_up(&self);
}

/// The functions for one type of members.
pub struct Members {
    on_read: OnEvent,
    on_write: OnEvent,
    /// The offset of the channel in its object.
    channel_at: usize,
    id: unsafe fn(NonNull<()>) -> u64,
    standing: unsafe fn(NonNull<()>) -> Standing,
    set_registered: unsafe fn(NonNull<()>, bool),
    owns_number: unsafe fn(NonNull<()>) -> bool,
    identify: unsafe fn(NonNull<()>),
    may_be_edge: unsafe fn(NonNull<()>) -> bool,
    #[cfg_attr(not(feature = "test-seams"), allow(dead_code))]
    read_by_back_end: unsafe fn(NonNull<()>) -> bool,
    unwatched: unsafe fn(NonNull<()>),
    lost: unsafe fn(NonNull<()>),
    hung_up: unsafe fn(NonNull<()>),
}

/// # Safety
/// `member` was found through the table of `T`.
unsafe fn object<'a, T>(member: NonNull<()>) -> &'a T {
    // SAFETY: `Members::find` recognised a `T` by its callbacks and its address. It lives as long as its channel,
    // which is a part of it.
    unsafe { member.cast().as_ref() }
}

impl Members {
    /// The table for `T`, whose channel is at the offset `channel_at` and has the two callbacks, unless a program
    /// has replaced them.
    ///
    /// # Safety
    /// A channel with both callbacks, whose `data` is at that offset before it, is that of a `T`.
    pub const unsafe fn of<T: Member>(
        on_read: OnEvent,
        on_write: OnEvent,
        channel_at: usize,
    ) -> Members {
        // SAFETY: `MemberRef` calls these with an object that `find` has found, which by this contract is a `T`.
        unsafe {
            Members {
                on_read,
                on_write,
                channel_at,
                id: |m| object::<T>(m).id(),
                standing: |m| object::<T>(m).standing(),
                set_registered: |m, on| object::<T>(m).set_registered(on),
                owns_number: |m| object::<T>(m).owns_number(),
                identify: |m| object::<T>(m).identify(),
                may_be_edge: |m| object::<T>(m).may_be_edge(),
                read_by_back_end: |m| object::<T>(m).read_by_back_end(),
                unwatched: |m| object::<T>(m).unwatched(),
                lost: |m| object::<T>(m).lost(),
                hung_up: |m| object::<T>(m).hung_up(),
            }
        }
    }

    /// The callbacks of a new member's channel.
    pub const fn callbacks(&self) -> (OnEvent, OnEvent) {
        (self.on_read, self.on_write)
    }

    /// The member to which this channel belongs, as long as it has the library's callbacks. A program's copy of
    /// such a channel has a different address.
    pub fn find<'a>(&'static self, ch: &'a channel) -> Option<MemberRef<'a>> {
        let has = |found: Option<OnEvent>, own| found.is_some_and(|f| ptr::fn_addr_eq(f, own));
        if !has(ch.eventReadCallback.get(), self.on_read)
            || !has(ch.eventWriteCallback.get(), self.on_write)
        {
            return None;
        }
        let object = NonNull::new(ch.data.get())?.cast::<()>();
        let own = object.addr().get().wrapping_add(self.channel_at) == ptr::from_ref(ch).addr();
        own.then_some(MemberRef { object, table: self, channel: PhantomData })
    }
}

/// The member to which a channel belongs.
#[derive(Clone, Copy)]
pub struct MemberRef<'a> {
    object: NonNull<()>,
    table: &'static Members,
    channel: PhantomData<&'a channel>,
}

macro_rules! member_calls {
    ($($name:ident($($arg:ident: $of:ty)?) $(-> $result:ty)?;)*) => {
        impl MemberRef<'_> {
            $(pub fn $name(self $(, $arg: $of)?) $(-> $result)? {
                // SAFETY: `Members::find` has found an object of the type of the table.
                unsafe { (self.table.$name)(self.object $(, $arg)?) }
            })*
        }
    };
}

member_calls! {
    id() -> u64;
    standing() -> Standing;
    set_registered(on: bool);
    owns_number() -> bool;
    identify();
    may_be_edge() -> bool;
    unwatched();
    lost();
    hung_up();
}

#[cfg(feature = "test-seams")]
member_calls! {
    read_by_back_end() -> bool;
}

impl Loop {
    /// `Members::find` with the loop's table.
    #[inline]
    pub fn member<'a>(&self, ch: &'a channel) -> Option<MemberRef<'a>> {
        self.parts.members.find(ch)
    }
}
