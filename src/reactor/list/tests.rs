//! Lists of numbers in an array.

use super::{Counting, Head, Keeps, KeptList, Link, List, Place};
use crate::reactor::kept::{Counted, Kept};
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::rc::Rc;

struct Number {
    value: u32,
    link: Link,
}

enum Numbers {}

// SAFETY: the numbers are in an array that is the keeper, and isn't moved during a test.
unsafe impl Keeps<Number> for [Number] {}

// SAFETY: the field is always the same.
unsafe impl Place for Numbers {
    type Item = Number;
    type Keeper = [Number];

    fn link(item: &Number) -> &Link {
        &item.link
    }
}

fn numbers(n: u32) -> Vec<Number> {
    (0..n).map(|value| Number { value, link: Link::new() }).collect()
}

fn values(list: &List<Numbers>, all: &[Number]) -> Vec<u32> {
    list.iter(all).map(|number| number.value).collect()
}

fn filled(all: &[Number]) -> List<Numbers> {
    let list = List::new();
    for number in all {
        assert!(list.push_back(number));
    }
    list
}

#[test]
fn keeps_the_order_of_both_ends() {
    let all = numbers(4);
    let list: List<Numbers> = List::new();
    assert!(list.is_empty() && list.first(&all).is_none() && list.pop_front(&all).is_none());
    list.push_front(&all[1]);
    list.push_back(&all[2]);
    list.push_front(&all[0]);
    list.push_back(&all[3]);
    assert_eq!(values(&list, &all), [0, 1, 2, 3]);
    let mut popped = Vec::new();
    while let Some(number) = list.pop_front(&all) {
        assert!(!number.link.is_listed());
        popped.push(number.value);
    }
    assert_eq!(popped, [0, 1, 2, 3]);
    list.push_back(&all[3]);
    assert_eq!(values(&list, &all), [3]);
}

#[test]
fn lists_an_item_once() {
    let all = numbers(2);
    let list = filled(&all);
    let other: List<Numbers> = List::new();
    for number in &all {
        assert!(number.link.is_listed());
        assert!(!list.push_back(number) && !list.push_front(number) && !other.push_back(number));
    }
    assert_eq!(values(&list, &all), [0, 1]);
    assert!(other.is_empty());
}

#[test]
fn removes_at_the_ends_and_in_between() {
    for gone in 0..3 {
        let all = numbers(4);
        let list = filled(&all[..3]);
        assert!(list.remove(&all[gone]));
        assert!(!list.remove(&all[gone]) && !all[gone].link.is_listed());
        list.push_back(&all[3]);
        let left: Vec<u32> = (0..4).filter(|&n| n as usize != gone).collect();
        assert_eq!(values(&list, &all), left);
    }
    let all = numbers(1);
    let list = filled(&all);
    assert!(list.remove(&all[0]) && list.is_empty());
    list.push_back(&all[0]);
    assert_eq!(values(&list, &all), [0]);
}

#[test]
fn takes_and_joins() {
    let all = numbers(6);
    let list = filled(&all[..2]);
    let taken = list.take();
    assert!(list.is_empty());
    list.append(filled(&all[2..4]));
    list.prepend(taken);
    assert_eq!(values(&list, &all), [0, 1, 2, 3]);
    list.prepend(List::new());
    list.append(List::new());
    list.append(filled(&all[4..]));
    assert_eq!(values(&list, &all), [0, 1, 2, 3, 4, 5]);
    list.append(list.take());
    assert_eq!(values(&list, &all), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn the_current_item_may_leave() {
    let all = numbers(4);
    let list = filled(&all);
    for number in list.iter(&all) {
        if number.value % 2 == 0 {
            list.remove(number);
        }
    }
    assert_eq!(values(&list, &all), [1, 3]);
}

#[test]
fn a_head_doesn_t_know_its_type() {
    let all = numbers(2);
    let head = Head::new();
    // SAFETY: only numbers are added to it.
    let list = unsafe { List::<Numbers>::from_head(&head) };
    list.push_back(&all[0]);
    // SAFETY: only numbers were added to it.
    assert_eq!(values(unsafe { List::from_head(&head) }, &all), [0]);
    assert!(!head.is_empty());
}

/// The maximum number of references.
const FULL: u32 = 3;

/// Counts its references, and in `freed` the items that were freed.
struct Shared {
    refs: Cell<u32>,
    link: Link,
    freed: Rc<Cell<u32>>,
}

// SAFETY: `shared` puts an item into a box, which is dropped with the last reference.
unsafe impl Counted for Shared {
    type Face = Shared;

    fn face(&self) -> &Shared {
        self
    }

    fn retain(&self) -> bool {
        let more = self.refs.get() < FULL;
        self.refs.set(self.refs.get() + u32::from(more));
        more
    }

    unsafe fn release(item: NonNull<Shared>) {
        // SAFETY: the reference keeps the item until it is released. After the last one nothing refers to it.
        unsafe {
            let refs = &item.as_ref().refs;
            refs.set(refs.get() - 1);
            if refs.get() == 0 {
                let freed = Box::from_raw(item.as_ptr()).freed.clone();
                freed.set(freed.get() + 1);
            }
        }
    }
}

places! {
    enum OfShared: KeptList<Shared> by link, kept by Counting, in;
}

fn shared(freed: &Rc<Cell<u32>>) -> Kept<Shared> {
    let item = Shared { refs: Cell::new(1), link: Link::new(), freed: freed.clone() };
    // SAFETY: the box has one reference.
    unsafe { Kept::from_raw(NonNull::from(Box::leak(Box::new(item)))) }
}

#[test]
fn a_list_keeps_what_it_has_references_to() {
    let freed = Rc::new(Cell::new(0));
    let list: KeptList<OfShared> = KeptList::new();
    assert!(list.first().is_none() && list.pop_front().is_none());
    let first = shared(&freed);
    list.push_back(Kept::of(&*first).unwrap());
    list.push_back(shared(&freed));
    list.push_front(shared(&freed));
    // It is in the list, so the second reference is dropped at once.
    list.push_back(Kept::of(&*first).unwrap());
    assert_eq!((first.refs.get(), freed.get()), (2, 0));
    let found = list.find(|item| ptr::eq(item, &*first)).unwrap();
    assert_eq!(found.refs.get(), FULL);
    // A list finds nothing if the count is full.
    assert!(list.find(|item| ptr::eq(item, &*first)).is_none());
    drop(found);
    let mut seen = 0;
    list.each(|_| seen += 1);
    assert_eq!(seen, 3);
    drop(list.pop_front());
    assert_eq!(freed.get(), 1);
    assert_eq!(list.remove(&first).map(|item| item.refs.get()), Some(2));
    assert!(list.remove(&first).is_none());
    drop(first);
    assert_eq!(freed.get(), 2);
    // If an item is removed in its turn, the iteration ends, and the item may be freed.
    list.push_back(shared(&freed));
    list.each(|item| drop(list.remove(item)));
    assert_eq!(freed.get(), 3);
    drop(list.pop_front());
    assert_eq!(freed.get(), 4);
}
