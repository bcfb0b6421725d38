//! What samples refer to by number: strings, functions and locations. An entry is written when it is
//! first needed. Readers take entries in any order.

use std::collections::HashMap;

use super::field;
use super::proto::Message;
use crate::render::output::escaped;
use crate::render::stacks::ProfileFrame;
use crate::snapshot::compact::hash::IdHash;

/// Texts that are remembered. Where there are more, as when each task has a name of its own, one is
/// written again when it comes up again, which readers allow.
const MAX_TEXTS: usize = 4 * 1024;

#[derive(Default)]
pub(super) struct Tables {
    strings: HashMap<String, u64>,
    string_count: u64,
    /// The locations of sites and frame sites, by address.
    sites: HashMap<u64, u64, IdHash>,
    /// Other locations.
    named: HashMap<String, u64>,
    location_count: u64,
}

impl Tables {
    /// The index of a string.
    pub(super) fn string(&mut self, fields: &mut Message, text: &str) -> u64 {
        if let Some(&index) = self.strings.get(text) {
            return index;
        }
        fields.bytes(field::profile::STRING, text.as_bytes());
        let index = self.string_count;
        self.string_count += 1;
        remember(&mut self.strings, text, index);
        index
    }

    /// The id of the location of a frame.
    pub(super) fn location(&mut self, fields: &mut Message, frame: &ProfileFrame<'_>) -> u64 {
        let place = match *frame {
            ProfileFrame::Await(site) => (site.address() as u64, site.file(), site.line()),
            ProfileFrame::Role(_, site) if site.is_real() => {
                (site.address(), site.file(), site.line())
            }
            _ => return self.named(fields, &frame.text()),
        };
        let (address, file, line) = place;
        if let Some(&id) = self.sites.get(&address) {
            return id;
        }
        let id = self.add_location(fields, &frame.text(), file, line);
        self.sites.insert(address, id);
        id
    }

    /// The id of a location that is nowhere in the source.
    fn named(&mut self, fields: &mut Message, name: &str) -> u64 {
        if let Some(&id) = self.named.get(name) {
            return id;
        }
        let id = self.add_location(fields, &escaped(name), "", 0);
        remember(&mut self.named, name, id);
        id
    }

    /// A location and its function, which has the same id.
    fn add_location(&mut self, fields: &mut Message, name: &str, file: &str, line: u32) -> u64 {
        self.location_count += 1;
        let id = self.location_count;
        let name = self.string(fields, name);
        let file = self.string(fields, file);
        let mut function = Message::default();
        function.number(field::function::ID, id);
        function.number(field::function::NAME, name);
        function.number(field::function::SYSTEM_NAME, name);
        function.number(field::function::FILENAME, file);
        fields.message(field::profile::FUNCTION, &function);
        let mut place = Message::default();
        place.number(field::line::FUNCTION_ID, id);
        place.number(field::line::LINE, line.into());
        let mut location = Message::default();
        location.number(field::location::ID, id);
        location.message(field::location::LINE, &place);
        fields.message(field::profile::LOCATION, &location);
        id
    }
}

fn remember(known: &mut HashMap<String, u64>, text: &str, index: u64) {
    if known.len() >= MAX_TEXTS {
        known.clear();
    }
    known.insert(text.to_owned(), index);
}
