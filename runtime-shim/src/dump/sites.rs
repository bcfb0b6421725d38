//! The sites in a dump, by number: a row has room for half an address.

use std::collections::HashMap;

use super::nodes::IdHash;
use crate::site::Site;

/// The number of a site in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SiteRef(u32);

#[derive(Debug, Default)]
pub(super) struct Sites {
    all: Vec<&'static Site>,
    by_address: HashMap<usize, SiteRef, IdHash>,
    last: Option<(&'static Site, SiteRef)>,
}

impl Sites {
    /// The number of a site, which gets one if it has none.
    #[inline]
    pub(super) fn number(&mut self, site: &'static Site) -> SiteRef {
        match self.last {
            Some((last, number)) if std::ptr::eq(last, site) => number,
            _ => self.find(site),
        }
    }

    fn find(&mut self, site: &'static Site) -> SiteRef {
        let address = std::ptr::from_ref(site).addr();
        let number = *self.by_address.entry(address).or_insert_with(|| {
            self.all.push(site);
            SiteRef(self.all.len() as u32 - 1)
        });
        self.last = Some((site, number));
        number
    }

    pub(super) fn get(&self, SiteRef(number): SiteRef) -> &'static Site {
        self.all[number as usize]
    }
}
