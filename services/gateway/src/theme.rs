//! A city's colours as a style sheet of their own, after the portal's. What a city names may be too pale to read by; the
//! sheet darkens or lightens it as far as contrast needs, so that no choice of colours makes a page inaccessible.
use crate::app::App;
use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write as _};

/// Contrast that running text needs (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// Text and paper of the dark scheme, as css/10-tokens.css has them.
const DARK_PAPER: Colour = Colour([0x14, 0x23, 0x2a]);
const INK: Colour = Colour([0x14, 0x24, 0x2b]);
const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([255, 255, 255]);

/// A colour, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour([u8; 3]);

impl TryFrom<String> for Colour {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no colour: write #rrggbb");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii()).ok_or_else(wrong)?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
        Ok(Self([part(0)?, part(2)?, part(4)?]))
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(out, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Colour {
    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast with another, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// `percent` of the other colour mixed in.
    fn mixed(self, other: Self, percent: u16) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (100 - percent) + u16::from(b) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(std::array::from_fn(|at| mix(self.0[at], other.0[at])))
    }

    /// The nearest colour towards `pole` that can be read on `ground`.
    fn readable_on(self, ground: Self, pole: Self, contrast: f64) -> Self {
        (0..=20).map(|step| self.mixed(pole, step * 5)).find(|colour| colour.contrast(ground) >= contrast).unwrap_or(pole)
    }

    /// The colour of text on this ground.
    fn text(self) -> Self {
        if self.contrast(INK) >= self.contrast(WHITE) { INK } else { WHITE }
    }
}

/// A city's colours, section `[city.colours]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Colours {
    /// Links, buttons, the head of the start page.
    pub primary: Colour,
    /// The foot of every page and the office's bar.
    pub primary_dark: Colour,
    /// The search button, the line through the stations, the mark of the current page.
    pub accent: Colour,
}

impl Default for Colours {
    fn default() -> Self {
        Self { primary: Colour([0x00, 0x52, 0x5e]), primary_dark: Colour([0x00, 0x38, 0x40]), accent: Colour([0xff, 0xc5, 0x3d]) }
    }
}

impl Colours {
    /// The style sheet.
    fn sheet(&self) -> String {
        let primary = self.primary.readable_on(WHITE, BLACK, READABLE);
        let deep = self.primary_dark.readable_on(WHITE, BLACK, 7.0);
        let link = self.primary.readable_on(DARK_PAPER, WHITE, 7.0);
        let light = [
            ("city-primary", primary),
            ("city-primary-deep", deep),
            ("city-primary-soft", primary.mixed(WHITE, 87)),
            ("city-on-primary", WHITE),
            ("city-accent", self.accent),
            ("city-on-accent", self.accent.text()),
        ];
        let dark = [
            ("city-primary-soft", primary.mixed(DARK_PAPER, 75)),
            ("bb-link", link),
            ("bb-link-hover", link.mixed(WHITE, 40)),
            ("bb-hero", deep.mixed(BLACK, 15)),
            ("bb-hero-deep", deep.mixed(BLACK, 40)),
        ];
        format!(":root{{{}}}@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n", properties(&light), properties(&dark))
    }
}

fn properties(values: &[(&str, Colour)]) -> String {
    values.iter().map(|(name, colour)| format!("--{name}:{colour};")).collect()
}

/// The style sheet and its address.
#[derive(Clone, Debug)]
pub(crate) struct Theme {
    sheet: String,
    href: String,
}

impl Theme {
    /// Of a city's colours.
    pub(crate) fn new(colours: &Colours) -> Self {
        let sheet = colours.sheet();
        let mut href = String::from("/city.css?v=");
        Sha256::digest(sheet.as_bytes()).iter().take(6).try_for_each(|byte| write!(href, "{byte:02x}")).unwrap_or_default();
        Self { sheet, href }
    }

    /// Where it is; changes with its content.
    pub(crate) fn href(&self) -> &str {
        &self.href
    }
}

/// Serves the style sheet.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/city.css", get(sheet))
}

async fn sheet(State(app): State<App>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")],
        app.theme.sheet.clone(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_colour_is_read_and_written() {
        assert_eq!(colour("#0b5a6F").to_string(), "#0b5a6f");
        for wrong in ["0b5a6f", "#0b5a6", "#0b5a6g", "red", "#ääääää", "#000000;}"] {
            assert!(Colour::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 0.01);
    }

    #[test]
    fn whatever_a_city_chooses_can_be_read() {
        for primary in ["#ffffff", "#ffff00", "#00525e", "#808080", "#ff0000", "#000000"] {
            for accent in ["#ffc53d", "#b4530a", "#000080", "#777777"] {
                let colours = Colours { primary: colour(primary), primary_dark: colour(primary), accent: colour(accent) };
                let sheet = colours.sheet();
                let value = |name: &str, nth: usize| {
                    let after = sheet.split(&format!("--{name}:")).nth(nth).unwrap_or_else(|| panic!("no {name} in {sheet}"));
                    colour(&after[..7])
                };
                assert!(value("city-primary", 1).contrast(WHITE) >= READABLE, "{primary}");
                assert!(value("city-primary-deep", 1).contrast(WHITE) >= 7.0, "{primary}");
                assert!(value("city-primary-soft", 1).contrast(INK) >= 7.0, "{primary}");
                assert!(value("city-accent", 1).contrast(value("city-on-accent", 1)) >= 4.0, "{accent}");
                assert!(value("bb-link", 1).contrast(DARK_PAPER) >= 7.0, "{primary}");
            }
        }
    }
}
