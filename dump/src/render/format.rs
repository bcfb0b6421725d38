//! Renderings by their names.

use std::io;

use crate::Dump;
use birthmark_core::__reader::named_enum;

named_enum! {
    /// A form of a [`Dump`]. The environment, HTTP paths and command lines use the same names.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Format {
        /// a paragraph for each task. The default.
        #[default]
        Text = "text",
        /// the tasks below their parents.
        Tree = "tree",
        /// equal tasks, counted together.
        Groups = "groups",
        /// tasks that cannot go on, and why.
        Stuck = "stuck",
        /// locks, channels and other things that tasks share, with those that hold them and wait for them.
        Resources = "resources",
        /// stacks for flame graphs.
        Folded = "folded",
        /// see [`Json`](super::Json).
        Json = "json",
        /// see [`Pprof`](super::Pprof), with the feature `pprof`.
        Pprof = "pprof" if feature = "pprof",
    }

    /// The error for a name that no [`Format`] has.
    pub struct ParseFormatError for "format";
}

/// Properties of a form.
struct Properties {
    extension: &'static str,
    content_type: &'static str,
    is_binary: bool,
    write: Write,
}

/// Writes a dump, in colours if the form has any and the argument is `true`.
type Write = fn(&Dump, bool, &mut dyn io::Write) -> io::Result<()>;

const PLAIN: &str = "text/plain; charset=utf-8";

impl Format {
    fn properties(self) -> Properties {
        let text = |extension, content_type, write| Properties {
            extension,
            content_type,
            is_binary: false,
            write,
        };
        match self {
            Format::Text => text("txt", PLAIN, |dump, color, out| {
                write!(out, "{}", dump.text().color(color))
            }),
            Format::Tree => text("txt", PLAIN, |dump, color, out| {
                write!(out, "{}", dump.tree().color(color))
            }),
            Format::Groups => text("txt", PLAIN, |dump, color, out| {
                write!(out, "{}", dump.groups().color(color))
            }),
            Format::Stuck => text("txt", PLAIN, |dump, color, out| {
                write!(out, "{}", dump.stuck().color(color))
            }),
            Format::Resources => text("txt", PLAIN, |dump, color, out| {
                write!(out, "{}", dump.resources().color(color))
            }),
            Format::Folded => text("folded", PLAIN, |dump, _, out| {
                write!(out, "{}", dump.folded())
            }),
            Format::Json => text("json", "application/json", |dump, _, out| {
                write!(out, "{}", dump.json())
            }),
            #[cfg(feature = "pprof")]
            Format::Pprof => Properties {
                extension: "pb.gz",
                content_type: "application/octet-stream",
                is_binary: true,
                write: |dump, _, out| dump.pprof().write(out),
            },
        }
    }

    /// Returns the extension of files in this form.
    pub fn extension(self) -> &'static str {
        self.properties().extension
    }

    /// Returns `true` if the form is binary, and therefore unsuitable for a terminal or a log.
    pub fn is_binary(self) -> bool {
        self.properties().is_binary
    }

    /// Returns the media type, for HTTP.
    pub fn content_type(self) -> &'static str {
        self.properties().content_type
    }
}

impl Dump {
    /// Writes the dump in one of its forms, piece by piece. The whole output is never in memory.
    ///
    /// # Errors
    ///
    /// Returns the errors of `out`.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::render::Format;
    ///
    /// let mut file = Vec::new();
    /// birthmark::dump().write(Format::Json, &mut file)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
        self.write_colored(format, false, out)
    }

    /// Writes the dump as [`Dump::write`] does, in colours if the form has any.
    #[doc(hidden)]
    pub fn write_colored(
        &self,
        format: Format,
        color: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        (format.properties().write)(self, color, out)
    }
}
