//! The strings, functions and locations that samples refer to by number. An entry is written when it is first needed,
//! because readers accept entries in any order.

use std::collections::HashMap;

use super::field;
use super::proto::Message;
use crate::render::output::escaped;
use crate::render::stacks::ProfileFrame;
use crate::snapshot::compact::hash::IdHash;
use crate::values::await_stack::AwaitFrame;
use crate::values::role::with_module;

/// Maximum number of texts that are remembered. After that, for example if each task has its own name, a text may be
/// written again, which readers allow.
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
    /// Returns the index of a string.
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

    /// Returns the id of the location of a frame.
    pub(super) fn location(&mut self, fields: &mut Message, frame: &ProfileFrame<'_>) -> u64 {
        let place = match *frame {
            ProfileFrame::DebugInfo(frame) => return self.debug_info(fields, frame),
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
        let name = match *frame {
            ProfileFrame::Role(role, site) => with_module(site, role).into(),
            _ => frame.text(),
        };
        let id = self.add_location(fields, &name, file, line);
        self.sites.insert(address, id);
        id
    }

    /// Returns the id of the location of a future by debug information.
    fn debug_info(&mut self, fields: &mut Message, frame: &AwaitFrame) -> u64 {
        let Some(location) = frame.location() else {
            return self.named(fields, frame.name());
        };
        let key = format!("{} at {location}", frame.name());
        if let Some(&id) = self.named.get(&key) {
            return id;
        }
        let (file, line) = (escaped(location.file()), location.line());
        let id = self.add_location(fields, &escaped(frame.name()), &file, line);
        remember(&mut self.named, &key, id);
        id
    }

    /// Returns the id of a location that is not in the source.
    fn named(&mut self, fields: &mut Message, name: &str) -> u64 {
        if let Some(&id) = self.named.get(name) {
            return id;
        }
        let id = self.add_location(fields, &escaped(name), "", 0);
        remember(&mut self.named, name, id);
        id
    }

    /// Adds a location, and its function with the same id.
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
