locals {
  bucket_arn = "arn:${local.partition}:s3:::${var.bucket.name}"
  folder     = var.bucket.prefix == "" ? "" : "${var.bucket.prefix}/"

  # Whom a bucket must belong to, so that nothing is written into one of the same name that somebody else owns.
  bucket_owners = { for bucket, owner in merge(
    { (var.bucket.name) = try(coalesce(var.bucket.owner, var.bucket.create ? local.account : null), null) },
    try(var.tables.bucket, null) == null ? {} : { (var.tables.bucket) = try(coalesce(var.tables.owner, var.tables.create ? local.account : null), null) },
  ) : bucket => owner if owner != null }
}

# The store's permissions for the function's role, as the bucket's own policy says them.
data "aws_iam_policy_document" "bucket_grant" {
  dynamic "statement" {
    for_each = {
      Objects = { actions = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], resources = [for folder in local.own_folders : "${local.bucket_arn}/${folder}"] }
      Bucket  = { actions = ["s3:ListBucket", "s3:ListBucketMultipartUploads"], resources = [local.bucket_arn] }
    }

    content {
      sid       = "Bronzegate${statement.key}"
      actions   = statement.value.actions
      resources = statement.value.resources

      principals {
        type        = "AWS"
        identifiers = [local.roles.function]
      }
    }
  }
}

resource "aws_s3_bucket" "bronze" {
  #checkov:skip=CKV_AWS_144: replication to another region is the owner's choice; the data can be ingested again
  #checkov:skip=CKV_AWS_18: access logs need a bucket of the account's own; CloudTrail data events serve as well
  #checkov:skip=CKV2_AWS_62: nothing consumes notifications of this bucket
  #checkov:skip=CKV_AWS_145: SSE-KMS where kms_key_arn is given
  count = var.bucket.create ? 1 : 0

  bucket        = var.bucket.name
  force_destroy = var.bucket.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_versioning" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket = aws_s3_bucket.bronze[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket = aws_s3_bucket.bronze[0].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket                  = aws_s3_bucket.bronze[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket = aws_s3_bucket.bronze[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arn, "${local.bucket_arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket = aws_s3_bucket.bronze[0].id
  policy = data.aws_iam_policy_document.bucket.json

  # Two changes of one bucket's access at once are refused.
  depends_on = [aws_s3_bucket_public_access_block.bronze]
}

# What a killed run staged and never committed is an upload that nobody completes.
resource "aws_s3_bucket_lifecycle_configuration" "bronze" {
  count = var.bucket.create ? 1 : 0

  bucket = aws_s3_bucket.bronze[0].id

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.bucket.abort_incomplete_upload
    }
  }

  # The log's hints and notes are written over by every run.
  dynamic "rule" {
    for_each = var.bucket.log_noncurrent_expiry_days == null ? [] : [var.bucket.log_noncurrent_expiry_days]

    content {
      id     = "expire-noncurrent-versions-of-the-log"
      status = "Enabled"

      filter {
        prefix = "${local.folder}_bronzegate/"
      }
      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.bucket.noncurrent_expiry_days == null ? [] : [var.bucket.noncurrent_expiry_days]

    content {
      id     = "expire-noncurrent-versions"
      status = "Enabled"

      filter {}
      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.bronze]
}
