//! The part of protobuf's wire format that a profile needs. A generated encoder would first build the whole profile in
//! memory. This one writes message by message.

use std::io::{self, Write};

/// The types of a field on the wire.
const VARINT: u64 = 0;
const BYTES: u64 = 2;

/// A message in the making.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Appends a number, unless it is 0, which is the value of a missing field.
    pub(super) fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            push_varint(&mut self.0, field << 3 | VARINT);
            push_varint(&mut self.0, value);
        }
    }

    /// Appends a number to a message that is a list of numbers.
    pub(super) fn packed(&mut self, value: u64) {
        push_varint(&mut self.0, value);
    }

    /// Appends another message.
    pub(super) fn message(&mut self, field: u64, message: &Message) {
        self.bytes(field, &message.0);
    }

    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        push_varint(&mut self.0, field << 3 | BYTES);
        push_varint(&mut self.0, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Writes the fields to `out`, and removes them.
    pub(super) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.0)?;
        self.0.clear();
        Ok(())
    }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn examples_of_the_specification_are_encoded_as_it_says() {
        // https://protobuf.dev/programming-guides/encoding/
        let mut message = Message::default();
        message.number(1, 150);
        assert_eq!(message.0, [0x08, 0x96, 0x01]);
        let mut outer = Message::default();
        outer.message(3, &message);
        assert_eq!(outer.0, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let mut text = Message::default();
        text.bytes(2, b"testing");
        assert_eq!(text.0, *b"\x12\x07testing");
        let mut packed = Message::default();
        for number in [3, 270, 86942] {
            packed.packed(number);
        }
        let mut list = Message::default();
        list.message(6, &packed);
        assert_eq!(list.0, [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
    }
}
