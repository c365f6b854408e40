//! How objects are written, and whose bucket it is.

use aws_sdk_s3::types::ServerSideEncryption;

/// How objects are written, and whose bucket it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The id or ARN of the KMS key that encrypts every object; the bucket's default without it.
    pub kms_key: Option<String>,
    /// The account that must own the bucket: S3 refuses every call with 403 where another does.
    pub owner: Option<String>,
}

/// The account that must own a bucket by a list such as `lake=123456789012,gold=210987654321`; `None` where the list
/// does not name the bucket.
///
/// # Errors
/// The entry that is malformed.
pub(crate) fn owner_of(list: &str, bucket: &str) -> Result<Option<String>, String> {
    let mut owner = None;
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match entry.split_once('=') {
            Some((name, account)) if account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit()) => {
                if name == bucket {
                    owner = Some(account.to_owned());
                }
            }
            _ => return Err(format!("`{entry}` is not <bucket>=<account of 12 digits>")),
        }
    }
    Ok(owner)
}

impl S3Settings {
    pub(super) fn encryption(&self) -> Option<ServerSideEncryption> {
        self.kms_key.is_some().then_some(ServerSideEncryption::AwsKms)
    }

    /// One call to KMS for many objects instead of one for each.
    pub(super) fn bucket_key(&self) -> Option<bool> {
        self.kms_key.is_some().then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_has_the_owner_that_the_list_names() {
        let list = "lake=123456789012, gold=210987654321,";
        assert_eq!(owner_of(list, "gold"), Ok(Some("210987654321".to_owned())));
        assert_eq!((owner_of(list, "other"), owner_of("", "lake")), (Ok(None), Ok(None)));
        for wrong in ["lake", "123456789012", "lake=12345", "lake=12345678901x"] {
            assert!(
                owner_of(wrong, "lake").unwrap_err().starts_with(&format!("`{wrong}` is not ")),
                "{wrong}"
            );
        }
    }
}
