//! The number of tasks that each site has gained or lost.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::render::output::{push as push_text, site_role};
use crate::render::palette::Palette;
use crate::render::task_block::push_who;
use crate::snapshot::compact::hash::IdHash;
use crate::Dump;
use birthmark_core::Site;

/// The numbers of tasks of one site in two dumps.
#[derive(Clone, Copy, Debug)]
pub struct SiteGrowth {
    site: &'static Site,
    before: usize,
    after: usize,
}

impl SiteGrowth {
    /// Returns the site.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the number of tasks in the earlier dump.
    pub fn before(&self) -> usize {
        self.before
    }

    /// Returns the number of tasks in the later dump.
    pub fn after(&self) -> usize {
        self.after
    }

    /// Returns the difference between the two numbers.
    pub fn delta(&self) -> i64 {
        self.after as i64 - self.before as i64
    }
}

pub(super) fn between(before: &Dump, after: &Dump) -> Vec<SiteGrowth> {
    let mut sites: HashMap<u64, SiteGrowth, IdHash> = HashMap::default();
    for (dump, counted) in [(before, [1, 0]), (after, [0, 1])] {
        let all = dump.rows().map(|row| dump.snapshot.site(row));
        for site in all.filter(|site| site.is_real()) {
            let growth = sites.entry(site.address()).or_insert(SiteGrowth {
                site,
                before: 0,
                after: 0,
            });
            growth.before += counted[0];
            growth.after += counted[1];
        }
    }
    let mut all: Vec<SiteGrowth> = sites.into_values().collect();
    all.retain(|growth| growth.delta() != 0);
    all.sort_by_key(|growth| {
        let site = growth.site;
        (
            Reverse(growth.delta()),
            site.file(),
            site.line(),
            site.column(),
        )
    });
    all
}

/// Appends a line for each site: `  +28  2 → 30  wait src/a.rs:3:5`
pub(super) fn push(out: &mut String, palette: &Palette, all: &[SiteGrowth]) {
    if !all.is_empty() {
        out.push_str("\ngrowth by site\n");
    }
    for growth in all {
        let more = growth.delta();
        let color = if more > 0 { palette.more } else { palette.less };
        let (before, after) = (growth.before, growth.after);
        push_text(
            out,
            format_args!("  {color}{more:>+6}{}  {before} → {after}  ", palette.end),
        );
        push_who(out, palette, "", &site_role(growth.site));
        push_text(
            out,
            format_args!(" {}{}{}\n", palette.faint, growth.site, palette.end),
        );
    }
}
