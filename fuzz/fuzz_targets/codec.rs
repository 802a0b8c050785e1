//! Any bytes as an image and as a message: refused, or written again as what reads the same.
#![no_main]

use codec::{Image, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = Image::decode(bytes) {
        let again = image.encode().expect("what was decoded can be encoded");
        Image::decode(&again).expect("what was encoded can be decoded");
    }
    if let Ok(message) = Message::decode(bytes) {
        let again = message.encode().expect("what was decoded can be encoded");
        Message::decode(&again).expect("what was encoded can be decoded");
    }
});
