//! QR codes as one SVG path: dark squares on a light field with its quiet zone, the same in dark mode, or scanners fail.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// A QR code, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Qr {
    /// Width and height in modules, quiet zone included.
    pub(crate) size: usize,
    /// The dark modules as the data of an SVG path.
    pub(crate) path: String,
}

impl Qr {
    /// The code of a text; `None` when the text is too long for one.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let colors = code.to_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            draw_row(&mut path, row, y.saturating_add(QUIET));
        }
        Some(Self { size: width.saturating_add(QUIET.saturating_mul(2)), path })
    }
}

/// Adds a row's runs of dark modules to a path.
fn draw_row(path: &mut String, row: &[Color], y: usize) {
    let mut x = QUIET;
    for run in row.chunk_by(|left, right| left == right) {
        let length = run.len();
        if run.first() == Some(&Color::Dark) {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        x = x.saturating_add(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_make_a_smaller_code() {
        let small = Qr::of("bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq?amount=0.00083334").unwrap();
        let capitals = Qr::of("bitcoin:BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ?amount=0.00083334").unwrap();
        assert!(capitals.size < small.size, "{} {}", capitals.size, small.size);
    }

    #[test]
    fn the_first_row_begins_with_a_finder_pattern_inside_the_quiet_zone() {
        let qr = Qr::of("x").unwrap();
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", qr.path);
        assert_eq!(qr.size, 21 + 8);
        assert!(Qr::of(&"x".repeat(5000)).is_none());
    }
}
