//! Renderings by their names.

use std::fmt;
use std::io;
use std::str::FromStr;

use crate::dump::Dump;
use crate::types::escape::Quoted;

/// A form of a [`Dump`]. The environment, HTTP paths and command lines use the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `text`: a paragraph for each task. The default.
    #[default]
    Text,
    /// `tree`: the tasks below their parents.
    Tree,
    /// `groups`: equal tasks, counted together.
    Groups,
    /// `folded`: stacks for flame graphs.
    Folded,
    /// `json`: see [`Json`](super::Json).
    Json,
    /// `pprof`: see [`Pprof`](super::Pprof). It needs the feature `pprof`.
    #[cfg(feature = "pprof")]
    Pprof,
}

impl Format {
    /// All forms.
    pub const ALL: &'static [Format] = &[
        Format::Text,
        Format::Tree,
        Format::Groups,
        Format::Folded,
        Format::Json,
        #[cfg(feature = "pprof")]
        Format::Pprof,
    ];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Tree => "tree",
            Format::Groups => "groups",
            Format::Folded => "folded",
            Format::Json => "json",
            #[cfg(feature = "pprof")]
            Format::Pprof => "pprof",
        }
    }

    /// Returns the extension of files in this form.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text | Format::Tree | Format::Groups => "txt",
            Format::Folded => "folded",
            Format::Json => "json",
            #[cfg(feature = "pprof")]
            Format::Pprof => "pb.gz",
        }
    }

    /// Returns `true` if the form is binary, and therefore unsuitable for a terminal or a log.
    pub fn is_binary(self) -> bool {
        match self {
            #[cfg(feature = "pprof")]
            Format::Pprof => true,
            _ => false,
        }
    }

    /// Returns the media type, for HTTP.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            #[cfg(feature = "pprof")]
            Format::Pprof => "application/octet-stream",
            _ => "text/plain; charset=utf-8",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let mut all = Format::ALL.iter().copied();
        all.find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// The error for a name that no [`Format`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted {
            text: &self.0,
            cut: false,
        };
        if self.0 == "pprof" {
            return write!(f, "{name} needs birthmark's feature `pprof`, which is off");
        }
        write!(f, "{name} is no format of a dump; use ")?;
        let (last, rest) = Format::ALL.split_last().unwrap_or((&Format::Text, &[]));
        for (format, separator) in rest
            .iter()
            .zip([""].into_iter().chain(std::iter::repeat(", ")))
        {
            write!(f, "{separator}{format}")?;
        }
        write!(f, " or {last}")
    }
}

impl std::error::Error for UnknownFormat {}

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
    pub(crate) fn write_colored(
        &self,
        format: Format,
        color: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        match format {
            Format::Text => write!(out, "{}", self.text().color(color)),
            Format::Tree => write!(out, "{}", self.tree().color(color)),
            Format::Groups => write!(out, "{}", self.groups().color(color)),
            Format::Folded => write!(out, "{}", self.folded()),
            Format::Json => write!(out, "{}", self.json()),
            #[cfg(feature = "pprof")]
            Format::Pprof => self.pprof().write(out),
        }
    }
}
