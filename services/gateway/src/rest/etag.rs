//! `ETag` and `If-Match` on what is edited: who saves must have seen the present version.
use crate::problem::Problem;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use std::fmt::Display;

/// The `ETag` of a version, such as a counter.
pub(crate) fn of(version: impl Display) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The version in `If-Match`; `None` without the header or with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<String>);

impl IfMatch {
    /// The version, which must be given.
    pub(crate) fn required(self) -> Result<String, Problem> {
        self.0.ok_or_else(|| {
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match_missing", "send the ETag of the version you changed as If-Match")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        match value.to_str().unwrap_or_default().trim() {
            "*" => Ok(Self(None)),
            tag => match tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) {
                Some(version) if !version.is_empty() && !version.contains('"') => Ok(Self(Some(version.to_owned()))),
                _ => Err(Problem::new(StatusCode::BAD_REQUEST, "if_match_invalid", "If-Match must be one ETag in quotes")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(value: Option<&str>) -> Result<IfMatch, Problem> {
        let mut request = http::Request::builder();
        if let Some(value) = value {
            request = request.header(header::IF_MATCH, value);
        }
        IfMatch::from_request_parts(&mut request.body(()).unwrap().into_parts().0, &()).await
    }

    #[tokio::test]
    async fn a_version_is_read_as_it_was_written() {
        assert_eq!(of(7), "\"7\"");
        assert_eq!(read(Some("\"7\"")).await.unwrap().required().unwrap(), "7");
        assert_eq!(read(None).await.unwrap().required().unwrap_err().status, 428);
        assert_eq!(read(Some("7")).await.unwrap_err().status, 400);
    }
}
