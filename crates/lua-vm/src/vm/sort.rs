//! `table.sort`: quicksort with median of three (Sedgewick, 1978), heapsort where it degenerates.
//!
//! Elements stay in the table but for the few at hand, so that a comparison function that changes
//! the table can upset the order but nothing else.

use super::{Throw, Vm, names};
use crate::value::{TableId, Value};

/// Places for the elements at hand.
#[derive(Clone, Copy)]
enum Hand {
    Pivot,
    Left,
    Right,
}

/// What can be sorted: elements with numbers from 1, taken in hand to be compared and put back.
trait Elements {
    fn take(&mut self, hand: Hand, index: usize) -> Result<(), Throw>;
    fn put(&mut self, index: usize, hand: Hand) -> Result<(), Throw>;
    fn less(&mut self, x: Hand, y: Hand) -> Result<bool, Throw>;
    fn invalid_order(&mut self) -> Throw;
}

impl Vm {
    /// Sorts the elements 1 to `count` of an object as `table.sort` does: by a function, or where
    /// `order` is nil by `<`.
    ///
    /// # Errors
    /// What the function or a metamethod throws, `invalid order function for sorting`, a spent
    /// budget, a heap without room.
    pub fn sort(&mut self, object: Value, order: Value, count: usize) -> Result<(), Throw> {
        if order.is_nil()
            && let Some(table) = object.as_table()
            && self.is_plainly_sortable(table, count)
        {
            return sort_plain(self, table, count);
        }
        let hands = self.execution.top;
        for _ in 0..3 {
            self.push(Value::NIL)?;
        }
        quicksort(&mut Indexed { vm: self, object, order, hands }, 1, count)?;
        self.execution.top = hands;
        Ok(())
    }

    /// Whether the first elements of a table are all numbers or all strings, so that comparing
    /// them runs no Lua code, and no metamethod is in the way.
    fn is_plainly_sortable(&self, table: TableId, count: usize) -> bool {
        let table = &self.heap.tables.items[table.index()];
        match table.array.get(..count) {
            Some(elements) if table.meta.is_none() => {
                elements.iter().all(Value::is_number) || elements.iter().all(Value::is_string)
            }
            _ => false,
        }
    }
}

/// Sorts elements `low` to `high`.
fn quicksort(items: &mut impl Elements, low: usize, high: usize) -> Result<(), Throw> {
    // Each level halves the range if all goes well; twice as many say that it does not.
    let levels = 2 * (usize::BITS - (high - low + 1).leading_zeros());
    let mut waiting = vec![(low, high, levels)];
    while let Some((low, high, levels)) = waiting.pop() {
        let Some(middle) = partition(items, low, high)? else { continue };
        if levels == 0 {
            heapsort(items, low, high)?;
            continue;
        }
        let (lower, upper) = ((low, middle - 1, levels - 1), (middle + 1, high, levels - 1));
        // The smaller part is sorted first, so that few ranges wait.
        let lower_first = middle - low < high - middle;
        waiting.extend(if lower_first { [upper, lower] } else { [lower, upper] });
    }
    Ok(())
}

/// Splits a range around a pivot and returns the pivot's place; sorts it if it is tiny.
fn partition(items: &mut impl Elements, low: usize, high: usize) -> Result<Option<usize>, Throw> {
    use Hand::{Left, Pivot, Right};
    if low >= high {
        return Ok(None);
    }
    items.take(Left, low)?;
    items.take(Right, high)?;
    if items.less(Right, Left)? {
        items.put(low, Right)?;
        items.put(high, Left)?;
    }
    let distance = high - low;
    if distance == 1 {
        return Ok(None);
    }
    let middle = low + distance / 2;
    items.take(Pivot, middle)?;
    items.take(Right, low)?;
    let mut swapped = Some(low);
    if !items.less(Pivot, Right)? {
        items.take(Right, high)?;
        swapped = if items.less(Right, Pivot)? { Some(high) } else { None };
    }
    if let Some(index) = swapped {
        items.put(middle, Right)?;
        items.put(index, Pivot)?;
    }
    if distance == 2 {
        return Ok(None);
    }
    let pivot = high - 1;
    items.take(Pivot, middle)?;
    items.take(Right, pivot)?;
    items.put(middle, Right)?;
    items.put(pivot, Pivot)?;
    split(items, low, pivot).map(Some)
}

/// Moves what is less than the pivot, which stands at the end of the range, before the rest.
fn split(items: &mut impl Elements, low: usize, pivot: usize) -> Result<usize, Throw> {
    use Hand::{Left, Pivot, Right};
    let (mut left, mut right) = (low, pivot);
    loop {
        left += 1;
        items.take(Left, left)?;
        while items.less(Left, Pivot)? {
            if left == pivot {
                return Err(items.invalid_order());
            }
            left += 1;
            items.take(Left, left)?;
        }
        right -= 1;
        items.take(Right, right)?;
        while items.less(Pivot, Right)? {
            if right < left {
                return Err(items.invalid_order());
            }
            right -= 1;
            items.take(Right, right)?;
        }
        if right < left {
            items.put(pivot, Left)?;
            items.put(left, Pivot)?;
            return Ok(left);
        }
        items.put(left, Right)?;
        items.put(right, Left)?;
    }
}

/// Sorts a range in the time that quicksort only expects to take (Williams, 1964).
fn heapsort(items: &mut impl Elements, low: usize, high: usize) -> Result<(), Throw> {
    let count = high - low + 1;
    for root in (0..count / 2).rev() {
        items.take(Hand::Pivot, low + root)?;
        sift(items, low, root, count)?;
    }
    for end in (1..count).rev() {
        items.take(Hand::Pivot, low + end)?;
        items.take(Hand::Left, low)?;
        items.put(low + end, Hand::Left)?;
        sift(items, low, 0, end)?;
    }
    Ok(())
}

/// Puts the element in the pivot's hand where it belongs below `root`, whose place is free.
fn sift(items: &mut impl Elements, low: usize, root: usize, count: usize) -> Result<(), Throw> {
    use Hand::{Left, Pivot, Right};
    let mut root = root;
    while 2 * root + 1 < count {
        let mut child = 2 * root + 1;
        let mut hand = Left;
        items.take(Left, low + child)?;
        if child + 1 < count {
            items.take(Right, low + child + 1)?;
            if items.less(Left, Right)? {
                (child, hand) = (child + 1, Right);
            }
        }
        if !items.less(Pivot, hand)? {
            break;
        }
        items.put(low + root, hand)?;
        root = child;
    }
    items.put(low + root, Pivot)
}

/// A table, or what stands in for one, compared by a function or by `<`. What is in hand lies on
/// the stack, where it is safe from collections while Lua code runs.
struct Indexed<'a> {
    vm: &'a mut Vm,
    object: Value,
    order: Value,
    /// The slot of the pivot; the others follow.
    hands: usize,
}

impl Elements for Indexed<'_> {
    fn take(&mut self, hand: Hand, index: usize) -> Result<(), Throw> {
        let value = self.vm.get(self.object, Value::integer(index as i64))?;
        self.vm.execution.stack[self.hands + hand as usize] = value;
        Ok(())
    }

    fn put(&mut self, index: usize, hand: Hand) -> Result<(), Throw> {
        let value = self.vm.execution.stack[self.hands + hand as usize];
        self.vm.set(self.object, Value::integer(index as i64), value)
    }

    fn less(&mut self, x: Hand, y: Hand) -> Result<bool, Throw> {
        self.vm.charge(2)?;
        let x = self.vm.execution.stack[self.hands + x as usize];
        let y = self.vm.execution.stack[self.hands + y as usize];
        if self.order.is_nil() {
            return self.vm.less_than(x, y);
        }
        Ok(!self.vm.call_value(self.order, &[x, y])?.is_falsy())
    }

    fn invalid_order(&mut self) -> Throw {
        invalid_order(self.vm)
    }
}

fn invalid_order(vm: &mut Vm) -> Throw {
    match vm.throw_at_level::<()>(1, b"invalid order function for sorting") {
        Ok(()) => Throw::Error,
        Err(throw) => throw,
    }
}

/// Numbers or strings: nothing runs in between, so that they are sorted apart from their table.
struct Plain<'a> {
    vm: &'a mut Vm,
    values: Vec<Value>,
    hands: [Value; 3],
}

impl Elements for Plain<'_> {
    #[inline]
    fn take(&mut self, hand: Hand, index: usize) -> Result<(), Throw> {
        self.hands[hand as usize] = self.values[index - 1];
        Ok(())
    }

    #[inline]
    fn put(&mut self, index: usize, hand: Hand) -> Result<(), Throw> {
        self.values[index - 1] = self.hands[hand as usize];
        Ok(())
    }

    #[inline]
    fn less(&mut self, x: Hand, y: Hand) -> Result<bool, Throw> {
        let (x, y) = (self.hands[x as usize], self.hands[y as usize]);
        self.vm.charge(1 + self.vm.bytes(x).map_or(0, |bytes| bytes.len() / 64))?;
        Ok(self.vm.compare_plain(names::LT, x, y).unwrap_or(false))
    }

    fn invalid_order(&mut self) -> Throw {
        invalid_order(self.vm)
    }
}

fn sort_plain(vm: &mut Vm, table: TableId, count: usize) -> Result<(), Throw> {
    vm.reserve(count * size_of::<Value>())?;
    let values = vm.heap.tables.items[table.index()].array[..count].to_vec();
    let mut plain = Plain { vm, values, hands: [Value::NIL; 3] };
    let outcome = quicksort(&mut plain, 1, count);
    let Plain { vm, values, .. } = plain;
    // Also after an error: what was sorted so far stays.
    vm.heap.reorder_barrier(table);
    vm.heap.tables.items[table.index()].array[..count].copy_from_slice(&values);
    outcome
}
