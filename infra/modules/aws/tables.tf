# Tables, for streams with `output.table`: Delta below a root in S3, or a schema of Databricks.

locals {
  table_names = module.sources.tables
  has_tables  = var.tables != null
  has_schema  = try(var.databricks.schema, null) != null

  # The parts of a Databricks table lie in the bronze folder itself: COPY INTO reads them from there.
  tables_bucket = local.has_tables ? coalesce(var.tables.bucket, var.bucket.name) : var.bucket.name
  tables_folder = local.has_tables ? (var.tables.prefix == "" ? "" : "${var.tables.prefix}/") : local.folder
  tables_arn    = "arn:${local.partition}:s3:::${local.tables_bucket}"
  tables_root   = join("/", compact(["s3://${local.tables_bucket}", try(var.tables.prefix, "")]))

  # Below the prefix, however many tables there are. Without one, each table has a folder that others may stand beside.
  table_names_there = local.tables_folder == "" ? sort(local.table_names) : length(local.table_names) == 0 ? [] : ["*"]
  table_folders     = local.has_tables || local.has_schema ? [for table in local.table_names_there : "${local.tables_folder}${table}${table == "*" ? "" : "/*"}"] : []
  table_logs        = local.has_tables ? [for table in local.table_names_there : "${local.tables_folder}${table}/_delta_log/*"] : []

  creates_tables_bucket = local.has_tables ? var.tables.bucket != null && var.tables.create : false

  table_variables = merge(
    local.has_tables ? { BRONZEGATE_TABLES = local.tables_root } : {},
    local.has_schema ? { BRONZEGATE_TABLES = "databricks:${var.databricks.schema}", DATABRICKS_WAREHOUSE_ID = var.databricks.warehouse_id } : {},
    try(var.databricks.files, null) == null ? {} : { BRONZEGATE_DATABRICKS_FILES = var.databricks.files },
    var.databricks == null ? {} : {
      DATABRICKS_HOST              = var.databricks.host
      DATABRICKS_CLIENT_ID         = var.databricks.client_id
      BRONZEGATE_DATABRICKS_SECRET = local.databricks_secret
    },
  )

  databricks_secret = var.databricks == null ? null : "${var.secret_prefix}${var.databricks.secret}"
}

data "aws_iam_policy_document" "tables" {
  dynamic "statement" {
    for_each = length(local.table_folders) == 0 ? [] : [1]

    content {
      sid       = "WriteTables"
      actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
      resources = [for folder in local.table_folders : "${local.tables_arn}/${folder}"]
    }
  }
  # Entries of a Delta log expire by the rules of its format; nothing else is ever removed.
  dynamic "statement" {
    for_each = length(local.table_logs) == 0 ? [] : [1]

    content {
      sid       = "ExpireTableLogs"
      actions   = ["s3:DeleteObject"]
      resources = [for folder in local.table_logs : "${local.tables_arn}/${folder}"]
    }
  }
  # The log of a table alone: parts are found by its entries. IfExists: see the statement `List` of the store.
  dynamic "statement" {
    for_each = length(local.table_logs) == 0 ? [] : [1]

    content {
      sid       = "ListTableLogs"
      actions   = ["s3:ListBucket"]
      resources = [local.tables_arn]

      condition {
        test     = "StringLikeIfExists"
        variable = "s3:prefix"
        values   = local.table_logs
      }
    }
  }
}

# A bucket of the tables' own. In the bronze bucket they are under its rules.
resource "aws_s3_bucket" "tables" {
  #checkov:skip=CKV_AWS_144: replication to another region is the owner's choice; the data can be ingested again
  #checkov:skip=CKV_AWS_18: access logs need a bucket of the account's own; CloudTrail data events serve as well
  #checkov:skip=CKV_AWS_21: a Delta table keeps its own versions, and VACUUM is to free what it removes
  #checkov:skip=CKV2_AWS_62: nothing consumes notifications of this bucket
  #checkov:skip=CKV_AWS_145: SSE-KMS where kms_key_arn is given
  count = local.creates_tables_bucket ? 1 : 0

  bucket        = var.tables.bucket
  force_destroy = var.bucket.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_server_side_encryption_configuration" "tables" {
  count = local.creates_tables_bucket ? 1 : 0

  bucket = aws_s3_bucket.tables[0].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "tables" {
  count = local.creates_tables_bucket ? 1 : 0

  bucket                  = aws_s3_bucket.tables[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "tables" {
  count = local.creates_tables_bucket ? 1 : 0

  bucket = aws_s3_bucket.tables[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

data "aws_iam_policy_document" "tables_bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.tables_arn, "${local.tables_arn}/*"]

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

resource "aws_s3_bucket_policy" "tables" {
  count = local.creates_tables_bucket ? 1 : 0

  bucket = aws_s3_bucket.tables[0].id
  policy = data.aws_iam_policy_document.tables_bucket.json

  depends_on = [aws_s3_bucket_public_access_block.tables]
}

# What a killed run staged and never committed is an upload that nobody completes.
resource "aws_s3_bucket_lifecycle_configuration" "tables" {
  count = local.creates_tables_bucket ? 1 : 0

  bucket = aws_s3_bucket.tables[0].id

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.bucket.abort_incomplete_upload
    }
  }
}

check "every_table_has_a_place" {
  assert {
    condition     = length(local.table_names) == 0 || local.has_tables || local.has_schema
    error_message = "streams write tables (${join(", ", local.table_names)}), but neither tables nor databricks.schema is set: their runs will fail."
  }
}
