//! A plugin with a copy of birthmark of its own, which `host` loads.

#[birthmark::instrument]
mod plugin {
    /// Starts a thread that stays.
    pub(crate) fn start() {
        std::thread::spawn(birthmark::named!("of the plugin" => || loop {
            std::thread::park();
        }));
    }
}

/// The entry of the plugin.
// SAFETY: no other item of the program or of a library has this name.
#[unsafe(no_mangle)]
pub extern "C" fn birthmark_specimen_plugin_start() {
    plugin::start();
}
