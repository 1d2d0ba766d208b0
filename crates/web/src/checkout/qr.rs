//! QR codes as one SVG path: dark squares on a light field with its quiet zone, the same in dark mode, or scanners fail.

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits, types::QrResult};
use std::fmt::Write;

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// How much damage a code survives: 15 %.
const LEVEL: EcLevel = EcLevel::M;
/// A run of capitals and digits this long is worth a segment of its own.
const RUN_WORTH: usize = 16;

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
        let code = QrCode::with_error_correction_level(text, LEVEL).ok()?;
        let code = in_capitals(text, &code).unwrap_or(code);
        let width = code.width();
        let colors = code.to_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            draw_row(&mut path, row, y.saturating_add(QUIET));
        }
        Some(Self { size: width.saturating_add(QUIET.saturating_mul(2)), path })
    }
}

/// A smaller code than `whole` with the text's longest run of capitals and digits as a segment of its own, which the encoder
/// itself does not find between other characters; `None` when there is no such run or nothing is won.
fn in_capitals(text: &str, whole: &QrCode) -> Option<QrCode> {
    let is_compact = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" $%*+-./:".contains(byte);
    let runs = text.as_bytes().chunk_by(|left, right| is_compact(left) == is_compact(right));
    let longest = runs.filter(|run| run.first().is_some_and(is_compact)).max_by_key(|run| run.len())?;
    let (before, after) = text.split_once(std::str::from_utf8(longest).ok()?)?;
    let Version::Normal(version) = whole.version() else { return None };
    let smaller = 1..version;
    let encoded = |version| segments(Version::Normal(version), before.as_bytes(), longest, after.as_bytes());
    let bits = smaller.filter(|_| longest.len() >= RUN_WORTH).find_map(|version| encoded(version).ok())?;
    QrCode::with_bits(bits, LEVEL).ok()
}

/// Bytes, capitals, bytes in a code of that size.
fn segments(version: Version, before: &[u8], capitals: &[u8], after: &[u8]) -> QrResult<Bits> {
    let mut bits = Bits::new(version);
    if !before.is_empty() {
        bits.push_byte_data(before)?;
    }
    bits.push_alphanumeric_data(capitals)?;
    if !after.is_empty() {
        bits.push_byte_data(after)?;
    }
    bits.push_terminator(LEVEL)?;
    Ok(bits)
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

    /// What a wallet's scanner reads: the path drawn again, module by module, and decoded by another's code.
    fn read(qr: &Qr) -> String {
        let mut dark = vec![vec![false; qr.size]; qr.size];
        for run in qr.path.split('z').filter(|run| !run.is_empty()) {
            let numbers: Vec<usize> =
                run.split(['M', ' ', 'h', 'v', '-']).filter_map(|part| part.parse().ok()).collect();
            let [x, y, length, 1, back] = numbers[..] else { panic!("{run}") };
            assert_eq!(length, back, "{run}");
            dark[y].iter_mut().skip(x).take(length).for_each(|module| *module = true);
        }
        let inner = qr.size.strict_sub(QUIET.strict_mul(2));
        let without_quiet: Vec<&[bool]> = dark.iter().skip(QUIET).take(inner).map(|row| &row[QUIET..]).collect();
        let grid = rqrr::SimpleGrid::from_func(inner, |x, y| without_quiet[y][x]);
        rqrr::Grid::new(grid).decode().expect("a code").1
    }

    #[test]
    fn a_scanner_reads_the_very_text_whatever_its_length() {
        let segwit = "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ";
        let taproot = "BC1P5CYXNUXMEUWUVKWFEM96LQZSZD02N6XDCJRS20CAC6YQJJWUDPXQKEDRCR";
        for text in [
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
            "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
            "dogecoin:DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC?amount=123456789.12345678",
        ] {
            assert_eq!(read(&Qr::of(text).unwrap()), text);
        }
        for address in [segwit, taproot] {
            for length in (1..=20).step_by(3) {
                let text = format!("bitcoin:{address}?amount=0.{}", "12345678901234567890".split_at(length).0);
                assert_eq!(read(&Qr::of(&text).unwrap()), text);
            }
        }
        // Beyond version 9 the counts of characters are longer.
        for length in (100..300).step_by(33) {
            let text = format!("a:{}?b", "A1".repeat(length));
            assert_eq!(read(&Qr::of(&text).unwrap()), text);
        }
    }

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
