//! What must hold of every image, checked before encoding and after decoding.

use crate::error::{Error, Result};
use crate::image::Image;
use crate::limits::{FRAMES_MAX, OBJECTS_MAX, STACK_SLOTS_MAX, UPVALUES_MAX};
use crate::object::{Coroutine, Object, ObjectId, Table, Value};

pub(crate) fn image(image: &Image) -> Result<()> {
    limit("the objects of an image", image.objects.len(), OBJECTS_MAX)?;
    let mut open = vec![false; image.objects.len()];
    value(image, &image.root)?;
    for object in &image.objects {
        match object {
            Object::Table(table) => check_table(image, table)?,
            Object::Closure(closure) => {
                limit("the upvalues of a function", closure.upvalues.len(), UPVALUES_MAX)?;
                if closure.prototype as usize >= image.prototypes.len() {
                    return Err(Error::reference("a missing prototype", closure.prototype));
                }
                closure.upvalues.iter().try_for_each(|&id| cell(image, id).map(|_| ()))?;
            }
            Object::Cell(inner) => value(image, inner)?,
            Object::Native(native) => values(image, &native.captures)?,
            Object::Coroutine(coroutine) => check_coroutine(image, coroutine, &mut open)?,
            Object::Host(_) | Object::Named(_) => {}
        }
    }
    Ok(())
}

fn check_table(image: &Image, table: &Table) -> Result<()> {
    values(image, &table.array)?;
    for (key, entry) in &table.entries {
        match key {
            Value::Nil => return Err(Error::not_a_key("nil")),
            Value::Float(float) if float.is_nan() => return Err(Error::not_a_key("NaN")),
            _ => value(image, key)?,
        }
        value(image, entry)?;
    }
    let Some(id) = table.metatable else { return Ok(()) };
    match image.object(id) {
        Some(Object::Table(_) | Object::Named(_)) => Ok(()),
        Some(_) => Err(Error::reference("a metatable that is no table", id.0)),
        None => Err(Error::reference("a missing object", id.0)),
    }
}

fn check_coroutine(image: &Image, coroutine: &Coroutine, open: &mut [bool]) -> Result<()> {
    let slots = coroutine.stack.len();
    limit("the stack of a coroutine", slots, STACK_SLOTS_MAX)?;
    limit("the frames of a coroutine", coroutine.frames.len(), FRAMES_MAX)?;
    values(image, &coroutine.stack)?;
    values(image, &coroutine.pending)?;
    for frame in &coroutine.frames {
        value(image, &frame.function)?;
        values(image, &frame.values)?;
        if frame.base as usize > slots {
            return Err(Error::reference("a frame outside its stack", frame.base));
        }
    }
    ascending_below(coroutine.to_close.iter().copied(), slots)?;
    ascending_below(coroutine.open_cells.iter().map(|open| open.slot), slots)?;
    for open_cell in &coroutine.open_cells {
        let id = open_cell.cell;
        if *cell(image, id)? != Value::Nil {
            return Err(Error::reference("an open cell with a value of its own", id.0));
        }
        if std::mem::replace(&mut open[id.0 as usize], true) {
            return Err(Error::reference("a cell that is open twice", id.0));
        }
    }
    Ok(())
}

/// Whether the slots ascend strictly and lie within the stack.
fn ascending_below(slots: impl Iterator<Item = u32>, end: usize) -> Result<()> {
    let mut least = 0;
    for slot in slots {
        if (slot as usize) < least || slot as usize >= end {
            return Err(Error::reference("a stack slot out of order or range", slot));
        }
        least = slot as usize + 1;
    }
    Ok(())
}

fn values(image: &Image, values: &[Value]) -> Result<()> {
    values.iter().try_for_each(|inner| value(image, inner))
}

fn value(image: &Image, value: &Value) -> Result<()> {
    let Value::Object(id) = *value else { return Ok(()) };
    match image.object(id) {
        Some(Object::Cell(_)) => Err(Error::reference("a cell used as a value", id.0)),
        Some(_) => Ok(()),
        None => Err(Error::reference("a missing object", id.0)),
    }
}

fn cell(image: &Image, id: ObjectId) -> Result<&Value> {
    match image.object(id) {
        Some(Object::Cell(inner)) => Ok(inner),
        Some(_) => Err(Error::reference("an upvalue that is no cell", id.0)),
        None => Err(Error::reference("a missing object", id.0)),
    }
}

fn limit(what: &'static str, count: usize, max: usize) -> Result<()> {
    match count <= max {
        true => Ok(()),
        false => Err(Error::limit(what, max)),
    }
}
