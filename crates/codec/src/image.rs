//! The image: the graph of everything that one root value reaches.

use crate::check;
use crate::container;
use crate::error::Error;
use crate::object::{Object, ObjectId, Prototype, Value};
use std::collections::HashMap;

/// A graph of Lua objects with one root, as plain data.
///
/// ```
/// use codec::{Image, Object, ObjectId, Table, Value};
/// let home = Table {
///     array: vec![Value::Integer(10), Value::Float(0.5)],
///     entries: vec![(Value::String(b"self".to_vec()), Value::Object(ObjectId(0)))],
///     metatable: None,
/// };
/// let image = Image {
///     prototypes: vec![],
///     objects: vec![Object::Table(home)],
///     root: Value::Object(ObjectId(0)),
/// };
/// let bytes = image.encode().unwrap();
/// assert_eq!(Image::decode(&bytes).unwrap(), image);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// The code of all closures, each chunk once.
    pub prototypes: Vec<Prototype>,
    /// The objects; an [`ObjectId`] is an index into them.
    pub objects: Vec<Object>,
    /// Where reading starts.
    pub root: Value,
}

impl Image {
    /// The whole image as bytes, ready to be written to a file.
    ///
    /// # Errors
    /// `is_limit` for what exceeds [`crate::limits`]; `is_malformed` for a reference to an
    /// object that does not exist or is of the wrong kind; `is_not_a_key` for a nil or NaN key.
    ///
    /// ```
    /// assert_eq!(&codec::Image::default().encode().unwrap()[1..5], b"MOON");
    /// ```
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        check::image(self)?;
        container::encode(self)
    }

    /// The graph that `bytes` hold.
    ///
    /// Memory use is bounded by a constant multiple of the input. Every reference is checked;
    /// chunks and the numbers inside frames are not: the machine verifies those.
    ///
    /// # Errors
    /// `is_not_an_image`, `is_newer_version`, `is_truncated`, `is_checksum_mismatch`,
    /// `is_malformed`, `is_limit` or `is_not_a_key`, most with a position.
    ///
    /// ```
    /// let mut bytes = codec::Image::default().encode().unwrap();
    /// let end = bytes.len() - 1;
    /// assert!(codec::Image::decode(&bytes[..end]).unwrap_err().is_truncated());
    /// bytes[end] ^= 1;
    /// let error = codec::Image::decode(&bytes).unwrap_err();
    /// assert!(error.is_checksum_mismatch());
    /// assert!(error.to_string().starts_with("checksum mismatch in the root section"));
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let image = container::decode(bytes)?;
        check::image(&image)?;
        Ok(image)
    }

    /// The object behind an id.
    ///
    /// ```
    /// use codec::{Image, ObjectId};
    /// assert!(Image::default().object(ObjectId(0)).is_none());
    /// ```
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.0 as usize)
    }
}

/// Builds an image while its graph is discovered: ids are given out first and filled later, so
/// cycles need no special care and a walk needs no recursion.
///
/// ```
/// use codec::{Closure, ImageBuilder, Object, Value};
/// let mut builder = ImageBuilder::default();
/// let function = builder.reserve().unwrap();
/// let cell = builder.reserve().unwrap();
/// let prototype = builder.prototype(b"\x1bLua...".to_vec());
/// assert_eq!(builder.prototype(b"\x1bLua...".to_vec()), prototype);
/// builder.fill(function, Object::Closure(Closure { prototype, upvalues: vec![cell] }));
/// builder.fill(cell, Object::Cell(Value::Object(function)));
/// let image = builder.finish(Value::Object(function)).unwrap();
/// assert_eq!((image.objects.len(), image.prototypes.len()), (2, 1));
/// ```
#[derive(Debug, Default)]
pub struct ImageBuilder {
    prototypes: Vec<Prototype>,
    prototype_of_chunk: HashMap<crate::ContentHash, u32>,
    objects: Vec<Option<Object>>,
}

impl ImageBuilder {
    /// A new id, to be filled before the end.
    ///
    /// # Errors
    /// `is_limit` when there are [`crate::limits::OBJECTS_MAX`] objects already.
    ///
    /// ```
    /// let mut builder = codec::ImageBuilder::default();
    /// assert_eq!(builder.reserve().unwrap(), codec::ObjectId(0));
    /// ```
    pub fn reserve(&mut self) -> Result<ObjectId, Error> {
        if self.objects.len() >= crate::limits::OBJECTS_MAX {
            return Err(Error::limit("the objects of an image", crate::limits::OBJECTS_MAX));
        }
        self.objects.push(None);
        Ok(ObjectId(self.objects.len() as u32 - 1))
    }

    /// Says what a reserved id is. An id that this builder did not give out is ignored here and
    /// found as a missing object by [`ImageBuilder::finish`] if anything refers to it.
    ///
    /// ```
    /// use codec::{ImageBuilder, Object, Value};
    /// let mut builder = ImageBuilder::default();
    /// let id = builder.reserve().unwrap();
    /// builder.fill(id, Object::Named(b"_G".to_vec()));
    /// assert!(builder.finish(Value::Object(id)).is_ok());
    /// ```
    pub fn fill(&mut self, id: ObjectId, object: Object) {
        if let Some(slot) = self.objects.get_mut(id.0 as usize) {
            *slot = Some(object);
        }
    }

    /// The index of a chunk; equal chunks are kept once.
    ///
    /// ```
    /// let mut builder = codec::ImageBuilder::default();
    /// assert_eq!(builder.prototype(vec![1]), 0);
    /// assert_eq!(builder.prototype(vec![2]), 1);
    /// assert_eq!(builder.prototype(vec![1]), 0);
    /// ```
    pub fn prototype(&mut self, chunk: Vec<u8>) -> u32 {
        let prototype = Prototype { chunk };
        let prototypes = &mut self.prototypes;
        *self.prototype_of_chunk.entry(prototype.hash()).or_insert_with(|| {
            prototypes.push(prototype);
            prototypes.len() as u32 - 1
        })
    }

    /// The image.
    ///
    /// # Errors
    /// `is_malformed` when an id was reserved and never filled.
    ///
    /// ```
    /// let mut builder = codec::ImageBuilder::default();
    /// builder.reserve().unwrap();
    /// assert!(builder.finish(codec::Value::Nil).unwrap_err().is_malformed());
    /// ```
    pub fn finish(self, root: Value) -> Result<Image, Error> {
        let unfilled = self.objects.iter().position(Option::is_none);
        if let Some(index) = unfilled {
            return Err(Error::reference("an object was reserved and not filled", index as u32));
        }
        let objects = self.objects.into_iter().flatten().collect();
        Ok(Image { prototypes: self.prototypes, objects, root })
    }
}
