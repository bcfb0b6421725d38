//! Medians and quartiles.

use std::fmt;

/// A sample, sorted.
#[derive(Clone, Debug)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Sorts the values.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "a sample has values");
        values.sort_by(f64::total_cmp);
        Sample(values)
    }

    /// The value below which `part` of the sample lies, between neighbours if need be.
    pub fn quantile(&self, part: f64) -> f64 {
        let place = part * (self.0.len() - 1) as f64;
        let (low, high) = (
            self.0[place.floor() as usize],
            self.0[place.ceil() as usize],
        );
        low + (high - low) * place.fract()
    }

    /// The middle.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// The median, and the quartiles in brackets; with two decimal places, or as many as the precision says.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|part| self.quantile(part));
        let places = f.precision().unwrap_or(2);
        // `pad` would take the precision for how much of the text to show.
        let width = f.width().unwrap_or(0);
        let text = format!("{middle:.places$} [{low:.places$}, {high:.places$}]");
        write!(f, "{text:<width$}")
    }
}
