//! Whole objects: read, put, listed.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bronzegate_core::bronze::{ByteRange, Created, LARGEST_READ, RangeRead, StoreError};
use bytes::Bytes;

use super::failed::failed;
use super::retry::Attempts;
use super::uploads::{Uploads, bronze_checksum};
use crate::service_error::status;

impl Uploads {
    /// The object's content, or `None` when there is none.
    pub(super) async fn read(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        let key = self.target.key(path)?;
        let found = match self
            .client
            .get_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .send()
            .await
        {
            Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() => return Ok(None),
            found => found.map_err(|error| failed("read", path, "s3:GetObject or s3:ListBucket", &error))?,
        };
        if found.content_length().is_some_and(|length| length.unsigned_abs() > LARGEST_READ) {
            return Err(StoreError::too_large(path));
        }
        let content = found.body.collect().await.map_err(|error| StoreError::io("read", path, error))?;
        Ok(Some(content.into_bytes()))
    }

    /// Creates the object unless one is there.
    ///
    /// S3 itself decides between rivals. A 412 to the first attempt is therefore the rival's; a 412 to a
    /// later one may be to an object that an earlier attempt of this call created, whose answer was lost.
    /// Then the content tells whose it is. Two rivals that put the same bytes, of which one lost an
    /// answer, could both be told `Yes`: a commit record cannot be one of those, since it names the ids
    /// of its own uploads; one without uploads says the same whoever put it.
    pub(super) async fn create(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        let attempts = Attempts::default();
        let put = self.put_request(path, content.clone())?.if_none_match("*");
        match put.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(Created::Yes),
            Err(error) if status(&error) == Some(412) => {
                let own = attempts.repeated() && self.read(path).await?.is_some_and(|found| found == content);
                Ok(if own { Created::Yes } else { Created::No })
            }
            Err(error) => Err(failed("write", path, "s3:PutObject", &error)),
        }
    }

    /// Creates or replaces the object.
    pub(super) async fn replace(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        let put = self.put_request(path, content)?.send().await;
        put.map(drop).map_err(|error| failed("write", path, "s3:PutObject", &error))
    }

    fn put_request(&self, path: &str, content: Bytes) -> Result<PutObjectFluentBuilder, StoreError> {
        Ok(self
            .client
            .put_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(self.target.key(path)?)
            .checksum_crc64_nvme(bronze_checksum(&content))
            .set_server_side_encryption(self.settings.encryption())
            .set_ssekms_key_id(self.settings.kms_key.clone())
            .set_bucket_key_enabled(self.settings.bucket_key())
            .body(ByteStream::from(content)))
    }

    /// A part of the object and the size of the whole, or `None` when there is none.
    pub(super) async fn read_range(
        &self,
        path: &str,
        range: ByteRange,
    ) -> Result<Option<RangeRead>, StoreError> {
        // HTTP cannot ask for no bytes.
        let Some(header) = header(range) else { return self.nothing_of(path).await };
        let key = self.target.key(path)?;
        let get = self
            .client
            .get_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .range(header);
        let found = match get.send().await {
            Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() => return Ok(None),
            // The object ends before the range begins.
            Err(error) if status(&error) == Some(416) => return self.nothing_of(path).await,
            found => found.map_err(|error| failed("read", path, "s3:GetObject or s3:ListBucket", &error))?,
        };
        let size: Option<u64> = found.content_range().and_then(|told| told.rsplit_once('/')?.1.parse().ok());
        let content =
            found.body.collect().await.map_err(|error| StoreError::io("read", path, error))?.into_bytes();
        // Only an empty object may be answered without a range.
        let size = size.or_else(|| content.is_empty().then_some(0));
        let size = size.ok_or_else(|| StoreError::io("read", path, "S3 does not tell the object's size"))?;
        Ok(Some(RangeRead { content, size }))
    }

    /// None of the object's bytes, and its size.
    async fn nothing_of(&self, path: &str) -> Result<Option<RangeRead>, StoreError> {
        let key = self.target.key(path)?;
        match self
            .client
            .head_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .send()
            .await
        {
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Ok(None),
            found => {
                let found =
                    found.map_err(|error| failed("read", path, "s3:GetObject or s3:ListBucket", &error))?;
                let size = found.content_length.unwrap_or_default().unsigned_abs();
                Ok(Some(RangeRead { content: Bytes::new(), size }))
            }
        }
    }

    /// Removes the object; S3 answers the same where there is none.
    pub(super) async fn remove(&self, path: &str) -> Result<(), StoreError> {
        let key = self.target.key(path)?;
        let removed = self
            .client
            .delete_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .send()
            .await;
        removed.map(drop).map_err(|error| failed("remove", path, "s3:DeleteObject", &error))
    }

    /// The paths of all objects below a folder, sorted.
    pub(super) async fn paths(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.keys(folder, self.target.keys_below(folder), None).await
    }

    /// The paths that begin with `prefix` and come after `after`, sorted.
    pub(super) async fn paths_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        let after = Some(after).filter(|after| !after.is_empty());
        let after = after.map(|after| self.target.beginning(after));
        self.keys(prefix, self.target.beginning(prefix), after).await
    }

    /// The paths of the keys with a prefix, from after `after` on; `told` is what an error names.
    async fn keys(
        &self,
        told: &str,
        prefix: String,
        after: Option<String>,
    ) -> Result<Vec<String>, StoreError> {
        let mut paths = Vec::new();
        let request = self
            .client
            .list_objects_v2()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner());
        let mut pages = request.prefix(prefix).set_start_after(after).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("list", told, "s3:ListBucket", &error))?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            paths.extend(keys.filter_map(|key| self.target.path(key)));
        }
        paths.sort_unstable();
        Ok(paths)
    }
}

/// The range as HTTP writes it; `None` for one of no bytes.
fn header(range: ByteRange) -> Option<String> {
    match range {
        ByteRange::From { length: 0, .. } | ByteRange::Last(0) => None,
        ByteRange::From { offset, length } => {
            Some(format!("bytes={offset}-{}", offset.saturating_add(length - 1)))
        }
        ByteRange::Last(length) => Some(format!("bytes=-{length}")),
    }
}
