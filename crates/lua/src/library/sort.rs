//! `table.sort`: quicksort with median of three (Sedgewick, 1978), heapsort where it degenerates.
//!
//! Elements are compared and swapped where they are, so that a comparison function that changes
//! the table can upset the order but nothing else.

use super::table::{ALL, measured};
use crate::value::{TableId, Value};
use crate::vm::{Call, Throw, Vm, names};

/// Ranges larger than this take their pivot from the first quarter.
const MIDDLE_PIVOT_MAX: usize = 100;

/// What can be sorted: elements with numbers from 1.
trait Elements {
    fn less(&mut self, x: usize, y: usize) -> Result<bool, Throw>;
    fn swap(&mut self, x: usize, y: usize) -> Result<(), Throw>;
    fn invalid_order(&mut self) -> Throw;
}

pub(super) fn sort(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (object, length) = measured(call, ALL)?;
    if length < 2 {
        return Ok(0);
    }
    if length >= i32::MAX as i64 {
        return call.argument_error(0, "array too big");
    }
    let order = call.arg(1);
    if !order.is_nil() && !order.is_function() {
        return call.type_error(1, "function");
    }
    let count = length as usize;
    if order.is_nil()
        && let Some(table) = object.as_table()
        && let Some(kind) = call.vm.uniform_kind(table, count)
    {
        sort_plain(call, table, count, kind)?;
    } else {
        quicksort(&mut Indexed { vm: call.vm, object, order }, 1, count)?;
    }
    Ok(0)
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
fn partition(
    items: &mut impl Elements,
    low: usize,
    high: usize,
) -> Result<Option<usize>, Throw> {
    if low >= high {
        return Ok(None);
    }
    if items.less(high, low)? {
        items.swap(low, high)?;
    }
    if high - low == 1 {
        return Ok(None);
    }
    let distance = high - low;
    let middle = low + if distance > MIDDLE_PIVOT_MAX { distance / 4 } else { distance / 2 };
    if items.less(middle, low)? {
        items.swap(middle, low)?;
    } else if items.less(high, middle)? {
        items.swap(middle, high)?;
    }
    if distance == 2 {
        return Ok(None);
    }
    let pivot = high - 1;
    items.swap(middle, pivot)?;
    let (mut left, mut right) = (low, pivot);
    loop {
        left += 1;
        while items.less(left, pivot)? {
            if left == pivot {
                return Err(items.invalid_order());
            }
            left += 1;
        }
        right -= 1;
        while items.less(pivot, right)? {
            if right < left {
                return Err(items.invalid_order());
            }
            right -= 1;
        }
        if right < left {
            items.swap(pivot, left)?;
            return Ok(Some(left));
        }
        items.swap(left, right)?;
    }
}

/// Sorts a range in the time that quicksort only expects to take (Williams, 1964).
fn heapsort(items: &mut impl Elements, low: usize, high: usize) -> Result<(), Throw> {
    let count = high - low + 1;
    for root in (0..count / 2).rev() {
        sift(items, low, root, count)?;
    }
    for end in (1..count).rev() {
        items.swap(low, low + end)?;
        sift(items, low, 0, end)?;
    }
    Ok(())
}

fn sift(items: &mut impl Elements, low: usize, root: usize, count: usize) -> Result<(), Throw> {
    let mut root = root;
    loop {
        let mut child = 2 * root + 1;
        if child >= count {
            return Ok(());
        }
        if child + 1 < count && items.less(low + child, low + child + 1)? {
            child += 1;
        }
        if !items.less(low + root, low + child)? {
            return Ok(());
        }
        items.swap(low + root, low + child)?;
        root = child;
    }
}

/// A table, or what stands in for one, compared by a function or by `<`.
struct Indexed<'a> {
    vm: &'a mut Vm,
    object: Value,
    order: Value,
}

impl Elements for Indexed<'_> {
    fn less(&mut self, x: usize, y: usize) -> Result<bool, Throw> {
        self.vm.charge(2)?;
        let x = self.vm.get(self.object, Value::integer(x as i64))?;
        let top = self.vm.execution.top;
        // Reading the second one may run Lua code, which the first one has to outlive.
        self.vm.push(x)?;
        let y = self.vm.get(self.object, Value::integer(y as i64))?;
        self.vm.execution.top = top;
        if self.order.is_nil() {
            return self.vm.less_than(x, y);
        }
        Ok(!self.vm.call_value(self.order, &[x, y])?.is_falsy())
    }

    fn swap(&mut self, x: usize, y: usize) -> Result<(), Throw> {
        let (x, y) = (Value::integer(x as i64), Value::integer(y as i64));
        let top = self.vm.execution.top;
        let first = self.vm.get(self.object, x)?;
        self.vm.push(first)?;
        let second = self.vm.get(self.object, y)?;
        self.vm.push(second)?;
        self.vm.set(self.object, x, second)?;
        self.vm.set(self.object, y, first)?;
        self.vm.execution.top = top;
        Ok(())
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

/// What all elements of a table are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Uniform {
    Numbers,
    Strings,
}

impl Vm {
    /// What all of the first elements of a table are, if no metamethod is involved.
    fn uniform_kind(&self, table: TableId, count: usize) -> Option<Uniform> {
        let table = &self.heap.tables.items[table.index()];
        let elements = table.array.get(..count).filter(|_| table.meta.is_none())?;
        if elements.iter().all(Value::is_number) {
            Some(Uniform::Numbers)
        } else if elements.iter().all(Value::is_string) {
            Some(Uniform::Strings)
        } else {
            None
        }
    }
}

/// Numbers or strings: nothing runs in between, so that they are sorted apart from their table.
struct Plain<'a> {
    vm: &'a mut Vm,
    values: Vec<Value>,
}

impl Elements for Plain<'_> {
    #[inline]
    fn less(&mut self, x: usize, y: usize) -> Result<bool, Throw> {
        self.vm.charge(1)?;
        let (x, y) = (self.values[x - 1], self.values[y - 1]);
        Ok(self.vm.compare_plain(names::LT, x, y).unwrap_or(false))
    }

    #[inline]
    fn swap(&mut self, x: usize, y: usize) -> Result<(), Throw> {
        self.values.swap(x - 1, y - 1);
        Ok(())
    }

    fn invalid_order(&mut self) -> Throw {
        invalid_order(self.vm)
    }
}

fn sort_plain(
    call: &mut Call<'_>,
    table: TableId,
    count: usize,
    _kind: Uniform,
) -> Result<(), Throw> {
    call.reserve(count * size_of::<Value>())?;
    let values = call.vm.heap.tables.items[table.index()].array[..count].to_vec();
    let mut plain = Plain { vm: call.vm, values };
    let outcome = quicksort(&mut plain, 1, count);
    let values = plain.values;
    // Also after an error: what was sorted so far stays.
    call.vm.heap.table_barrier(table);
    call.vm.heap.tables.items[table.index()].array[..count].copy_from_slice(&values);
    outcome
}
