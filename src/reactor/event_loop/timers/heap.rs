//! The order of a four-way heap, over any array: safe code.

/// Where a timer stands in time; of those due at once, the one that was started first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub due: i64,
    /// The start's number, counting up.
    pub number: u64,
    pub slot: u32,
}

const CHILDREN: usize = 4;

/// Moves the node at `at` towards the root as far as it belongs; `moved` hears of each new place.
pub fn up(nodes: &mut [Node], mut at: usize, mut moved: impl FnMut(u32, usize)) {
    let Some(&node) = nodes.get(at) else { return };
    while at > 0 {
        let parent = (at - 1) / CHILDREN;
        if nodes[parent] <= node {
            break;
        }
        nodes[at] = nodes[parent];
        moved(nodes[at].slot, at);
        at = parent;
    }
    nodes[at] = node;
    moved(node.slot, at);
}

/// Moves the node at `at` towards the leaves as far as it belongs.
pub fn down(nodes: &mut [Node], mut at: usize, mut moved: impl FnMut(u32, usize)) {
    let Some(&node) = nodes.get(at) else { return };
    loop {
        let first = at * CHILDREN + 1;
        let last = (first + CHILDREN).min(nodes.len());
        let Some(least) = (first..last).min_by_key(|&child| nodes[child]) else { break };
        if node <= nodes[least] {
            break;
        }
        nodes[at] = nodes[least];
        moved(nodes[at].slot, at);
        at = least;
    }
    nodes[at] = node;
    moved(node.slot, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_out_in_order() {
        let mut nodes = Vec::new();
        let mut seed = 1u64;
        for number in 0..1000u64 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            nodes.push(Node { due: (seed >> 40) as i64 % 100, number, slot: number as u32 });
            let at = nodes.len() - 1;
            up(&mut nodes, at, |_, _| ());
        }
        let mut places = vec![usize::MAX; 1000];
        let mut before = nodes[0];
        while let Some(last) = nodes.pop() {
            let first = nodes.first().copied().unwrap_or(last);
            assert!(before <= first, "out of order");
            before = first;
            if !nodes.is_empty() {
                nodes[0] = last;
                down(&mut nodes, 0, |slot, at| places[slot as usize] = at);
                assert!(nodes.iter().enumerate().all(|(at, node)| {
                    places[node.slot as usize] == usize::MAX || places[node.slot as usize] == at
                }));
            }
        }
    }
}
