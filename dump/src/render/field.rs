//! Lines with a label, `    spawned  src/main.rs:3:5 by tokio::spawn`, which have a bounded width.

use super::palette::Palette;

/// Maximum number of columns of a line, unless a single piece of it is longer.
pub(super) const WIDTH: usize = 119;
/// The column at which the pieces of a field begin.
pub(super) const PIECES: usize = 13;

/// A line with a label. Pieces that have no room continue on a line below, under the first piece.
pub(super) struct Field<'a> {
    out: &'a mut String,
    column: usize,
    is_empty: bool,
}

impl<'a> Field<'a> {
    /// Appends `    spawned  `.
    pub(super) fn new(out: &'a mut String, label: &str) -> Self {
        out.push_str("    ");
        out.push_str(label);
        pad(out, 4 + label.len(), PIECES);
        Field {
            out,
            column: PIECES,
            is_empty: true,
        }
    }

    /// Appends a piece, and the separator before it unless it is the first one.
    pub(super) fn piece(&mut self, separator: &str, text: &str) {
        let (before, width) = (separator.len(), columns(text));
        if self.is_empty {
            self.is_empty = false;
        } else if self.column + before + width > WIDTH {
            self.out.push_str(separator.trim_end());
            self.out.push('\n');
            pad(self.out, 0, PIECES);
            self.column = PIECES;
        } else {
            self.out.push_str(separator);
            self.column += before;
        }
        self.out.push_str(text);
        self.column += width;
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.out.push('\n');
    }
}

/// Appends fields to the line that begins at `start`. If they have no room, they continue on the next line.
pub(super) fn push_folded(out: &mut String, palette: &Palette, start: usize, fields: &[String]) {
    push_folded_below(out, palette, visible_columns(&out[start..]), "    ", fields);
}

/// Appends fields to a line of `column` columns, with two blanks before each. If they have no room, they continue on the next
/// line, after `indent`.
pub(super) fn push_folded_below(
    out: &mut String,
    palette: &Palette,
    column: usize,
    indent: &str,
    fields: &[String],
) {
    let width: usize = fields.iter().map(|field| 2 + columns(field)).sum();
    let fits = column + width <= WIDTH;
    let mut column = if fits { column } else { WIDTH };
    out.push_str(palette.faint);
    for field in fields {
        let width = columns(field);
        if column + 2 + width <= WIDTH {
            out.push_str("  ");
            column += 2 + width;
        } else {
            out.push('\n');
            out.push_str(indent);
            column = columns(indent) + width;
        }
        out.push_str(field);
    }
    out.push_str(palette.end);
}

/// Returns the number of columns of a text with escape sequences of the palette.
pub(super) fn visible_columns(text: &str) -> usize {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().map_or(0, columns);
    let rest = pieces.map(|piece| piece.split_once('m').map_or(0, |(_, text)| columns(text)));
    first + rest.sum::<usize>()
}

/// Appends blanks from a column to another one.
pub(super) fn pad(out: &mut String, from: usize, to: usize) {
    out.extend(std::iter::repeat_n(' ', to.saturating_sub(from)));
}

/// Returns the number of columns of a text without escape sequences.
pub(super) fn columns(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => text.chars().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_without_room_continue_below_the_first_one() {
        let mut out = String::new();
        let mut field = Field::new(&mut out, "by");
        let piece = "x".repeat(50);
        for _ in 0..3 {
            field.piece(" < ", &piece);
        }
        field.end();
        let expected = format!("    by       {piece} < {piece} <\n             {piece}\n");
        assert_eq!(out, expected);
        assert!(out.lines().all(|line| line.len() <= WIDTH));
    }
}
