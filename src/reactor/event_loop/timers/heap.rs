//! The operations of a heap with four children per node.

#![forbid(unsafe_code)]

use crate::sys::pool::array::Array;

/// A timer's position in time. Of those that are due at the same time, the one that was started first comes
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub due: i64,
    /// The number of the start, counted up.
    pub number: u64,
    pub slot: u32,
}

const CHILDREN: usize = 4;

/// Moves the node at `at` towards the root to its place; calls `moved` with each changed position.
pub fn up(nodes: &Array<Node>, mut at: usize, moved: impl Fn(u32, usize)) {
    let Some(node) = nodes.get(at) else { return };
    let put = |at, node: Node| {
        nodes.set(at, node);
        moved(node.slot, at);
    };
    while at > 0 {
        let parent = (at - 1) / CHILDREN;
        match nodes.get(parent) {
            Some(above) if above > node => put(at, above),
            _ => break,
        }
        at = parent;
    }
    put(at, node);
}

/// Moves the node at `at` towards the leaves to its place.
pub fn down(nodes: &Array<Node>, mut at: usize, moved: impl Fn(u32, usize)) {
    let Some(node) = nodes.get(at) else { return };
    let put = |at, node: Node| {
        nodes.set(at, node);
        moved(node.slot, at);
    };
    loop {
        let first = at * CHILDREN + 1;
        let children =
            (first..first + CHILDREN).map_while(|child| Some((nodes.get(child)?, child)));
        match children.min() {
            Some((least, child)) if least < node => {
                put(at, least);
                at = child;
            }
            _ => break,
        }
    }
    put(at, node);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_out_in_order() {
        let nodes = Array::new();
        let mut seed = 1u64;
        for number in 0..1000u64 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let due = (seed >> 40) as i64 % 100;
            assert!(nodes.push(Node { due, number, slot: number as u32 }));
            up(&nodes, nodes.len() - 1, |_, _| ());
        }
        let places = std::cell::RefCell::new(vec![usize::MAX; 1000]);
        let mut before = nodes.get(0).unwrap();
        while let Some(last) = nodes.pop() {
            let first = nodes.get(0).unwrap_or(last);
            assert!(before <= first, "out of order");
            before = first;
            if !nodes.is_empty() {
                nodes.set(0, last);
                down(&nodes, 0, |slot, at| places.borrow_mut()[slot as usize] = at);
                let places = places.borrow();
                assert!((0..nodes.len()).all(|at| {
                    let place = places[nodes.get(at).unwrap().slot as usize];
                    place == usize::MAX || place == at
                }));
            }
        }
    }
}
