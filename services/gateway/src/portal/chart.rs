//! Charts drawn on the server, in the colour of the text around them. Each stands beside a table that says the same.
use std::fmt::Write as _;

/// A bar.
pub(crate) struct Bar {
    /// What it stands for.
    pub(crate) label: String,
    /// How long it is.
    pub(crate) value: f64,
    /// The value as it is read.
    pub(crate) text: String,
    /// It is what the chart is about; the others are there to compare.
    pub(crate) subject: bool,
}

const WIDTH: f64 = 720.0;
const ROW: f64 = 56.0;
const VALUE: f64 = 90.0;

/// Horizontal bars from zero as an SVG whose name is the element `labelled_by`.
pub(crate) fn bars(bars: &[Bar], labelled_by: &str) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut rows = String::new();
    let mut top = 0.0;
    for bar in bars {
        let length = (WIDTH - VALUE) * (bar.value.max(0.0) / most);
        let (weight, opacity) = if bar.subject { (600, "1") } else { (400, "0.45") };
        let (text, baseline, middle) = (top + 16.0, top + 24.0, top + 41.0);
        write!(
            rows,
            "<text x=\"0\" y=\"{text}\" font-size=\"16\" font-weight=\"{weight}\">{label}</text>\
             <rect x=\"0\" y=\"{baseline}\" width=\"{length:.1}\" height=\"22\" rx=\"3\" fill-opacity=\"{opacity}\"/>\
             <text x=\"{beside:.1}\" y=\"{middle}\" font-size=\"17\" font-weight=\"{weight}\">{value}</text>",
            label = escaped(&bar.label),
            beside = length + 8.0,
            value = escaped(&bar.text),
        )
        .ok();
        top += ROW;
    }
    format!(
        "<svg role=\"img\" aria-labelledby=\"{labelled_by}\" viewBox=\"0 0 {WIDTH} {top}\" fill=\"currentColor\" \
         xmlns=\"http://www.w3.org/2000/svg\">{rows}</svg>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values_and_text_stays_text() {
        let bar = |label: &str, value: f64| Bar { label: label.into(), value, text: format!("{value} %"), subject: true };
        let svg = bars(&[bar("<b>Stadt</b>", 10.0), bar("Land", 5.0), bar("leer", 0.0)], "c1");
        assert!(svg.contains("width=\"630.0\"") && svg.contains("width=\"315.0\"") && svg.contains("width=\"0.0\""), "{svg}");
        assert!(svg.contains("&lt;b&gt;Stadt") && !svg.contains("<b>"));
        assert!(svg.contains("aria-labelledby=\"c1\""));
    }

    #[test]
    fn nothing_is_drawn_without_bars() {
        assert!(bars(&[], "c1").contains("viewBox=\"0 0 720 0\""));
    }
}
