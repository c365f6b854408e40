# What the function may do, and nothing else.

locals {
  data_folders = [for source in local.sources : "${local.folder}${source}/*"]
  log_folder   = "${local.folder}_bronzegate/*"
  own_folders  = concat(local.data_folders, [local.log_folder])
  read_secrets = concat(values(local.secret_arns), aws_secretsmanager_secret.databricks[*].arn)
}

data "aws_iam_policy_document" "function_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "store" {
  statement {
    sid       = "Write"
    actions   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = [for folder in local.own_folders : "${local.bucket_arn}/${folder}"]
  }
  # The log is read. Of a part only the head is, to see that it is the one to publish: S3 has no permission for that
  # but GetObject.
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for folder in local.own_folders : "${local.bucket_arn}/${folder}"]
  }
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.bucket_arn]

    # IfExists: to who may list, S3 answers a GET or HEAD of a missing key with 404, to others with 403; that check
    # carries no s3:prefix. A run must tell "not there" from "denied".
    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = local.own_folders
    }
  }
}

data "aws_iam_policy_document" "function" {
  source_policy_documents = [data.aws_iam_policy_document.store.json, data.aws_iam_policy_document.tables.json]

  dynamic "statement" {
    for_each = length(local.read_secrets) == 0 ? [] : [1]

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = local.read_secrets
    }
  }
  dynamic "statement" {
    for_each = length(local.rotating_secrets) == 0 ? [] : [1]

    content {
      sid       = "RotateSecrets"
      actions   = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
      resources = [for name in local.rotating_secrets : local.secret_arns[name]]
    }
  }
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }
  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }
  dynamic "statement" {
    for_each = var.function.tracing ? [1] : []

    # X-Ray's writes name no resource: AWS takes only `*`.
    content {
      sid       = "Trace"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = "${var.name}-function"
  assume_role_policy = data.aws_iam_policy_document.function_assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "function" {
  name   = "run"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}
