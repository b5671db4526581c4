//! A form with a file (`multipart/form-data`): the fields first, then the file as a stream.
use crate::{app::App, caller::Caller, portal::form::check_csrf, problem::Problem, rest::upload::Upload};
use axum::{
    extract::{FromRequest, FromRequestParts as _, Request},
    http::{StatusCode, header},
};
use futures::StreamExt as _;
use std::collections::BTreeMap;

const LARGEST_FIELD: usize = 16 * 1024;

/// A submitted form with a file; its token has been checked. In the form, the file comes after all other fields.
pub(crate) struct SubmittedFile {
    /// The fields before the file; empty ones are left out.
    pub(crate) fields: BTreeMap<String, String>,
    /// The file's name as the sender calls it; empty if none was chosen.
    pub(crate) file_name: String,
    /// The file.
    pub(crate) file: Upload,
}

impl SubmittedFile {
    /// A field, empty if absent.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<App> for SubmittedFile {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let declared = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(declared).map_err(|_| {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", "this address takes a form with a file")
        })?;
        let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
        let mut fields = BTreeMap::new();
        loop {
            let Some(mut field) = form.next_field().await.map_err(|_| malformed())? else {
                check_csrf(&caller, fields.get("csrf").map_or("", String::as_str))?;
                return Ok(Self { fields, file_name: String::new(), file: Upload::new(app, None, futures::stream::empty().boxed()) });
            };
            if let Some(file_name) = field.file_name().map(str::to_owned) {
                check_csrf(&caller, fields.get("csrf").map_or("", String::as_str))?;
                let chunks = field.map(|chunk| chunk.map_err(|_| malformed()));
                return Ok(Self { fields, file_name, file: Upload::new(app, None, chunks.boxed()) });
            }
            let name = field.name().unwrap_or_default().to_owned();
            let mut value = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|_| malformed())? {
                value.extend_from_slice(&chunk);
                if value.len() > LARGEST_FIELD {
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "a field is larger than allowed"));
                }
            }
            let value = String::from_utf8(value).map_err(|_| malformed())?;
            if !value.trim().is_empty() && fields.len() < 64 {
                fields.insert(name, value.trim().to_owned());
            }
        }
    }
}

fn malformed() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "form_malformed", "the form cannot be read, or ended too early")
}
