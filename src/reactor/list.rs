//! Singly linked lists of objects that contain the link themselves, so that adding one needs no memory. A loop
//! has the heads (`Head`) without knowing the type of the items; the folder that knows it uses the head as a
//! typed `List`. An object is in at most one list per link, and the link knows whether it is.

use crate::reactor::kept::{Counted, Kept};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// The link of the last object in a list. No object has this address.
const END: *const () = ptr::dangling();

/// A link in an object. All zeroes: the object is in no list.
pub struct Link(Cell<*const ()>);

impl Link {
    pub const fn new() -> Self {
        Link(Cell::new(ptr::null()))
    }

    pub fn is_listed(&self) -> bool {
        !self.0.get().is_null()
    }
}

impl Default for Link {
    fn default() -> Self {
        Link::new()
    }
}

/// The two ends of a list. All zeroes: empty.
pub struct Head {
    first: Cell<*const ()>,
    last: Cell<*const ()>,
}

impl Head {
    pub const fn new() -> Self {
        Head { first: Cell::new(ptr::null()), last: Cell::new(ptr::null()) }
    }

    pub fn is_empty(&self) -> bool {
        self.first.get().is_null()
    }
}

impl Default for Head {
    fn default() -> Self {
        Head::new()
    }
}

/// A link of a type, through which its objects can be listed; see `places`.
///
/// # Safety
/// `link` always returns the same field of the item.
pub unsafe trait Place {
    type Item;
    type Keeper: Keeps<Self::Item> + ?Sized;

    fn link(item: &Self::Item) -> &Link;
}

/// The keeper of items that are found in a list.
///
/// # Safety
/// An item in a list with this keeper is neither moved nor freed. One that was removed from the list, or was found in
/// it, lives as long as the borrow of the keeper with which it was found.
pub unsafe trait Keeps<T> {}

/// The keeper of lists that have their own references to their items (`KeptList`).
pub enum Counting {}

// SAFETY: a counted item stays in its place, and lives as long as the list has its reference. The keeper can't be
// borrowed.
unsafe impl<T: Counted> Keeps<T> for Counting {}

/// Defines places: the items, the field with the link, the keeper, and the lists that a loop has of them. `Loop` must
/// be in scope.
macro_rules! places {
    ($(
        $(#[$doc:meta])*
        $vis:vis enum $place:ident: $list:ident<$item:ident> by $link:ident, kept by $keeper:ty, in $($of_loop:ident)*;
    )*) => {
        $(
            $(#[$doc])*
            $vis enum $place {}

            // SAFETY: the field is always the same.
            unsafe impl $crate::reactor::list::Place for $place {
                type Item = $item;
                type Keeper = $keeper;

                fn link(item: &$item) -> &$crate::reactor::list::Link {
                    &item.$link
                }
            }

            $(
                $vis fn $of_loop(l: &Loop) -> &$crate::reactor::list::$list<$place> {
                    // SAFETY: only this function hands out the head.
                    unsafe { $crate::reactor::list::$list::from_head(&l.$of_loop) }
                }
            )*
        )*
    };
}
pub(crate) use places;

/// A list of the items of `P`.
#[repr(transparent)]
pub struct List<P: Place> {
    head: Head,
    place: PhantomData<P>,
}

impl<P: Place> List<P> {
    pub const fn new() -> Self {
        List { head: Head::new(), place: PhantomData }
    }

    /// A head as a typed list.
    ///
    /// # Safety
    /// Only items of `P` have ever been added to this head.
    pub const unsafe fn from_head(head: &Head) -> &Self {
        // SAFETY: a list has the layout of its head, and by contract the type of the items is right.
        unsafe { &*ptr::from_ref(head).cast() }
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Adds an item at the end. False, without any change, if it is already in a list.
    pub fn push_back(&self, item: &P::Item) -> bool {
        if P::link(item).is_listed() {
            return false;
        }
        P::link(item).0.set(END);
        self.join(ptr::from_ref(item).cast());
        self.head.last.set(ptr::from_ref(item).cast());
        true
    }

    /// Adds an item at the beginning. False, without any change, if it is already in a list.
    pub fn push_front(&self, item: &P::Item) -> bool {
        if P::link(item).is_listed() {
            return false;
        }
        let first = self.head.first.replace(ptr::from_ref(item).cast());
        P::link(item).0.set(if first.is_null() { END } else { first });
        if first.is_null() {
            self.head.last.set(ptr::from_ref(item).cast());
        }
        true
    }

    /// Removes and returns the first item.
    pub fn pop_front<'k>(&self, keeper: &'k P::Keeper) -> Option<&'k P::Item> {
        let item = self.first(keeper)?;
        let following = P::link(item).0.replace(ptr::null());
        self.head.first.set(if following == END { ptr::null() } else { following });
        Some(item)
    }

    pub fn first<'k>(&self, _keeper: &'k P::Keeper) -> Option<&'k P::Item> {
        // SAFETY: only items of `P` are in the list, and they live while the keeper is borrowed.
        unsafe { self.head.first.get().cast::<P::Item>().as_ref() }
    }

    /// Moves all items to a new list and returns it.
    pub fn take(&self) -> Self {
        let head = Head {
            first: Cell::new(self.head.first.replace(ptr::null())),
            last: Cell::new(self.head.last.get()),
        };
        List { head, place: PhantomData }
    }

    /// Moves the items of another list to the end of this one.
    pub fn append(&self, other: Self) {
        if !other.is_empty() {
            self.join(other.head.first.get());
            self.head.last.set(other.head.last.get());
        }
    }

    /// Moves the items of another list to the beginning of this one.
    pub fn prepend(&self, other: Self) {
        other.append(self.take());
        self.append(other);
    }

    /// Removes an item, in time proportional to its position. False if it isn't in this list.
    pub fn remove(&self, item: &P::Item) -> bool {
        let wanted = ptr::from_ref(item).cast::<()>();
        let mut before = ptr::null::<()>();
        let mut at = self.head.first.get();
        while at != wanted {
            if at.is_null() || at == END {
                return false;
            }
            before = at;
            at = self.link_at(at).0.get();
        }
        let following = P::link(item).0.replace(ptr::null());
        if !before.is_null() {
            self.link_at(before).0.set(following);
        } else {
            self.head.first.set(if following == END { ptr::null() } else { following });
        }
        if following == END {
            self.head.last.set(before);
        }
        true
    }

    /// The items in order. The current one may be removed during the iteration, the next one may not.
    pub fn iter<'k>(&self, _keeper: &'k P::Keeper) -> Iter<'k, P> {
        Iter { next: self.head.first.get(), keeper: PhantomData }
    }

    /// Makes the last item, or the head, point to `item`.
    fn join(&self, item: *const ()) {
        if self.is_empty() {
            self.head.first.set(item);
        } else {
            self.link_at(self.head.last.get()).0.set(item);
        }
    }

    /// The link of an item in the list.
    fn link_at(&self, item: *const ()) -> &Link {
        debug_assert!(!item.is_null() && item != END);
        // SAFETY: callers have the address from this list's head or from a link, so it is that of an item in the
        // list, which isn't moved.
        P::link(unsafe { &*item.cast::<P::Item>() })
    }
}

impl<P: Place> Default for List<P> {
    fn default() -> Self {
        List::new()
    }
}

/// A list that has a reference to each of its items.
#[repr(transparent)]
pub struct KeptList<P: Place<Keeper = Counting>>(List<P>);

impl<P: Place<Keeper = Counting, Item: Counted>> KeptList<P> {
    pub const fn new() -> Self {
        KeptList(List::new())
    }

    /// A head as a typed list.
    ///
    /// # Safety
    /// Only a `KeptList` of `P` has ever added items to this head.
    pub const unsafe fn from_head(head: &Head) -> &Self {
        // SAFETY: such a list has the layout of its head, and by contract the type of the items is right.
        unsafe { &*ptr::from_ref(head).cast() }
    }

    /// Appends an item, unless it is in a list.
    pub fn push_back(&self, item: Kept<P::Item>) {
        // SAFETY: `item` keeps it, and the list owns that reference afterwards.
        if self.0.push_back(unsafe { item.as_ptr().as_ref() }) {
            item.into_raw();
        }
    }

    /// Adds an item at the beginning, unless it is in a list.
    pub fn push_front(&self, item: Kept<P::Item>) {
        // SAFETY: `item` keeps it, and the list owns that reference afterwards.
        if self.0.push_front(unsafe { item.as_ptr().as_ref() }) {
            item.into_raw();
        }
    }

    /// Removes an item. None if it isn't in this list.
    pub fn remove(&self, item: &P::Item) -> Option<Kept<P::Item>> {
        // SAFETY: the list had a reference to the item, which isn't in the list any more.
        self.0.remove(item).then(|| unsafe { Kept::from_raw(NonNull::from(item)) })
    }

    /// Removes and returns the first item.
    pub fn pop_front(&self) -> Option<Kept<P::Item>> {
        // SAFETY: the list's own reference keeps its first item.
        self.remove(unsafe { self.0.head.first.get().cast::<P::Item>().as_ref() }?)
    }

    /// The first item for which `is_it` is true. If `is_it` removes its item, the search ends.
    pub fn find(&self, mut is_it: impl FnMut(&P::Item) -> bool) -> Option<Kept<P::Item>> {
        let mut at = self.0.head.first.get();
        while !at.is_null() && at != END {
            // SAFETY: the item is in the list, so the list's reference keeps it here; after that `kept` does.
            let item = unsafe { &*at.cast::<P::Item>() };
            let kept = Kept::of(item)?;
            if is_it(item) {
                return Some(kept);
            }
            at = P::link(item).0.get();
        }
        None
    }

    /// Calls `f` with each item. If `f` removes its item, the iteration ends.
    pub fn each(&self, mut f: impl FnMut(&P::Item)) {
        self.find(|item| {
            f(item);
            false
        });
    }

    /// A reference to the first item.
    pub fn first(&self) -> Option<Kept<P::Item>> {
        self.find(|_| true)
    }
}

/// The items of a list; see `List::iter`.
pub struct Iter<'k, P: Place> {
    next: *const (),
    keeper: PhantomData<&'k P::Item>,
}

impl<'k, P: Place> Iterator for Iter<'k, P> {
    type Item = &'k P::Item;

    fn next(&mut self) -> Option<&'k P::Item> {
        if self.next.is_null() || self.next == END {
            return None;
        }
        // SAFETY: the item followed the previous one in the list, hasn't been removed since (`List::iter`), and
        // lives while the keeper is borrowed.
        let item = unsafe { &*self.next.cast::<P::Item>() };
        self.next = P::link(item).0.get();
        Some(item)
    }
}

#[cfg(test)]
mod tests;
