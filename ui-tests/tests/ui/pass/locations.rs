// `#[track_caller]` callees see the user's line and column, and so does the table of sites.
use std::panic::Location;

type Here = &'static Location<'static>;

#[track_caller]
fn spawn<F: FnOnce()>(f: F) -> Here {
    f();
    Location::caller()
}

struct Pool;

impl Pool {
    #[track_caller]
    fn spawn<F: FnOnce()>(&self, f: F) -> Here {
        f();
        Location::caller()
    }
    fn get(&self) -> &Self {
        self
    }
}

fn work() {}

birthmark_ui_tests::twice! {
    use super::{spawn, work, Here, Pool};

    pub fn all() -> Vec<Here> {
        let pool = Pool;
        let mut all = vec![spawn(work), super::spawn(|| ()), Pool::spawn(&pool, work), <Pool>::spawn(&pool, work)];
        all.push(spawn(|| ()));
        all.extend([
            pool.spawn(work),
            pool.get()
                .get()
                .spawn(move || ()),
        ]);
        all.push(
            /* a */ super::spawn::<_>(work)
        );
        all
    }

    pub fn panicked() -> u32 {
        let _ = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| super::LINE.store(info.location().unwrap().line(), super::Ordering::Relaxed)));
        std::thread::spawn(|| panic!("here")).join().unwrap_err();
        let _ = std::panic::take_hook();
        super::LINE.load(super::Ordering::Relaxed)
    }
}

use std::sync::atomic::{AtomicU32, Ordering};
static LINE: AtomicU32 = AtomicU32::new(0);

fn main() {
    assert_eq!(plain::all(), marked::all());
    assert_eq!(plain::panicked(), marked::panicked());
    let sites: Vec<_> = birthmark::sites().into_iter().map(|site| (site.site.file(), site.site.line(), site.site.column())).collect();
    for here in marked::all() {
        assert!(sites.contains(&(here.file(), here.line(), here.column())), "{here} is among {sites:?}");
    }
}
