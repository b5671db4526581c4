//! JSON in and out; what cannot be read is refused with a pointer to the field.
use crate::problem::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

/// A JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type_unsupported",
                "send JSON with Content-Type: application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than allowed")
            }
            _ => Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", "the body ended too early"),
        })?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Whether the body is declared as JSON.
pub(crate) fn is_json(request: &Request) -> bool {
    let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            Problem::invalid("body_invalid", "the body is not what is expected here").field(pointer, without_position(&inner))
        } else {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "json_malformed",
                format!("this is not JSON: line {}, column {}", inner.line(), inner.column()),
            )
        }
    })?;
    deserializer.end().map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "json_malformed", format!("something follows the JSON value: line {}", error.line()))
    })?;
    Ok(value)
}

/// Serde quotes values ("invalid type: string \"…\""); only what was expected is repeated, for a value may be personal.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text.split_once("expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if text.starts_with("missing field") || text.starts_with("unknown field") || text.starts_with("duplicate field") => {
            text.to_owned()
        }
        None => "cannot be used".to_owned(),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer = format!("{pointer}/{index}"),
            Segment::Map { key } => pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct New {
        title: String,
        places: Vec<Place>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Place {
        max: u32,
    }

    #[test]
    fn a_wrong_field_is_pointed_at_and_its_value_not_repeated() {
        let problem = parse::<New>(br#"{"title": "x", "places": [{"max": 1}, {"max": "Canary"}]}"#).unwrap_err();
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/places/1/max"));
        assert!(!format!("{problem:?}").contains("Canary"));
        let problem = parse::<New>(br#"{"title": "x"}"#).unwrap_err();
        assert_eq!(problem.errors[0].detail, "missing field `places`");
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        assert_eq!(parse::<New>(b"{").unwrap_err().status, 400);
        assert_eq!(parse::<Vec<u8>>(b"[] x").unwrap_err().status, 400);
    }
}
