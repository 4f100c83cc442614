//! A binary heap in a vector, step by step as CPython's `heapq` keeps it: where elements are equal, their order is its.

/// Whether the first of two elements comes before the second.
pub(crate) trait Less<T>: Fn(&T, &T) -> bool {}

impl<T, F: Fn(&T, &T) -> bool> Less<T> for F {}

/// `heapq.heappush`.
pub(crate) fn push<T>(heap: &mut Vec<T>, element: T, less: impl Less<T>) {
    heap.push(element);
    let last = heap.len() - 1;
    sift_down(heap, 0, last, &less);
}

/// `heapq.heappop`: takes the least.
pub(crate) fn pop<T>(heap: &mut Vec<T>, less: impl Less<T>) -> Option<T> {
    if heap.len() < 2 {
        return heap.pop();
    }
    let first = heap.swap_remove(0);
    sift_up(heap, 0, &less);
    Some(first)
}

/// `heapq.heapify`: makes a heap of what lies in any order.
pub(crate) fn heapify<T>(heap: &mut [T], less: impl Less<T>) {
    for position in (0..heap.len() / 2).rev() {
        sift_up(heap, position, &less);
    }
}

/// Moves the element at `position` towards the root until its parent is not greater.
fn sift_down<T>(heap: &mut [T], start: usize, mut position: usize, less: &impl Less<T>) {
    while position > start {
        let parent = (position - 1) / 2;
        if !less(&heap[position], &heap[parent]) {
            break;
        }
        heap.swap(position, parent);
        position = parent;
    }
}

/// Moves the element at `start` to a leaf, always past the lesser child, then back to its place. On equality the right
/// child moves up.
fn sift_up<T>(heap: &mut [T], start: usize, less: &impl Less<T>) {
    let mut position = start;
    let mut child = 2 * position + 1;
    while child < heap.len() {
        let right = child + 1;
        if right < heap.len() && !less(&heap[child], &heap[right]) {
            child = right;
        }
        heap.swap(position, child);
        position = child;
        child = 2 * position + 1;
    }
    sift_down(heap, start, position, less);
}
