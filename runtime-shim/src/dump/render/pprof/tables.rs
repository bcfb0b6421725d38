//! What samples refer to by number: strings, functions and locations. An entry is written when it is
//! first needed. Readers take entries in any order.

use std::collections::HashMap;

use super::field;
use super::proto::Message;
use crate::dump::nodes::IdHash;
use crate::dump::render::cache::address;
use crate::dump::render::pieces::escaped;
use crate::dump::render::stacks::Frame;
use crate::kind::Kind;
use crate::site::Site;

/// Texts that are remembered. Where there are more, as when each task has a name of its own, one is
/// written again when it comes up again, which readers allow.
const MOST: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct Tables {
    strings: HashMap<String, u64>,
    string_count: u64,
    /// The locations of sites, by address.
    sites: HashMap<usize, u64, IdHash>,
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
    pub(super) fn location(&mut self, fields: &mut Message, frame: &Frame<'_>) -> u64 {
        match *frame {
            Frame::Role(role, site) if site.kind() == Kind::Foreign => self.named(fields, role),
            Frame::Role(role, site) => {
                if let Some(&id) = self.sites.get(&address(site)) {
                    return id;
                }
                let id = self.add_location(fields, role, Some(site).filter(|site| site.is_real()));
                self.sites.insert(address(site), id);
                id
            }
            Frame::Cut(count) => self.named(fields, &format!("[{count} cut]")),
            Frame::Lost => self.named(fields, "[lost]"),
        }
    }

    /// The id of a location that is nowhere in the source.
    fn named(&mut self, fields: &mut Message, name: &str) -> u64 {
        if let Some(&id) = self.named.get(name) {
            return id;
        }
        let id = self.add_location(fields, &escaped(name), None);
        remember(&mut self.named, name, id);
        id
    }

    /// A location and its function, which has the same id.
    fn add_location(&mut self, fields: &mut Message, role: &str, site: Option<&Site>) -> u64 {
        self.location_count += 1;
        let id = self.location_count;
        let name = self.string(fields, role);
        let file = self.string(fields, site.map_or("", Site::file));
        let mut function = Message::default();
        function.number(field::function::ID, id);
        function.number(field::function::NAME, name);
        function.number(field::function::SYSTEM_NAME, name);
        function.number(field::function::FILENAME, file);
        fields.message(field::profile::FUNCTION, &function);
        let mut line = Message::default();
        line.number(field::line::FUNCTION_ID, id);
        line.number(field::line::LINE, site.map_or(0, |site| site.line().into()));
        let mut location = Message::default();
        location.number(field::location::ID, id);
        location.message(field::location::LINE, &line);
        fields.message(field::profile::LOCATION, &location);
        id
    }
}

fn remember(known: &mut HashMap<String, u64>, text: &str, index: u64) {
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(text.to_owned(), index);
}
