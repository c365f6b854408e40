# What the function may do, and nothing else.

locals {
  # A policy has 10,240 characters, which some thirty sources would fill. So it names the prefix, and sources singly only
  # where there is none: others may use the same bucket.
  own_folders = local.folder != "" ? ["${local.folder}*"] : concat([for source in local.sources : "${source}/*"], ["_bronzegate/*"])
}

locals {
  # Roles and log groups: the module's own, or given ones.
  roles = {
    function  = var.roles.existing.function == null ? aws_iam_role.function[0].arn : var.roles.existing.function
    workflow  = var.roles.existing.workflow == null ? aws_iam_role.workflow[0].arn : var.roles.existing.workflow
    scheduler = var.roles.existing.scheduler == null ? aws_iam_role.scheduler[0].arn : var.roles.existing.scheduler
  }
  log_groups = {
    for kind, given in { function = var.logs.function_group, workflow = var.logs.workflow_group } : kind => {
      name                        = given != null ? given : kind == "function" ? aws_cloudwatch_log_group.function[0].name : aws_cloudwatch_log_group.workflow[0].name
      arn                         = given != null ? "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${given}" : kind == "function" ? aws_cloudwatch_log_group.function[0].arn : aws_cloudwatch_log_group.workflow[0].arn
    }
  }
}

locals {
  sources_place  = var.sources_folder == null ? null : regex("^s3://([^/]+)/?(.*?)/?$", var.sources_folder)
  sources_bucket = local.sources_place == null ? null : "arn:${local.partition}:s3:::${local.sources_place[0]}"
  sources_prefix = local.sources_place == null ? null : local.sources_place[1] == "" ? "" : "${local.sources_place[1]}/"
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
    for_each = length(local.secret_ids) == 0 ? [] : [1]

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = local.read_secrets
    }
  }
  dynamic "statement" {
    for_each = length(local.written_secrets) == 0 ? [] : [1]

    content {
      sid       = "RotateSecrets"
      actions   = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
      resources = local.written_secrets
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
    resources = ["${local.log_groups.function.arn}:*"]
  }
  dynamic "statement" {
    for_each = local.sources_place == null ? [] : [1]

    content {
      sid       = "ReadSources"
      actions   = ["s3:GetObject"]
      resources = ["${local.sources_bucket}/${local.sources_prefix}*"]
    }
  }
  dynamic "statement" {
    for_each = local.sources_place == null ? [] : [1]

    content {
      sid       = "ListSources"
      actions   = ["s3:ListBucket"]
      resources = [local.sources_bucket]

      # IfExists: see the statement `List` of the store.
      condition {
        test     = "StringLikeIfExists"
        variable = "s3:prefix"
        values   = ["${local.sources_prefix}*"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.network == null ? [] : [1]

    # Lambda's own calls for its interfaces name no resource: AWS takes only `*`.
    content {
      sid       = "Interfaces"
      actions   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
      resources = ["*"]
    }
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
  count = var.roles.existing.function == null ? 1 : 0

  name                 = "${var.name}-function"
  path                 = var.roles.path
  permissions_boundary = var.roles.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.function_assume.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "function" {
  count = var.roles.existing.function == null ? 1 : 0

  name   = "run"
  role   = aws_iam_role.function[0].id
  policy = data.aws_iam_policy_document.function.json

  lifecycle {
    precondition {
      condition     = length(replace(data.aws_iam_policy_document.function.json, "/\\s/", "")) <= 10240
      error_message = "the function's policy has more than IAM's 10,240 characters: set bucket.prefix, tables.prefix and secret_prefix, so that it names prefixes and not each source."
    }
  }
}

resource "aws_iam_role_policy_attachment" "function" {
  for_each = var.roles.function_policies

  role       = aws_iam_role.function[0].name
  policy_arn = each.value
}
