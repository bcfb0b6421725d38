//! Tables as text.

/// Returns lines with columns of equal width. The last column is as long as it is.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let is_number = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
            line += &match is_number {
                true => format!("{cell:>width$}  "),
                false => format!("{cell:<width$}  "),
            };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn numbers_are_on_the_right_and_texts_on_the_left() {
        let rows = [["N", "TEXT"], ["10", "a"], ["7", "bcd"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "N   TEXT\n10  a\n 7  bcd\n");
    }
}
