//! The body of a request that is being put together: JSON, the fields of a form, or a text.

use super::request_body::RequestBody;
use crate::config::{Pointer, RenderedBody};
use crate::error::{Error, ErrorKind};
use crate::extract::paging::Carried;
use crate::http::{ContentKind, RequestContent};

/// What a request carries.
#[derive(Debug)]
pub(super) enum Payload {
    Json(RequestBody),
    Form(Vec<(String, String)>),
    Text(String),
}

impl From<RenderedBody> for Payload {
    fn from(rendered: RenderedBody) -> Self {
        match rendered {
            RenderedBody::Json(value) => Self::Json(value.into()),
            RenderedBody::Form(fields) => Self::Form(fields),
            RenderedBody::Text(text) => Self::Text(text),
        }
    }
}

impl Payload {
    /// JSON without members.
    pub(super) fn empty() -> Self {
        Self::Json(RequestBody::empty())
    }

    /// Sets a member or a field.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it has no such place.
    pub(super) fn set(&mut self, pointer: &Pointer, value: &Carried) -> Result<(), Error> {
        match self {
            Self::Json(body) => body.set(pointer, value),
            Self::Form(fields) => {
                let name = pointer.to_string();
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value.text.clone()));
                Ok(())
            }
            Self::Text(_) => Err(Error::new(ErrorKind::Config, format!("a text has no member `{pointer}`"))),
        }
    }

    /// What is sent, but for secrets.
    pub(super) fn finish(self) -> RequestContent {
        let (kind, bytes) = match self {
            Self::Json(body) => (ContentKind::Json, body.to_json().into()),
            Self::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                (ContentKind::Form, form.extend_pairs(fields).finish().into())
            }
            Self::Text(text) => (ContentKind::Text, text.into()),
        };
        RequestContent { kind, bytes }
    }
}
