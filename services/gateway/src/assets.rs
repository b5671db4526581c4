//! Style sheets, fonts and scripts, embedded in the binary. A name with its content's hash may be kept for ever.
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{app::App, problem::Problem};

struct Asset {
    name: &'static str,
    hashed: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Serves the embedded files.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/assets/{*name}", get(serve))
}

/// The address of an asset, with its hash; without such an asset the plain name, which answers 404.
pub(crate) fn href(name: &str) -> String {
    let file = FILES.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.hashed);
    format!("/assets/{file}")
}

/// An embedded file with its content type, by its name with or without hash; for the demo issuer, which looks like the
/// portal.
pub fn embedded(name: &str) -> Option<(&'static str, &'static [u8])> {
    FILES.iter().find(|asset| asset.hashed == name || asset.name == name).map(|asset| (content_type(asset.name), asset.plain))
}

async fn serve(State(_app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = FILES.iter().find(|asset| asset.hashed == name || asset.name == name) else {
        return Problem::not_found().into_response();
    };
    let caching =
        if asset.hashed == name && asset.hashed != asset.name { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    let tag = format!("\"{}\"", asset.hashed);
    let mut response = if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (encoding, bytes) = match asset {
            Asset { br: Some(br), .. } if accepts(accepted, "br") => (Some("br"), *br),
            Asset { gz: Some(gz), .. } if accepts(accepted, "gzip") => (Some("gzip"), *gz),
            _ => (None, asset.plain),
        };
        let mut response = bytes.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(asset.name)));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = tag.parse() {
        answer.insert(header::ETAG, tag);
    }
    response
}

fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|given| {
        let (name, weight) = given.split_once(';').unwrap_or((given, "q=1"));
        name.trim() == encoding && !weight.trim().trim_start_matches("q=").trim_matches(['0', '.']).is_empty()
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_with_weight_zero_is_not_accepted() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.5", "gzip"));
        assert!(!accepts("gzip;q=0", "gzip"));
        assert!(!accepts("gzip;q=0.0", "gzip"));
        assert!(!accepts("deflate", "br"));
    }
}
