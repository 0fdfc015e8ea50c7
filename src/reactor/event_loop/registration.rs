//! Adding, removing and updating channels on the loop's own thread.

use super::registry;
use crate::abi::types::channel;
use crate::reactor::event_loop::channel_map::grown;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool::array::Zeroed;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};
use std::ptr;

/// A registered channel. The channel itself is `channelMap->entries[fd]`.
#[derive(Clone, Copy)]
pub struct Registration {
    /// The lower half of the registration's number; 0 if there is none. Events carry it, so that an event of a
    /// closed descriptor never reaches the successor of its number.
    pub id: u32,
    /// Identifies the file that was added, folded (0 for members, which identify their file themselves).
    pub identity: u32,
    /// The wanted events as of the last add or update.
    pub events: u8,
    /// The channel belonged to a member when it was added.
    pub member: bool,
    /// Registered edge-triggered.
    pub edge: bool,
    /// Removed from the back end until the next update.
    pub parked: bool,
    /// A library back end doesn't ask for reading while output waits.
    pub read_deferred: bool,
}

// SAFETY: integers and booleans, for which zero is valid.
unsafe impl Zeroed for Registration {}

/// All zeroes, as in a new table.
const UNREGISTERED: Registration = Registration {
    id: 0,
    identity: 0,
    events: 0,
    member: false,
    edge: false,
    parked: false,
    read_deferred: false,
};

/// The result of a removal.
#[derive(PartialEq, Eq)]
pub enum Removed {
    /// The channel isn't registered; errno is set.
    Unknown,
    /// The back end knew it: with epoll, the number still refers to the file that was added.
    Open,
    /// It was removed; nothing is known of the file.
    Off,
}

impl Loop {
    /// The table's entry for `fd`. None beyond the end.
    pub fn registration(&self, fd: c_int) -> Option<Registration> {
        self.registrations.get(usize::try_from(fd).ok()?)
    }

    /// Changes the table's entry for `fd`, if there is one.
    pub fn change_registration(&self, fd: c_int, change: impl FnOnce(&mut Registration)) {
        if let Some(mut reg) = self.registration(fd) {
            change(&mut reg);
            self.registrations.set(fd as usize, reg);
        }
    }

    /// Makes both tables large enough for `fd`, which isn't negative.
    fn make_space(&self, fd: c_int) -> bool {
        let map = self.channels();
        let now = map.nentries.get();
        if fd >= now {
            let Some(n) = grown(now, fd) else { return false };
            if !self.grow_map(now.max(0) as usize, n as usize) {
                return false;
            }
            map.nentries.set(n);
        }
        if (fd as usize) < self.registrations.len() {
            return true;
        }
        match grown(self.registrations.len() as c_int, fd) {
            Some(n) => self.registrations.extend_to(n as usize),
            None => false,
        }
    }

    /// Grows the map. Old arrays are kept, because passing them to `free` would break rule 5 of the contract;
    /// together they are smaller than the new one.
    fn grow_map(&self, now: usize, n: usize) -> bool {
        let entries = &self.channels().entries;
        // SAFETY: the new array is larger than the old one, which has `now` entries.
        unsafe {
            let fresh = libc::calloc(n, size_of::<*mut c_void>()).cast::<*mut c_void>();
            if fresh.is_null() {
                return false;
            }
            if !entries.get().is_null() {
                ptr::copy_nonoverlapping(entries.get(), fresh, now);
                self.outgrown[now.max(1).ilog2() as usize].set(entries.get());
            }
            entries.set(fresh);
        }
        true
    }

    /// Sets an entry of the map.
    fn set_channel(&self, fd: c_int, ch: *mut channel) {
        let map = self.channels();
        if (0..map.nentries.get()).contains(&fd) {
            // SAFETY: the array has `nentries` entries.
            unsafe { map.entries.get().add(fd as usize).write(ch.cast()) };
        }
    }

    /// Whether a registration's descriptor still refers to the registered file.
    fn still_open(&self, fd: c_int, ch: &channel) -> bool {
        match self.registration(fd) {
            Some(reg) if !reg.member => {
                sys_fd::identity(fd).map(sys_fd::fold) == Some(reg.identity)
            }
            _ => self.member(ch).is_some_and(|member| member.owns_number()),
        }
    }

    /// Adds a channel: 1 done, 0 if one is already registered, -1 with errno.
    ///
    /// # Safety
    /// The channel stays valid and in place until it is removed.
    pub unsafe fn add(&self, fd: c_int, ch: &channel) -> c_int {
        if fd < 0 {
            return errno::fail(libc::EBADF);
        }
        if ch.fd.get() != fd {
            return errno::fail(libc::EINVAL);
        }
        log_msg!("add channel fd == {}, {}", fd, self.shown_name());
        if !self.make_space(fd) {
            return errno::fail(libc::ENOMEM);
        }
        if let Some(there) = self.channel_at(fd) {
            if self.still_open(fd, there) {
                return 0;
            }
            self.expire(fd);
        }
        let member = self.member(ch);
        let pointer = ptr::from_ref(ch).cast_mut();
        let mut reg = UNREGISTERED;
        reg.events = ch.events.get() as u8;
        if let Some(member) = member {
            reg.id = member.id() as u32;
            reg.member = true;
        } else {
            let Some(identity) = sys_fd::identity(fd) else {
                return errno::fail(libc::EBADF);
            };
            let id = registry::new_id();
            reg.identity = sys_fd::fold(identity);
            reg.id = id as u32;
            let owner = self.as_c();
            registry::enter(fd, Entry { id, owner, channel: pointer, connection: false });
        }
        self.registrations.set(fd as usize, reg);
        self.set_channel(fd, pointer);
        if self.watch(ch).is_some_and(|result| result < 0) {
            let _keep = errno::Keep::new();
            if let Some(member) = member {
                member.unwatched();
            }
            self.forget(fd, reg.id);
            return -1;
        }
        if let Some(member) = member {
            member.set_registered(true);
        }
        1
    }

    /// Removes a channel: 1 done, -1 with errno. It is used only if it is the registered one.
    pub fn remove_channel(&self, fd: c_int, ch: *const channel) -> c_int {
        let member = self.registered(fd, ch).and_then(|ch| self.member(ch));
        match self.take_off(fd, ch) {
            Removed::Unknown => return -1,
            // The program hasn't closed the descriptor yet, so its file can be identified now.
            Removed::Open => {
                if let Some(member) = member {
                    member.identify();
                }
            }
            Removed::Off => {}
        }
        1
    }

    /// Removes a channel like `remove_channel`, and returns what the back end knew about it.
    pub fn take_off(&self, fd: c_int, ch: *const channel) -> Removed {
        let Some(ch) = self.known(fd, ch) else { return Removed::Unknown };
        // The back end gets the channel while it is still registered.
        let Some(reg) = self.registration(fd) else { return Removed::Unknown };
        let open = !reg.parked && self.unwatch(ch) == Some(0);
        self.forget(fd, reg.id);
        if open { Removed::Open } else { Removed::Off }
    }

    /// Applies the channel's `events`: 1 done, -1 with errno. As in `remove_channel`, it is used only if
    /// registered.
    pub fn update_channel(&self, fd: c_int, ch: *const channel) -> c_int {
        let Some(ch) = self.known(fd, ch) else { return -1 };
        log_msg!("update channel fd == {}, {}", fd, self.shown_name());
        let parked = self.registration(fd).is_some_and(|reg| reg.parked);
        self.change_registration(fd, |reg| {
            reg.events = ch.events.get() as u8;
            reg.parked = false;
        });
        let result = if parked { self.watch(ch) } else { self.rewatch(ch) };
        if result.is_none_or(|result| result >= 0) {
            return 1;
        }
        if let Some(member) = self.member(ch) {
            // Without the back end the connection would never learn of its end.
            member.unwatched();
        }
        -1
    }

    /// The channel at `fd`, if it is `ch`.
    pub fn registered(&self, fd: c_int, ch: *const channel) -> Option<&channel> {
        self.channel_at(fd).filter(|&there| ptr::eq(there, ch))
    }

    /// The same, but sets errno if it isn't.
    fn known(&self, fd: c_int, ch: *const channel) -> Option<&channel> {
        let e = match self.channel_at(fd) {
            _ if fd < 0 => libc::EBADF,
            None => libc::ENOENT,
            Some(_) if ch.is_null() => libc::ENOENT,
            Some(there) if ptr::eq(there, ch) && there.fd.get() == fd => return Some(there),
            Some(_) => libc::EINVAL,
        };
        errno::set(e);
        None
    }

    /// Clears an entry without calling the back end. A connection stays in the process-wide table until it
    /// releases its number.
    fn forget(&self, fd: c_int, id: u32) {
        let Some(reg) = self.registration(fd).filter(|reg| reg.id == id) else { return };
        if let Some(ch) = self.channel_at(fd) {
            if !reg.member {
                registry::leave_channel(fd, ptr::from_ref(ch).cast_mut());
            } else if let Some(member) = self.member(ch) {
                member.set_registered(false);
            }
        }
        self.registrations.set(fd as usize, UNREGISTERED);
        self.set_channel(fd, ptr::null_mut());
    }

    /// Ends the registration at `fd`, whose descriptor was closed by somebody else: a connection gets its closed
    /// callback (in the iteration, without closing the descriptor), a program's channel is just removed.
    pub fn expire(&self, fd: c_int) {
        let Some(ch) = self.channel_at(fd) else { return };
        let member = self.member(ch);
        self.remove_channel(fd, ch);
        if let Some(member) = member {
            member.lost();
        }
    }

    /// Removes a channel from the back end until its next update; it stays in the map.
    pub fn park(&self, fd: c_int) {
        if let Some(ch) = self.channel_at(fd) {
            self.unwatch(ch);
            self.change_registration(fd, |reg| reg.parked = true);
        }
    }
}
