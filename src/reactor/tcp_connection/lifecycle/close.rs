//! The end of a connection. It is closed in an iteration of its loop. At the end of the iteration, when no
//! function on the stack can use it any more, its blocks are freed, and its memory if it isn't retained.
//! Otherwise the last release frees the memory, on any thread.

use super::{open, ready, shutdown, timeouts};
use crate::abi::types::buffer;
use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::registration::Removed;
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::kept;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::output::{batch, file};
use crate::reactor::tcp_connection::registration;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::{Connection, block};
use crate::sys::{fd as sys_fd, pool, socket};
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

/// Removes the connection from its loop, calls the closed callback, closes the descriptor if the number still is
/// this connection's, and leaves the rest to `reap`. If no close reason was decided, it is a normal end.
pub fn close(conn: &Connection) {
    batch::flush_of(conn);
    if !conn.shared.life.close() {
        return;
    }
    ready::decide(conn, CloseReason::InOrder);
    registration::delist(conn);
    conn.shared.intake.shut();
    conn.shared.descriptor.shut();
    timeouts::stop(conn);
    file::let_go(conn);
    let own = conn.event_loop();
    let fd = conn.number.get();
    conn.channel.fd.set(fd);
    // No code of the program has had access to the descriptor of such a connection.
    let trusted = conn.protocol().is_some() && conn.identity.get() == 0;
    let mut ours = true;
    if conn.watch.is_on() {
        own.closes_next.set(trusted);
        let removed = registration::take_off(conn, fd);
        own.closes_next.set(false);
        ours = trusted || conn.identity.get() != 0 || removed == Removed::Open;
    }
    if let Some(header) = conn.maker() {
        (header.maker().closing)(conn);
    }
    if ours && !trusted && conn.public.connectionClosedCallBack.get().is_some() {
        open::identify_once(conn);
    }
    tell_closed(conn);
    give_up_number(conn, ours);
    count(&own.counts.connections, u64::MAX);
    leave(conn);
    lists::dead(own).push_front(conn);
}

/// Calls the closed callback.
fn tell_closed(conn: &Connection) {
    if let Some(callback) = conn.public.connectionClosedCallBack.get() {
        // SAFETY: the program set the callback for connections like this one, which is freed later: by `reap`, or
        // after this call.
        unsafe { callback(conn.as_c()) };
    }
}

/// The loop and the maker have one connection less.
fn leave(conn: &Connection) {
    conn.event_loop().load.fetch_sub(1, Relaxed);
    if let Some(header) = conn.maker() {
        (header.maker().left)(conn);
    }
}

/// Releases the number, and closes it if it still is this connection's.
fn give_up_number(conn: &Connection, ours: bool) {
    let fd = conn.number.get();
    let ours = ours && open::is_entered(conn) && open::is_as_noted(conn);
    registry::leave(fd, conn.id.get());
    if ours {
        // The thread that uses the descriptor may need this processor to finish.
        conn.shared.descriptor.wait_for_users(thread::yield_now);
        if shutdown::is_torn(conn) {
            socket::reset_on_close(fd);
        }
        sys_fd::close(fd);
    }
}

/// Ends a connection whose loop was freed before it was registered: calls the closed callback if the completed
/// one was called.
///
/// # Safety
/// Called after the completed callback, on its thread. The connection may have been freed when this returns.
pub unsafe fn without_loop(place: NonNull<Connection>) {
    // SAFETY: the library's reference keeps the connection until it is released below.
    let conn = unsafe { place.as_ref() };
    ready::decide(conn, CloseReason::Stopped);
    conn.shared.life.close();
    conn.shared.intake.shut();
    conn.shared.descriptor.shut();
    tell_closed(conn);
    give_up_number(conn, true);
    leave(conn);
    empty_buffers(conn);
    // SAFETY: the connection was never registered with a loop, which would have released it.
    unsafe { kept::let_go(place) };
}

/// Frees dead connections that are in no other list.
pub fn reap(iteration: Iteration) {
    let keeper = iteration.keeper();
    let taken = lists::dead(&iteration).take();
    while let Some(conn) = taken.pop_front(keeper) {
        if conn.is_waiting() {
            lists::dead(&iteration).push_front(conn);
        } else {
            empty_buffers(conn);
            // SAFETY: it has closed and is in no list, and the iteration is over, so no function on the stack uses it.
            unsafe { kept::let_go(conn.into()) };
        }
    }
}

/// Frees a block that the program put into a buffer of a connection, which the library then owns.
fn free_foreign(b: &buffer, block: *mut u8) {
    // SAFETY: it wasn't lent by the library and isn't from the pools, so by contract it came from malloc.
    unsafe {
        let data = b.data.get().cast::<u8>();
        if data != block && !pool::owns(data) {
            libc::free(data.cast());
        }
    }
}

/// Frees the buffers' memory. The buffers are empty afterwards.
fn empty_buffers(conn: &Connection) {
    let l = Remote::event_loop(conn);
    free_foreign(&conn.input, conn.input_block.at());
    free_foreign(&conn.output, conn.output_block.at());
    conn.input_block.give_back(conn.input.total_size.get().max(0) as usize);
    conn.output_block.give_back(conn.output_touched.get() as usize);
    block::empty(&conn.input, l);
    block::empty(&conn.output, l);
}
