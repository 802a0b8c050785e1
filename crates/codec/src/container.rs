//! The container of an image: header, sections, checksums. `docs/image.md` describes it.
//!
//! The checksum is XXH64, from the `twox-hash` crate: it finds accidental damage at the speed
//! of memory with 64-bit multiplications that WebAssembly has, in about a kilobyte of code. A
//! CRC-32 is weaker on large inputs and either slow there or carries 16 KB of tables.

use crate::bytes::{Reader, exactly, put_count, put_string};
use crate::error::{Error, Result};
use crate::graph::{Parser, Writer};
use crate::image::Image;
use crate::limits::{IMAGE_BYTES_MAX, VALUE_BYTES_MAX};
use crate::object::Prototype;
use twox_hash::XxHash64;

/// Not text, so that a file opened as such is recognised; the line ends and the zero show a
/// transfer that changed them.
const MAGIC: [u8; 8] = *b"\x89MOON\r\n\0";
/// The version that this module writes, and the newest that it reads.
const VERSION: u16 = 1;
/// Sample values: a reader with another byte order or number format finds out here.
const SAMPLE_INTEGER: i64 = -0x0123_4567_89ab_cdef;
const SAMPLE_FLOAT: f64 = -370.5;
const CHECKSUM_SEED: u64 = 0;

const HEADER_BYTES: usize = 44;
const SECTION_HEADER_BYTES: usize = 20;

const SECTIONS: [(&[u8; 4], &str); 3] =
    [(b"PROT", "prototypes section"), (b"OBJS", "objects section"), (b"ROOT", "root section")];

const _: () = assert!(HEADER_BYTES == MAGIC.len() + 2 + 2 + 8 + 8 + 8 + 8);

pub(crate) fn encode(image: &Image) -> Result<Vec<u8>> {
    let mut prototypes = Vec::new();
    put_count(&mut prototypes, image.prototypes.len());
    for prototype in &image.prototypes {
        put_string(&mut prototypes, &prototype.chunk, "a function", VALUE_BYTES_MAX)?;
    }
    let mut writer = Writer::default();
    put_count(&mut writer.out, image.objects.len());
    for object in &image.objects {
        writer.object(object)?;
    }
    let objects = std::mem::take(&mut writer.out);
    writer.value(&image.root)?;
    let sections = [prototypes, objects, writer.out];
    let total = sections
        .iter()
        .fold(HEADER_BYTES, |total, section| total + SECTION_HEADER_BYTES + section.len());
    if total > IMAGE_BYTES_MAX {
        return Err(Error::limit("an image, in bytes", IMAGE_BYTES_MAX));
    }
    Ok(assemble(&sections, total))
}

fn assemble(sections: &[Vec<u8>; 3], total: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&(SECTIONS.len() as u16).to_le_bytes());
    out.extend_from_slice(&SAMPLE_INTEGER.to_le_bytes());
    out.extend_from_slice(&SAMPLE_FLOAT.to_bits().to_le_bytes());
    out.extend_from_slice(&(total as u64).to_le_bytes());
    let checksum = checksum(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    for ((tag, _), section) in SECTIONS.iter().zip(sections) {
        let start = out.len();
        out.extend_from_slice(*tag);
        out.extend_from_slice(&(section.len() as u64).to_le_bytes());
        let checksum = section_checksum(&out[start..], section);
        out.extend_from_slice(&checksum.to_le_bytes());
        out.extend_from_slice(section);
    }
    out
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Image> {
    if bytes.len() > IMAGE_BYTES_MAX {
        return Err(Error::limit("an image, in bytes", IMAGE_BYTES_MAX));
    }
    let mut reader = Reader::new(bytes, 0);
    check_header(bytes, &mut reader)?;
    let prototypes = read_prototypes(section(&mut reader, 0)?)?;
    let mut parser = Parser::new(section(&mut reader, 1)?);
    let count = parser.reader.count(2)?;
    let objects = exactly(count, || parser.object())?;
    parser.reader.finish()?;
    parser.continue_with(section(&mut reader, 2)?);
    let root = parser.value()?;
    parser.reader.finish()?;
    Ok(Image { prototypes, objects, root })
}

fn check_header(bytes: &[u8], reader: &mut Reader<'_>) -> Result<()> {
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(magic) {
        return Err(Error::not_an_image());
    }
    reader.take(MAGIC.len())?;
    let version = u16::from_le_bytes(reader.array()?);
    if version > VERSION {
        return Err(Error::newer_version(version, VERSION, MAGIC.len()));
    }
    let section_count = u16::from_le_bytes(reader.array()?);
    let sample_integer = i64::from_le_bytes(reader.array()?);
    let sample_float = f64::from_bits(u64::from_le_bytes(reader.array()?));
    let total = u64::from_le_bytes(reader.array()?);
    let position = reader.position();
    if u64::from_le_bytes(reader.array()?) != checksum(&bytes[..position]) {
        return Err(Error::checksum("header", position));
    }
    let samples_hold = sample_integer == SAMPLE_INTEGER && sample_float == SAMPLE_FLOAT;
    if version != VERSION || section_count as usize != SECTIONS.len() || !samples_hold {
        return Err(Error::malformed("the header's version, sections or samples", MAGIC.len()));
    }
    match (bytes.len() as u64).cmp(&total) {
        std::cmp::Ordering::Less => Err(Error::truncated(bytes.len())),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::malformed("bytes after the end", total as usize)),
    }
}

/// The payload of the section that must come next, its checksum verified.
fn section<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Reader<'a>> {
    let (tag, name) = SECTIONS[index];
    let start = reader.position();
    let head = reader.take(SECTION_HEADER_BYTES - 8)?;
    if !head.starts_with(tag) {
        return Err(Error::malformed("a section out of order", start));
    }
    let size = u64::from_le_bytes(Reader::new(&head[tag.len()..], start).array()?);
    let stored_checksum = u64::from_le_bytes(reader.array()?);
    let position = reader.position();
    let size = usize::try_from(size).map_err(|_| Error::truncated(position))?;
    let payload = reader.take(size)?;
    if section_checksum(head, payload) != stored_checksum {
        return Err(Error::checksum(name, position));
    }
    if index + 1 == SECTIONS.len() {
        reader.finish()?;
    }
    Ok(Reader::new(payload, position))
}

fn read_prototypes(mut reader: Reader<'_>) -> Result<Vec<Prototype>> {
    let count = reader.count(1)?;
    let prototypes = exactly(count, || {
        let chunk = reader.string("a function", VALUE_BYTES_MAX)?.to_vec();
        Ok(Prototype { chunk })
    })?;
    reader.finish()?;
    Ok(prototypes)
}

fn checksum(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(CHECKSUM_SEED, bytes)
}

/// Covers tag and length too: seeding with the checksum of the one chains it to the other.
fn section_checksum(head: &[u8], payload: &[u8]) -> u64 {
    XxHash64::oneshot(checksum(head), payload)
}
