//! The library's own objects that have a channel: connections. A loop tells them what becomes of their
//! channel. It knows of them what the table of its `Parts` says, and finds the object of a channel by what
//! the table's owner has put into it.

use crate::abi::types::channel;
use crate::reactor::event_loop::state::Loop;
use libc::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// A callback of a channel.
pub type OnEvent = unsafe extern "C-unwind" fn(data: *mut c_void) -> c_int;

/// Where a member stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It hasn't come to its loop yet, or its channel was taken off.
    Off,
    Registered,
    Closed,
}

/// An object that has a channel of its own, and is the channel's `data`.
pub trait Member: Sized {
    /// The number of its registration.
    fn id(&self) -> u64;
    fn standing(&self) -> Standing;
    /// Its channel has come to the loop, or has left it.
    fn set_registered(&self, on: bool);
    /// Whether the registered number still names its file.
    fn owns_number(&self) -> bool;
    /// The channel was taken off while the number still named its file: it can be asked what that is.
    fn identify(&self);
    /// Whether the channel may be registered edge-triggered: a short read means that no byte is left.
    fn may_be_edge(&self) -> bool;
    /// The back end reads from its descriptor by itself. False where it may not: that is no stream.
    fn read_by_back_end(&self) -> bool;
    /// The back end doesn't watch it; errno says why.
    fn unwatched(&self);
    /// Somebody else has closed the descriptor.
    fn lost(&self);
    /// The other side has gone, and nothing was wanted of the channel.
    fn hung_up(&self);
}

/// The functions of one type of members.
pub struct Members {
    on_read: OnEvent,
    on_write: OnEvent,
    /// Where the channel stands in its object.
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
/// A member that was found by the table of `T`.
unsafe fn object<'a, T>(member: NonNull<()>) -> &'a T {
    // SAFETY: `Members::find` told a `T` by its callbacks and its address; it lives while its channel does, which
    // is a part of it.
    unsafe { member.cast().as_ref() }
}

impl Members {
    /// The table of `T`, whose channel stands `channel_at` bytes behind its beginning, and has the two
    /// callbacks unless a program has put others there.
    ///
    /// # Safety
    /// A channel with both callbacks whose `data` lies so far before it is a `T`'s.
    pub const unsafe fn of<T: Member>(
        on_read: OnEvent,
        on_write: OnEvent,
        channel_at: usize,
    ) -> Members {
        // SAFETY: `MemberRef` calls these with what `find` has found, which is a `T` by this contract.
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

    /// The callbacks that the channel of a new member has.
    pub const fn callbacks(&self) -> (OnEvent, OnEvent) {
        (self.on_read, self.on_write)
    }

    /// The member whose own channel this is, as long as its callbacks are the library's. A program's copy of
    /// such a channel is told by its address.
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

/// The member that a channel belongs to.
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
                // SAFETY: `Members::find` has found the object that the table is for.
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
    /// `Members::find` in the loop's table.
    #[inline]
    pub fn member<'a>(&self, ch: &'a channel) -> Option<MemberRef<'a>> {
        self.parts.members.find(ch)
    }
}
